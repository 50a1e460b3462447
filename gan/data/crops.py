"""Make training crops from image files: read, resize, cache (data.cache) and transform.

The random crop, the flip and data.augment use albumentations.
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
from gan.config.choices import MIN_SIDE
from gan.data.cache import PixelCache, Pixels, make_folder
from gan.domains import DOMAINS, Domain
from gan.images import ImageError, read_image_or_pixels, resized
from gan.images.deep import as_pixels, eight_bits
from gan.images.pixels import from_array, to_unit
from gan.images.resize import short_size
from gan.system.text import nearest

Picture = Image.Image | Pixels
"""An 8-bit image, or uint16 pixels (H, W, C)."""
Shape = tuple[int, int, int]
"""(height, width, channels)."""

AUGMENTATIONS = {
    name: member
    for name, member in vars(A).items()
    if isinstance(member, type) and issubclass(member, A.BasicTransform)
}
"""Transforms that data.augment may name."""
READER_VERSION = 3
"""Version of the pixels that gan.images reads from a file: increase it with every change of any
pixel, so that caches are filled again. tests/data/test_crops.py fails when that is due."""


class Crops:
    """A function of path, domain and seed that returns a crop, equal with and without a cache."""

    def __init__(self, data: DataConfig) -> None:
        self.data, self.transform = data, TrainTransform(data)
        self.caches = {domain: open_cache(data, domain) for domain in DOMAINS}

    def __call__(self, path: Path, domain: Domain, seed: int) -> Tensor:
        """Return a crop (channels, crop_size, crop_size); ImageError as from read_pixels.

        It is uint8, or uint16 if the file has more than 8 bits or the domain has a range, and
        data.augment supports 16 bits.
        """
        make = partial(read_resized, path, domain, self.data)
        cache = self.caches[domain]
        return self.transform(make() if cache is None else cache.read(path, make), seed)

    def describe(self) -> str | None:
        """Return a line with the cache's folder and size; None without a cache."""
        cache = self.caches["a"]  # both domains share the folder
        return None if cache is None else cache.describe()


def read_resized(path: Path, domain: Domain, data: DataConfig) -> Pixels:
    """Return the pixels of a domain's file, resized by data.resize.

    With data.draft, JPEGs are decoded at a reduced scale. ImageError if the image is too small,
    which is first known here for objects in a store.
    """
    picture = read_image_or_pixels(
        path,
        channels=data.channels(domain),
        draft_size=_draft_size(data),
        values=data.values(domain),
    )
    if min(_size(picture)) < (least := least_side(data)):
        width, height = _size(picture)
        raise ImageError(f"{path}: {width}x{height} pixels, smaller than {least}")
    return resize(picture, data)


def least_side(data: DataConfig) -> int:
    """Return the smallest width and height that an image may have, in pixels.

    There is also a limit for images that are resized: very thin ones would be enlarged many times.
    """
    return data.crop_size if data.resize == "none" else MIN_SIDE


def _draft_size(data: DataConfig) -> int | None:
    """Return the least side to which decoding may reduce a JPEG; None if it must not reduce it."""
    return data.load_size if data.draft and data.resize != "none" else None


def open_cache(data: DataConfig, domain: Domain) -> PixelCache | None:
    """Return the cache of a domain's images, or None without data.cache.

    ValueError if its folder cannot be created, holds other files or is inside an image folder.
    Other versions of the reader or of the decoding libraries may give other pixels, so they have
    separate entries.
    """
    if data.cache is None:
        return None
    for key in ("root", "a", "b"):
        images: Path | None = getattr(data, key)
        if images is not None and data.cache.resolve().is_relative_to(images.resolve()):
            raise ValueError(f"data.cache: {data.cache} is inside data.{key}: name another folder")
    make_folder(data.cache)
    size = None if data.resize == "none" else data.load_size
    versions = READER_VERSION, PIL.__version__, features.version("jpg"), cv2.__version__
    kind = data.channels(domain), data.values(domain)
    settings = data.resize, size, _draft_size(data), kind, versions
    return PixelCache(data.cache, round(data.cache_gb * 1e9), repr(settings))


