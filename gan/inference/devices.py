"""Choose the device and the precision of a generator; estimate its memory."""

from typing import Literal, get_args

import torch
from torch import nn

from gan.config.choices import Device, Precision

LIVE_MAPS = 6
"""Number of feature maps that a network holds at once, in float32, of the input's size and with the
first convolution's channels. Measured: 3.5 to 4.9 (CPU, ResNet-9, 8 and 32 channels, 1024 and 2048
pixels)."""


def pick_precision(precision: Precision | Literal["auto"], device: torch.device) -> Precision:
    """Resolve a precision: auto is bf16 if the device computes in it, else fp32."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bf16" if fast else "fp32"


def pick_device(device: Device) -> torch.device:
    """Resolve a device: auto is CUDA, then MPS, then the CPU. ValueError if it is not available.

    A CUDA device gets the index of the current GPU: without one, a new thread would use GPU 0.
    """
    if device not in get_args(Device):
        raise ValueError(f"device {device}: must be one of {', '.join(get_args(Device))}")
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device in available and not available[device]:
        raise ValueError(f"device {device}: not available on this machine with this torch build")
    if device == "auto":
        device = "cuda" if available["cuda"] else "mps" if available["mps"] else "cpu"
    if device == "cuda":
        return torch.device(device, torch.cuda.current_device())
    return torch.device(device)


def memory_of(network: nn.Module, pixels: int) -> int:
    """Estimate the bytes that a generator needs for `pixels` pixels in one batch."""
    convolutions = (each for each in network.modules() if isinstance(each, nn.Conv2d))
    width = next((each.out_channels for each in convolutions), 1)
    return LIVE_MAPS * 4 * width * pixels
