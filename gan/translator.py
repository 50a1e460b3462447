"""A trained generator, ready for use: pictures in, pictures of the same size out."""

from pathlib import Path
from typing import Literal, Self

import torch
from PIL import Image, ImageOps
from torch import nn

from gan.images import to_channels
from gan.networks.files import load_generator
from gan.pixels import from_image, to_image, to_pixels, to_unit

Direction = Literal["ab", "ba"]
Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["fp32", "bf16", "fp16"]

MIN_SIDE = 16
"""Pixels; what the generators are defined from."""


class Translator:
    """One generator on one device."""

    def __init__(
        self, network: nn.Module, channels: int, device: torch.device, precision: Precision = "fp32"
    ) -> None:
        self.network = network.eval().requires_grad_(False).to(device)
        self.channels, self.device = channels, device
        self.dtype = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[precision]

    @classmethod
    def load(
        cls,
        path: str | Path,
        direction: Direction | None = None,
        device: Device = "auto",
        precision: Precision = "fp32",
    ) -> Self:
        """Open a run directory, or one of its gen_*.safetensors files.

        A run directory with both generators needs the direction, `ab` or `ba`; ValueError says so,
        and names what is missing, damaged or of the other direction.
        """
        file = find_generator(Path(path), direction)
        network, spec, about = load_generator(file)
        if direction not in (None, about.get("direction", direction)):
            raise ValueError(f"{file}: translates {about['direction']}, not {direction}")
        return cls(network, spec["in_channels"], pick_device(device), precision)

    @torch.inference_mode()
    def translate(self, image: Image.Image) -> Image.Image:
        """Translate a picture of any mode to one of its own size, upright, mode RGB or L.

        ValueError when a side is shorter than 16 pixels, or the output is not finite.
        """
        image = ImageOps.exif_transpose(image)
        if min(image.size) < MIN_SIDE:
            raise ValueError(
                f"{image.width}x{image.height} pixels: both sides must be at least {MIN_SIDE}"
            )
        pixels = from_image(to_channels(image, self.channels)).to(self.device)
        with torch.autocast(self.device.type, self.dtype, enabled=self.dtype is not None):
            unit = self.network(to_unit(pixels[None]))
        if unit.isnan().any():  # it would become black, and look like a translation
            raise ValueError(
                "the generator returns NaN for this image; if it is trained well, try fp32"
            )
        return to_image(to_pixels(unit[0]))


def find_generator(path: Path, direction: Direction | None) -> Path:
    """The generator's file that a path and a direction mean."""
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path}: no such run directory or generator file")
    found = sorted(path.glob("gen_??.safetensors"))
    if not found:
        raise ValueError(f"{path}: no gen_ab.safetensors or gen_ba.safetensors in this folder")
    if direction is None:
        if len(found) > 1:
            raise ValueError(f"{path}: holds both generators; say which with direction ab or ba")
        return found[0]
    file = path / f"gen_{direction}.safetensors"
    if not file.is_file():
        raise ValueError(f"{file}: no such generator; this run has {found[0].name}")
    return file


def pick_device(device: Device) -> torch.device:
    """The device of a name; auto takes CUDA, then MPS, then the CPU. ValueError without it."""
    available = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device == "auto":
        return torch.device(next((name for name, works in available.items() if works), "cpu"))
    if device in available and not available[device]:
        raise ValueError(f"device {device}: not available on this machine with this torch build")
    return torch.device(device)
