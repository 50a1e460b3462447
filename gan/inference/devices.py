"""Where a generator computes, and how precisely."""

from typing import Literal

import torch

from gan.config.choices import Device, Precision


def pick_precision(precision: Precision | Literal["auto"], device: torch.device) -> Precision:
    """Return the precision of a name; auto takes bf16 where the device has it, else fp32."""
    if precision != "auto":
        return precision
    if device.type == "cuda":
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    else:
        fast = device.type == "cpu" and torch.cpu._is_avx512_bf16_supported()
    return "bf16" if fast else "fp32"


def pick_device(device: Device) -> torch.device:
    """Return the device of a name; auto takes CUDA, then MPS, then the CPU. ValueError without it.

    A GPU has its number: without one it would be another in a thread, whose present GPU is 0.
    """
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
