"""Degrade pictures: the functions of the rows in gan/config/tables/degradations.py.

Each maps pixels (H, W, C) of uint8 or uint16, a strength and a random generator to pixels of the
same type and shape. Only noise draws from the generator. Strengths are in 8-bit gray levels for
both types.
"""

import io
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from gan.config.table import load
from gan.config.tables.degradations import DEGRADATIONS
from gan.images.deep import eight_bits

Pixels = NDArray[Any]
"""uint8 or uint16 (H, W, C)."""


def degrade(pixels: Pixels, name: str, strength: float, rng: Generator) -> Pixels:
    """Return pixels degraded by the function of a row of the table, by the row's name."""
    degraded: Pixels = load(DEGRADATIONS[name].code)(pixels, strength, rng)
    return degraded


def brighten(pixels: Pixels, strength: float, _: Generator) -> Pixels:
    """Return pixels multiplied by `strength`, clipped."""
    return _rounded(pixels * strength, pixels.dtype)


def blur(pixels: Pixels, strength: float, _: Generator) -> Pixels:
    """Return pixels after a Gaussian filter of standard deviation `strength`, in pixels."""
    if strength == 0:  # OpenCV would choose a deviation
        return pixels
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), strength)).reshape(pixels.shape)


def downscale(pixels: Pixels, strength: float, _: Generator) -> Pixels:
    """Return pixels scaled down by the factor `strength` (area), then up again (bicubic)."""
    height, width, _channels = pixels.shape
    small = max(1, round(width / strength)), max(1, round(height / strength))
    if small == (width, height):
        return pixels
    reduced = cv2.resize(pixels, small, interpolation=cv2.INTER_AREA)
    enlarged = cv2.resize(reduced, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(enlarged).reshape(pixels.shape)


def add_noise(pixels: Pixels, strength: float, rng: Generator) -> Pixels:
    """Return pixels with normal noise, clipped; `strength` is its deviation in gray levels."""
    scale = np.iinfo(pixels.dtype).max // 255
    return _rounded(pixels + rng.normal(0, strength, pixels.shape) * scale, pixels.dtype)


def compress(pixels: Pixels, strength: float, _: Generator) -> Pixels:
    """Return pixels after JPEG compression, in 8 bits, at quality `strength`."""
    small = eight_bits(pixels) if pixels.dtype == np.uint16 else pixels
    file = io.BytesIO()
    image = Image.fromarray(small[:, :, 0] if small.shape[2] == 1 else small)
    image.save(file, "JPEG", quality=round(strength))
    decoded = np.asarray(Image.open(file)).reshape(small.shape)
    return decoded * np.uint16(257) if pixels.dtype == np.uint16 else decoded


def _rounded(values: NDArray[Any], dtype: np.dtype[Any]) -> Pixels:
    """Return floats rounded and clipped to an integer type."""
    pixels: Pixels = np.rint(values).clip(0, np.iinfo(dtype).max).astype(dtype)
    return pixels
