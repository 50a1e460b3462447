"""Training crops out of files: read, resized, kept where data.cache says, transformed."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import features
from torch import Tensor

from gan.config import DataConfig
from gan.config.choices import Channels
from gan.data.cache import PixelCache, Pixels, make_folder
from gan.data.transforms import TrainTransform, resize
from gan.images import read_image
from gan.images.color import with_channels

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
    image = read_image(path, channels=channels, draft_size=draft_size(data))
    return with_channels(np.array(resize(image, data)))


def draft_size(data: DataConfig) -> int | None:
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
    settings = data.resize, size, draft_size(data), channels, versions
    return PixelCache(data.cache, round(data.cache_gb * 1e9), repr(settings))
