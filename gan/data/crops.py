"""Training crops out of files: read, resized, kept where data.cache says, transformed.

The random crop, the flip and data.augment are albumentations.
"""

import copy
import inspect
from functools import partial
from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention
import cv2
import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image, features
from torch import Tensor

from gan.config import DataConfig
from gan.config.choices import Channels
from gan.data.cache import PixelCache, Pixels, make_folder
from gan.images import read_image, resize_short, resize_square
from gan.images.color import with_channels
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
READER_VERSION = 1
"""Of the pixels that gan.images makes of a file: raise it with every change of any pixel, so that
caches are filled anew. tests/data/test_crops.py tells when."""


class Crops:
    """A function of a file, its channels and a seed; the same with a cache and without."""

    def __init__(self, data: DataConfig) -> None:
        self.data, self.transform = data, TrainTransform(data)
        self.caches = {
            channels: open_cache(data, channels) for channels in {data.channels_a, data.channels_b}
        }

    def __call__(self, path: Path, channels: Channels, seed: int) -> Tensor:
        """A crop, uint8 (channels, crop_size, crop_size); ImageError as from read_image."""
        make = partial(read_resized, path, channels, self.data)
        cache = self.caches[channels]
        return self.transform(make() if cache is None else cache.read(path, make), seed)

    def describe(self) -> str | None:
        """Where the cache is and how large, in one line; None without one."""
        cache = self.caches[self.data.channels_a]  # all are in one folder
        return None if cache is None else cache.describe()


def read_resized(path: Path, channels: Channels, data: DataConfig) -> Pixels:
    """Read a file and resize it as data.resize says; where data.draft is on, JPEGs are decoded at a
    reduced scale."""
    image = read_image(path, channels=channels, draft_size=_draft_size(data))
    return with_channels(np.array(resize(image, data)))


def _draft_size(data: DataConfig) -> int | None:
    """The least side that a JPEG may be decoded to; None for its own."""
    return data.load_size if data.draft and data.resize != "none" else None


def open_cache(data: DataConfig, channels: Channels) -> PixelCache | None:
    """The cache of images that are read like this, if there is to be one.

    ValueError where its folder cannot be made, is somebody's, or lies among the images. Other
    versions of our reader or of the libraries that decode may come to other pixels, so they have
    entries of their own.
    """
    if data.cache is None:
        return None
    for key in ("root", "a", "b"):
        images: Path | None = getattr(data, key)
        if images is not None and data.cache.resolve().is_relative_to(images.resolve()):
            raise ValueError(f"data.cache: {data.cache} lies in data.{key}: name another folder")
    make_folder(data.cache)
    size = None if data.resize == "none" else data.load_size
    versions = READER_VERSION, PIL.__version__, features.version("jpg"), cv2.__version__
    settings = data.resize, size, _draft_size(data), channels, versions
    return PixelCache(data.cache, round(data.cache_gb * 1e9), repr(settings))


class TrainTransform:
    """A random crop of a resized image, flip and data.augment, all drawn from one seed.

    ValueError names data.augment where one of its entries cannot be built, or cannot be used on
    crops of this size and these channels.
    """

    def __init__(self, data: DataConfig) -> None:
        self.crop_size = data.crop_size
        flip = [A.HorizontalFlip(p=0.5)] if data.flip else []
        extra = [_build_augmentation(entry) for entry in data.augment]
        self.compose = A.Compose([A.RandomCrop(data.crop_size, data.crop_size), *flip, *extra])
        for channels in {data.channels_a, data.channels_b}:
            for transform in extra:
                _try_out(transform, (data.crop_size, data.crop_size, channels))

    def __call__(self, pixels: NDArray[Any], seed: int) -> Tensor:
        """A uint8 tensor (C, crop_size, crop_size) of resized pixels (H, W, C).

        Equal seeds give equal draws everywhere.
        """
        shape = (self.crop_size, self.crop_size, pixels.shape[2])
        # albumentations copies one random state into every worker: its draws would repeat there.
        self.compose.set_random_seed(seed)
        pixels = self.compose(image=pixels)["image"]
        _check_kind(pixels, shape, "the list")
        return from_array(pixels)


def resize(image: Image.Image, data: DataConfig) -> Image.Image:
    """data.resize: the reference's antialiased bicubic square, the shorter side, or nothing."""
    resized = {"square": resize_square, "short": resize_short}.get(data.resize)
    return resized(image, data.load_size) if resized else image


def sample_pixels(image: Image.Image, data: DataConfig) -> Tensor:
    """A test image as the networks see it, without chance: uint8 (C, crop_size, crop_size)."""
    size = data.crop_size
    if data.resize == "square":
        return from_image(resize_square(image, size))
    if data.resize == "short" or min(image.size) < size:
        image = resize_short(image, size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return from_image(image.crop((left, top, left + size, top + size)))


def _build_augmentation(entry: dict[str, Any]) -> A.BasicTransform:
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
        if argument not in known:  # albumentations only warns, and continues without it
            near = nearest(str(argument), known)
            raise ValueError(f"data.augment: {name} has no argument {argument}{near}")
    try:
        return AUGMENTATIONS[name](**(arguments or {}))
    except Exception as error:  # anything: it is their code
        raise ValueError(f"data.augment: {name}: {' '.join(str(error).split())}") from error


def _try_out(transform: A.BasicTransform, shape: Shape) -> None:
    """Raise ValueError for an augmentation that would fail in a worker, hours later."""
    name, certain = type(transform).__name__, copy.copy(transform)
    certain.p = 1
    certain.set_random_seed(0)
    try:
        pixels = certain(image=np.zeros(shape, np.uint8))["image"]
    except Exception as error:
        raise ValueError(f"data.augment: {name} fails on crops of {shape}: {error}") from error
    _check_kind(pixels, shape, name)


def _check_kind(pixels: NDArray[Any], shape: Shape, name: str) -> None:
    """Raise ValueError for pixels that have not kept 8 bits or the shape."""
    if pixels.dtype != np.uint8 or pixels.shape != shape:
        raise ValueError(
            f"data.augment: {name} must keep 8 bits and the shape {shape}, "
            f"but gives {pixels.dtype} and {tuple(pixels.shape)}"
        )
