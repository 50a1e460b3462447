"""From a picture to the crop that a network sees: resize, crop, flip, more albumentations."""

import copy
import inspect
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from gan.config import DataConfig
from gan.images import resize_short, resize_square
from gan.images.pixels import from_array, from_image
from gan.system.text import nearest

Shape = tuple[int, int, int]
"""(height, width, channels)."""

AUGMENTATIONS = {
    name: member
    for name, member in vars(A).items()
    if isinstance(member, type) and issubclass(member, A.BasicTransform)
}
"""What data.augment can name."""


class TrainTransform:
    """A random crop of a resized image, flip and data.augment, all drawn from one seed.

    ValueError names data.augment where one of its entries cannot be built, or cannot be used on
    crops of this size and these channels.
    """

    def __init__(self, data: DataConfig) -> None:
        self.crop_size = data.crop_size
        crop = A.RandomCrop(data.crop_size, data.crop_size)
        flip = [A.HorizontalFlip(p=0.5)] if data.flip else []
        extra = [build_augmentation(entry) for entry in data.augment]
        self.compose = A.Compose([crop, *flip, *extra])
        for channels in {data.channels_a, data.channels_b}:
            for transform in extra:
                try_out(transform, (data.crop_size, data.crop_size, channels))

    def __call__(self, pixels: NDArray[Any], seed: int) -> Tensor:
        """A uint8 tensor (C, crop_size, crop_size) of resized pixels (H, W, C).

        Equal seeds give equal draws everywhere.
        """
        shape = (self.crop_size, self.crop_size, pixels.shape[2])
        # albumentations copies one random state into every worker: its draws would repeat there.
        self.compose.set_random_seed(seed)
        pixels = self.compose(image=pixels)["image"]
        check_kind(pixels, shape, "the list")
        return from_array(pixels)


def resize(image: Image.Image, data: DataConfig) -> Image.Image:
    """data.resize: the reference's antialiased bicubic square, the shorter side, or nothing."""
    if data.resize == "square":
        return resize_square(image, data.load_size)
    if data.resize == "short":
        return resize_short(image, data.load_size)
    return image


def sample_pixels(image: Image.Image, data: DataConfig) -> Tensor:
    """A test image as the networks see it, without chance: uint8 (C, crop_size, crop_size)."""
    size = data.crop_size
    if data.resize == "square":
        return from_image(resize_square(image, size))
    if data.resize == "short" or min(image.size) < size:
        image = resize_short(image, size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return from_image(image.crop((left, top, left + size, top + size)))


def build_augmentation(entry: dict[str, Any]) -> A.BasicTransform:
    """One entry of data.augment, {name: arguments}; ValueError with what is near."""
    if len(entry) != 1:
        raise ValueError(f"data.augment: each entry is one name with its arguments, not {entry}")
    ((name, arguments),) = entry.items()
    if name not in AUGMENTATIONS:
        near = nearest(str(name), AUGMENTATIONS)
        raise ValueError(f"data.augment: albumentations has no transform {name}{near}")
    if not isinstance(arguments or {}, dict):
        raise ValueError(f"data.augment: {name} takes arguments by name, not {arguments}")
    known = inspect.signature(AUGMENTATIONS[name]).parameters
    for argument in arguments or {}:
        if argument not in known:  # albumentations only warns, and goes on without it
            near = nearest(str(argument), known)
            raise ValueError(f"data.augment: {name} has no argument {argument}{near}")
    try:
        return AUGMENTATIONS[name](**(arguments or {}))
    except Exception as error:  # anything: it is their code
        raise ValueError(f"data.augment: {name}: {' '.join(str(error).split())}") from error


def try_out(transform: A.BasicTransform, shape: Shape) -> None:
    """Raise ValueError for an augmentation that would fail in a worker, hours later."""
    name, certain = type(transform).__name__, copy.copy(transform)
    certain.p = 1
    certain.set_random_seed(0)
    try:
        pixels = certain(image=np.zeros(shape, np.uint8))["image"]
    except Exception as error:
        raise ValueError(f"data.augment: {name} fails on crops of {shape}: {error}") from error
    check_kind(pixels, shape, name)


def check_kind(pixels: NDArray[Any], shape: Shape, name: str) -> None:
    """Raise ValueError for pixels that have not kept 8 bits or the shape."""
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise ValueError(
            f"data.augment: {name} must keep 8 bits and the shape {shape}, "
            f"but gives {pixels.dtype} and {tuple(pixels.shape)}"
        )
