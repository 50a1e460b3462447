"""Read the pictures of a stylization, and scale them to the sizes at which it is painted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gan.config.choices import MIN_SIDE, PreserveColor
from gan.images import read_image
from gan.images.pixels import from_image, to_image, to_pixels, to_unit
from gan.stylize.colors import luma, recolored, with_luma

COARSEST = 128
"""Smallest length of the longer side in pixels when size is halved."""
GREY = 3
"""Largest difference of red, green and blue in a gray picture, in gray levels: JPEG has some."""
ASPECT = 0.02
"""Largest relative difference of a mask's aspect ratio from the photograph's."""


@dataclass(frozen=True)
class Sources:
    """The pictures as they were read."""

    photo: Image.Image
    paintings: tuple[Image.Image, ...]
    masks: tuple[Image.Image, ...]

    @cached_property
    def grey(self) -> tuple[bool, bool]:
        """Whether the photograph is gray, and whether all paintings are."""
        return _is_grey(self.photo), all(map(_is_grey, self.paintings))

    def channels(self, preserve_color: PreserveColor) -> int:
        """Return the number of painted channels: 1 if only lightness is painted, else 3."""
        photo, paintings = self.grey
        without = photo and (paintings or preserve_color != "no")
        return 1 if preserve_color == "luma" or without else 3


def _is_grey(image: Image.Image) -> bool:
    """Return whether red, green and blue differ by at most GREY in every pixel."""
    pixels = np.asarray(image)
    return int((pixels.max(2) - pixels.min(2)).max()) <= GREY


@dataclass(frozen=True)
class Scene:
    """The pictures at one size, (1, C, H, W) in [-1, 1]."""

    photo: Tensor
    paintings: tuple[Tensor, ...]
    masks: Tensor | None
    """Masks of the R styles, (R, 1, H, W) in [0, 1]; None without masks."""
    colors: Tensor
    """The photograph with its colors, (1, 3, H, W), even if the other pictures have only luma."""

    def composed(self, picture: Tensor) -> Tensor:
        """Return the picture where a mask is white, and the photograph elsewhere."""
        inside = self.inside()
        return picture if inside is None else torch.lerp(self.photo, picture, inside)

    def inside(self) -> Tensor | None:
        """Return the union of all masks, (1, 1, H, W) in [0, 1]; None without masks."""
        return None if self.masks is None else self.masks.sum(0, keepdim=True).clamp_max(1)

    def finished(self, picture: Tensor) -> Image.Image:
        """Return a painted picture as an image; if it is luma only, add the photograph's colors."""
        whole = with_luma(self.colors, picture) if picture.shape[1] == 1 else picture
        return to_image(to_pixels(whole[0]))


def read_sources(
    content: Path,
    style: Sequence[Path],
    masks: Sequence[Path],
    photo: Image.Image | None = None,
) -> Sources:
    """Read all pictures; return them. `photo` is the content if it was read before.

    ValueError if one cannot be read, or if a mask is black or has another aspect ratio than
    `content`.
    """
    photo = photo or read_image(content)
    read = tuple(read_image(path, channels=1) for path in masks)
    for path, mask in zip(masks, read, strict=True):
        if abs(mask.width * photo.height / (mask.height * photo.width) - 1) > ASPECT:
            raise ValueError(
                f"masks: {path} has {mask.width}x{mask.height} pixels and {content} "
                f"{photo.width}x{photo.height}: they must have the same aspect ratio"
            )
        if not mask.getbbox():
            raise ValueError(
                f"masks: {path} is completely black: paint it white where its style applies"
            )
    return Sources(photo, tuple(read_image(path) for path in style), read)


def ladder(image: Image.Image, size: int | None, sizes: Sequence[int]) -> list[int]:
    """Return the longer sides to paint at, from coarse to fine; the last is the result's.

    No side exceeds the image's. Sides that would make the shorter side less than MIN_SIDE are
    skipped.
    """
    longer, shorter = max(image.size), min(image.size)
    last = min(size or longer, longer)
    rungs = [side for side in sizes if side < last]
    if not sizes:
        rungs = [last >> n for n in range(last.bit_length(), 0, -1) if last >> n >= COARSEST]
    return [*(side for side in rungs if side * shorter >= MIN_SIDE * longer), last]


def fitted(image: Image.Image, longer: int) -> Image.Image:
    """Return the image with its longer side at `longer` pixels, aspect ratio kept."""
    return image.resize(fitted_size(image, longer), Image.Resampling.LANCZOS)


def fitted_size(image: Image.Image, longer: int) -> tuple[int, int]:
    """Return the (width, height) of `fitted`."""
    scale = longer / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return width, height


def scene(
    sources: Sources,
    longer: int,
    style_scale: float,
    preserve_color: PreserveColor,
    device: torch.device,
) -> Scene:
    """Return the pictures, scaled so that the photograph's longer side has `longer` pixels.

    They have one channel if only lightness is painted, see Sources.channels.
    """

    def tensor(image: Image.Image, side: int) -> Tensor:
        return to_unit(from_image(fitted(image, side)).to(device))[None]

    photo = colors = tensor(sources.photo, longer)
    paintings = [tensor(image, max(1, round(longer * style_scale))) for image in sources.paintings]
    if sources.channels(preserve_color) == 1:
        photo, paintings = luma(photo), [luma(painting) for painting in paintings]
    if preserve_color != "no":
        paintings = [recolored(painting, photo) for painting in paintings]
    masks = [
        resized(to_unit(from_image(mask).to(device))[None], photo).add(1).div(2)
        for mask in sources.masks
    ]
    return Scene(photo, tuple(paintings), torch.cat(masks) if masks else None, colors)


def resized(picture: Tensor, like: Tensor) -> Tensor:
    """Return a picture (N, C, H, W) at the height and width of another, clipped to [-1, 1]."""
    if picture.shape[2:] == like.shape[2:]:
        return picture
    return interpolate(picture, like.shape[2:], mode="bicubic", antialias=True).clamp(-1, 1)


def noise(like: Tensor, seed: int) -> Tensor:
    """Return uniform noise in [-1, 1] of another tensor's shape, equal on every device."""
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(like.shape, generator=generator) * 2 - 1).to(like.device)