class TrainTransform:
    """Random crop, flip and data.augment of a resized image, all drawn from one seed.

    ValueError if an entry of data.augment cannot be built or fails on crops of this size and number
    of channels, or if a domain has a range and an entry does not support 16 bits.
    """

    def __init__(self, data: DataConfig) -> None:
        self.crop_size = data.crop_size
        flip = [A.HorizontalFlip(p=0.5)] if data.flip else []
        extra = [_build_augmentation(entry) for entry in data.augment]
        self.compose = A.Compose([A.RandomCrop(data.crop_size, data.crop_size), *flip, *extra])
        side = data.crop_size
        for channels in {data.channels_a, data.channels_b}:
            for transform in extra:
                _try_out(transform, (side, side, channels), np.uint8)
        self.deep = True
        """Whether data.augment supports 16 bits; if not, crops have 8, and a range is rejected."""
        for domain in DOMAINS:
            try:
                for transform in extra:
                    _try_out(transform, (side, side, data.channels(domain)), np.uint16)
            except ValueError as error:
                self.deep = False
                if data.values(domain):
                    key = f"data.range_{domain}"
                    raise ValueError(
                        f"{error}: {key} requires 16 bits; remove one of the two"
                    ) from error

    def __call__(self, pixels: Pixels, seed: int) -> Tensor:
        """Return a crop (C, crop_size, crop_size) of resized pixels (H, W, C).

        It has their type, but 8 bits if data.augment does not support 16. Equal seeds give equal
        crops in every process.
        """
        if pixels.dtype == np.uint16 and not self.deep:
            pixels = eight_bits(pixels)
        shape = (self.crop_size, self.crop_size, pixels.shape[2])
        dtype = pixels.dtype
        # albumentations copies one random state into every worker, so that its draws would repeat.
        self.compose.set_random_seed(seed)
        pixels = self.compose(image=pixels)["image"]
        _check_kind(pixels, shape, dtype, "the list")
        return from_array(pixels)


def resize(picture: Picture, data: DataConfig) -> Pixels:
    """Return the pixels, resized by data.resize: to a square, to a shorter side, or not at all."""
    width, height = _size(picture)
    sizes = {
        "square": (data.load_size, data.load_size),
        "short": short_size(width, height, data.load_size),
    }
    return as_pixels(resized(picture, sizes.get(data.resize, (width, height))))


def sample_pixels(picture: Picture, data: DataConfig) -> Tensor:
    """Return the center crop of a test image: (C, crop_size, crop_size).

    The image is first resized by data.resize, but to crop_size instead of load_size. With
    data.resize none, only images smaller than the crop are resized.
    """
    size = data.crop_size
    width, height = _size(picture)
    if data.resize == "square":
        width, height = size, size
    elif data.resize == "short" or min(width, height) < size:
        width, height = short_size(width, height, size)
    pixels = as_pixels(resized(picture, (width, height)))
    left, top = (width - size) // 2, (height - size) // 2
    return from_array(pixels[top : top + size, left : left + size])


def _size(picture: Picture) -> tuple[int, int]:
    """Return the (width, height) of a picture."""
    if isinstance(picture, Image.Image):
        return picture.size
    return picture.shape[1], picture.shape[0]


def sample_image(path: Path, data: DataConfig, domain: Domain) -> Tensor:
    """Read the center crop of a domain's test image: (C, crop_size, crop_size) in [-1, 1].

    It is resized as in sample_pixels. ImageError as from read_pixels.
    """
    picture = read_image_or_pixels(path, channels=data.channels(domain), values=data.values(domain))
    return to_unit(sample_pixels(picture, data))


def _build_augmentation(entry: dict[str, Any]) -> A.BasicTransform:
    """Return the transform of an entry {name: arguments} of data.augment.

    ValueError if it is invalid; for an unknown name, with the most similar one.
    """
    if len(entry) != 1:
        raise ValueError(f"data.augment: each entry must be one {{name: arguments}}, not {entry}")
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
    except Exception as error:  # foreign code may raise anything
        raise ValueError(f"data.augment: {name}: {' '.join(str(error).split())}") from error


def _try_out(transform: A.BasicTransform, shape: Shape, dtype: Any) -> None:
    """Raise ValueError if a transform fails on a black crop, before a worker would find out."""
    name, certain = type(transform).__name__, copy.copy(transform)
    certain.p = 1
    certain.set_random_seed(0)
    try:
        pixels = certain(image=np.zeros(shape, dtype))["image"]
    except Exception as error:
        bits = "" if dtype == np.uint8 else " of 16 bits"
        reason = " ".join(str(error).split())
        text = f"data.augment: {name} fails on crops of {shape}{bits}: {reason}"
        raise ValueError(text) from error
    _check_kind(pixels, shape, np.dtype(dtype), name)


def _check_kind(pixels: NDArray[Any], shape: Shape, dtype: np.dtype[Any], name: str) -> None:
    """Raise ValueError if a transform's pixels do not have this type and shape."""
    if pixels.dtype != dtype or pixels.shape != shape:
        raise ValueError(
            f"data.augment: {name} must keep {8 * dtype.itemsize} bits and the shape {shape}, "
            f"but gives {pixels.dtype} and {tuple(pixels.shape)}"
        )
