"""Translate one picture given as a path, a PIL.Image, an array or a tensor."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan.config.choices import Range
from gan.images import Picture, to_channels
from gan.images.color import deep_grey, scaled
from gan.images.deep import Array, as_numbers, eight_bits, sixteen_bits
from gan.images.pixels import blend, from_array, from_image, to_array, to_image
from gan.inference.checks import check_size, require_finite

ROUNDING = 0.5 / 255
"""Tolerance outside [0, 1] for floats, half a gray level, as after resizing or color jitter."""


class Translates(Protocol):
    """The attributes and methods of Translator that this module uses."""

    channels: int
    device: torch.device
    source: Path | None
    range_in: Range | None
    range_out: Range | None

    def read(self, path: Path) -> Picture: ...
    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]: ...
    def run_at_size(self, unit: Tensor) -> Tensor: ...


def translate(translator: Translates, image: object) -> Image.Image | Array | Tensor:
    """Translate one picture to one of the same size and kind; TypeError for other kinds."""
    match image:
        case str() | Path():
            return _translate_file(translator, Path(image))
        case Image.Image():
            return _translate_image(translator, image)
        case np.ndarray():
            return translate_array(translator, image)
        case Tensor():
            return _translate_tensor(translator, image)
    raise TypeError(
        "translate takes a path, a PIL.Image, an array (H, W, C) or a tensor (C, H, W), not "
        f"{type(image).__name__}"
    )


def _translate_file(translator: Translates, path: Path) -> Image.Image:
    """Translate a file to a PIL.Image; ValueError names the file."""
    pixels = translator.read(path).pixels
    check_size(pixels.shape[1], pixels.shape[0], about=f"{path}: ")
    (translated,) = translator.translate_batch(from_array(pixels)[None])
    array = to_array(require_finite(translated))
    return to_image(from_array(array if array.dtype == np.uint8 else eight_bits(array)))


def _translate_image(translator: Translates, image: Image.Image) -> Image.Image:
    """Translate an image of any mode to an upright one of mode RGB or L."""
    image = ImageOps.exif_transpose(image)
    check_size(*image.size)
    if translator.range_in and image.mode.startswith(("I", "F")):
        image = Image.fromarray(eight_bits(deep_grey(image, translator.range_in)[:, :, 0]))
    pixels = from_image(to_channels(image, translator.channels))
    (translated,) = translator.translate_batch(pixels[None])
    return to_image(require_finite(translated))


def _translate_tensor(translator: Translates, image: Tensor) -> Tensor:
    """Translate a tensor (C, H, W) of uint8, or of floats in [0, 1]."""
    channels, least = translator.channels, -ROUNDING
    wanted = f"translate takes tensors ({channels}, H, W) of uint8, or of floats in [0, 1]"
    if image.ndim == 4:
        raise ValueError(f"{wanted}, not {tuple(image.shape)}: translate_batch takes batches")
    if image.ndim != 3 or image.shape[0] != channels:
        raise ValueError(f"{wanted}, not {tuple(image.shape)}")
    check_size(image.shape[2], image.shape[1])
    if image.dtype == torch.uint8:
        (translated,) = translator.translate_batch(image[None])
        return require_finite(translated).to(image.device)
    if not image.is_floating_point():
        raise ValueError(f"{wanted}, not {image.dtype}")
    low, high = (float(value) for value in image.aminmax())
    if not (low >= least and high <= 1 - least):
        raise ValueError(f"{wanted}, not {low:.4g} to {high:.4g}")
    with torch.inference_mode():
        unit = translator.run_at_size(image[None].to(translator.device, torch.float32) * 2 - 1)[0]
        require_finite(unit if bool(unit.isfinite().all()) else None)
        return ((unit.float() + 1) / 2).clamp(0, 1).to(image.device, image.dtype)


def translate_array(translator: Translates, pixels: Array, strength: float = 1) -> Array:
    """Translate an array (H, W, C) of uint8 or uint16 to one of the same type and size.

    strength: share of the translation in a blend with the source, from 0 to 1. If the generator has
    ranges, values are in these ranges, as in files; with an input range, any type is allowed.
    ValueError if the generator does not take the array, or if the array's type cannot represent the
    output's range.
    """
    takes, gives = translator.range_in, translator.range_out
    name = f"{translator.source}: " if translator.source else ""
    if not (takes or pixels.dtype in (np.uint8, np.uint16)):
        raise ValueError(
            f"translate takes arrays (H, W, C) of uint8 or uint16, not {pixels.dtype}: translate "
            "before the conversion to floats, or pass a tensor of floats"
        )
    if pixels.ndim != 3 or pixels.shape[2] != translator.channels:
        raise ValueError(
            f"{name}translates pictures of {translator.channels} channels, (H, W, "
            f"{translator.channels}), not {pixels.shape}"
        )
    check_size(pixels.shape[1], pixels.shape[0])
    if not (takes or gives):
        return _blended(translator, pixels, strength)
    whole = np.issubdtype(pixels.dtype, np.integer)
    least, most = (np.iinfo(pixels.dtype).min, np.iinfo(pixels.dtype).max) if whole else (0, 1)
    gives = gives or (0, most)
    if whole and not least <= gives[0] < gives[1] <= most:
        raise ValueError(
            f"{name}gives numbers from {gives[0]:g} to {gives[1]:g}, which {pixels.dtype} cannot "
            "represent: use another type"
        )
    source = sixteen_bits(scaled(pixels, takes or (0, most)))
    return as_numbers(_blended(translator, source, strength), gives, pixels.dtype)


def _blended(translator: Translates, pixels: Array, strength: float) -> Array:
    """Translate pixels (H, W, C) of 8 or 16 bits, and blend them with their translation."""
    (translated,) = translator.translate_batch(from_array(pixels)[None])
    return blend(pixels, to_array(require_finite(translated)), strength)
