"""The reader's pixels are those of READER_VERSION."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import tifffile
from PIL import Image

from gan.config import DataConfig
from gan.config.choices import Channels
from gan.data.crops import READER_VERSION, read_resized

RNG = np.random.default_rng(0)
RGB = RNG.integers(0, 256, (20, 30, 3), np.uint8)
ALPHA = RNG.integers(0, 256, (20, 30, 4), np.uint8)
DEEP = RNG.integers(0, 2**16, (20, 30, 3), np.uint16)


def rotated(path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(RGB).save(path, exif=exif)


FILES: dict[str, Callable[[Path], object]] = {
    "color.png": Image.fromarray(RGB).save,
    "grey.bmp": Image.fromarray(RGB[:, :, 0]).save,
    "rotated.png": rotated,
    "alpha.png": Image.fromarray(ALPHA).save,
    "palette.gif": Image.fromarray(RGB // 64 * 64).convert("P").save,
    "cmyk.tif": Image.frombytes("CMYK", (30, 20), ALPHA.tobytes()).save,
    "deep.png": lambda path: cv2.imwrite(str(path), DEEP),
    "deep-grey.tif": Image.fromarray(DEEP[:, :, 0]).save,
    "float.tif": Image.fromarray(DEEP[:, :, 0].astype(np.float32) / 65535).save,
    "float-high-byte-first.tif": lambda path: tifffile.imwrite(
        path, DEEP[:, :, 0].astype(np.float32) / 65535, byteorder=">", compression="zlib"
    ),
}
"""Lossless files that every decoder reads equally."""

CASES: list[tuple[str, Channels, str]] = [
    *((name, 3, "none") for name in FILES),
    ("color.png", 1, "none"),
    ("color.png", 3, "square"),
    ("color.png", 3, "short"),
    ("alpha.png", 1, "square"),
]

GOLDEN = {
    1: [
        "b90d028c", "555b3039", "704e7bf7", "a7b2aa8e", "77dcb24d", "87b2346e", "60dd047c",
        "d52b601c", "d52b601c", "f2c5da05", "4f018627", "517220a6", "5dc27fcc",
    ],
    2: [
        "b90d028c", "555b3039", "704e7bf7", "a7b2aa8e", "77dcb24d", "87b2346e", "780c0fb9",
        "ea1a845a", "ea1a845a", "f2c5da05", "4f018627", "517220a6", "5dc27fcc",
    ],
    3: [
        "b90d028c", "555b3039", "704e7bf7", "a7b2aa8e", "77dcb24d", "87b2346e", "780c0fb9",
        "ea1a845a", "ea1a845a", "ea1a845a", "f2c5da05", "4f018627", "517220a6", "5dc27fcc",
    ],
}  # fmt: skip
"""The beginning of the SHA-256 of each case's pixels, by READER_VERSION."""


def test_a_reader_with_other_pixels_has_another_version(tmp_path: Path) -> None:
    """If this fails, the reader changed: increase READER_VERSION, and add its hashes to GOLDEN.

    Otherwise existing caches would give the old pixels.
    """
    found = []
    for name, channels, resize in CASES:
        FILES[name](tmp_path / name)
        data = DataConfig.model_validate(
            {"resize": resize, "load_size": 16, "crop_size": 16, "channels_a": channels}
        )
        pixels = read_resized(tmp_path / name, "a", data)
        found.append(hashlib.sha256(f"{pixels.shape}".encode() + pixels.tobytes()).hexdigest()[:8])
    assert found == GOLDEN[READER_VERSION]
