"""Make damaged image files: with random changes, or with known damage."""

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.random import Generator
from PIL import Image

HEIGHT, WIDTH = 48, 64


@dataclass(frozen=True)
class Mutant:
    """A damaged file."""

    number: int
    seed: str
    """Name of the original file, with its suffix."""
    damage: str
    content: bytes
    must_fail: bool
    """Whether pixels are certainly missing, so that reading it must fail."""


def _saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _encoded(suffix: str, values: Any, *options: int) -> bytes:
    done, data = cv2.imencode(suffix, values, options)
    assert done
    return data.tobytes()


def _tiff(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    return file.getvalue()


@cache
def seeds() -> dict[str, bytes]:
    """Return undamaged files of every format and kind of pixels, by name."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 40, (HEIGHT, WIDTH, 4))
    four = (np.stack([4 * y, 3 * x, 255 - y - x, 200 + 0 * x], -1) % 216 + noise).astype(np.uint8)
    rgb = Image.fromarray(four[:, :, :3])
    grey, deep = rgb.convert("L"), four.astype(np.uint16) * 257
    exif = Image.Exif()
    exif[274], exif[271] = 6, "camera"
    single = np.asarray(grey)
    return {
        "plain.jpg": _saved(rgb, "JPEG", exif=exif),
        "progressive.jpg": _saved(rgb, "JPEG", progressive=True),
        "grey.jpg": _saved(grey, "JPEG"),
        "cmyk.jpg": _saved(rgb.convert("CMYK"), "JPEG"),
        "plain.png": _saved(rgb, "PNG"),
        "alpha.png": _saved(Image.fromarray(four), "PNG", exif=exif),
        "palette.png": _saved(rgb.convert("P"), "PNG", transparency=3),
        "bits.png": _saved(grey.convert("1"), "PNG"),
        "deep.png": _encoded(".png", deep),
        "deepgrey.png": _encoded(".png", deep[:, :, 0]),
        "moving.png": _saved(rgb, "PNG", save_all=True, append_images=[rgb.rotate(9)]),
        "plain.webp": _saved(rgb, "WEBP"),
        "lossless.webp": _saved(Image.fromarray(four), "WEBP", lossless=True),
        "plain.gif": _saved(rgb, "GIF"),
        "moving.gif": _saved(rgb, "GIF", save_all=True, append_images=[rgb.rotate(9)]),
        "plain.bmp": _saved(rgb, "BMP"),
        "plain.tif": _tiff(four[:, :, :3], photometric="rgb", rowsperstrip=7),
        "deflate.tif": _tiff(four[:, :, :3], photometric="rgb", rowsperstrip=7, compression="zlib"),
        "tiles.tif": _tiff(four[:, :, :3], photometric="rgb", tile=(16, 16), compression="zlib"),
        "deep.tif": _tiff(deep[:, :, :3], photometric="rgb", rowsperstrip=7),
        "floats.tif": _tiff(single / np.float32(255), rowsperstrip=7),
        "signed.tif": _tiff(single.astype(np.int16), rowsperstrip=7),
        "lzw.tif": _saved(rgb, "TIFF", compression="tiff_lzw"),
        "plain.avif": _saved(rgb, "AVIF"),
        "plain.jp2": _saved(rgb, "JPEG2000"),
        "deep.jp2": _encoded(".jp2", deep[:, :, :3]),
        "plain.ppm": _saved(rgb, "PPM"),
        "deep.pgm": _encoded(".pgm", deep[:, :, 0]),
        "plain.qoi": _saved(rgb, "QOI"),
    }


def mutant(number: int) -> Mutant:
    """Return the mutant with a number: a file with one or several kinds of damage."""
    rng = np.random.default_rng(number)
    names = list(seeds())
    name = names[int(rng.integers(len(names)))]
    content = seeds()[name]
    if rng.random() < KNOWN_SHARE:
        known = [kind for kind in KNOWN if name in KNOWN[kind].names]
        if known:
            kind = known[int(rng.integers(len(known)))]
            return Mutant(number, name, kind, KNOWN[kind].do(content, rng), must_fail=True)
    done = []
    for _ in range(int(rng.integers(1, 4))):
        kind = list(RANDOM)[int(rng.integers(len(RANDOM)))]
        content = RANDOM[kind](content, rng)
        done.append(kind)
    return Mutant(number, name, " ".join(done), content, must_fail=False)


def _flip(content: bytes, rng: Generator) -> bytes:
    """Change some bytes."""
    data = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        if data:
            data[int(rng.integers(len(data)))] = int(rng.integers(256))
    return bytes(data)


def _flip_head(content: bytes, rng: Generator) -> bytes:
    """Change some of the first bytes, which hold sizes and types."""
    return _flip(content[:80], rng) + content[80:]


def _cut(content: bytes, rng: Generator) -> bytes:
    """Drop the end."""
    return content[: int(rng.integers(len(content) + 1))]


def _drop(content: bytes, rng: Generator) -> bytes:
    """Drop a part of the file."""
    start, length = int(rng.integers(len(content) + 1)), int(rng.integers(1, 200))
    return content[:start] + content[start + length :]


def _repeat(content: bytes, rng: Generator) -> bytes:
    """Write a part twice."""
    start, length = int(rng.integers(len(content) + 1)), int(rng.integers(1, 200))
    return content[: start + length] + content[start:]


def _large(content: bytes, rng: Generator) -> bytes:
    """Write a large number of 2 or 4 bytes at a random place."""
    data, size = bytearray(content), int(rng.choice([2, 4]))
    at = int(rng.integers(max(1, len(data) - size)))
    number = int(rng.choice([0, 2**15, 2**16 - 1, 2**31 - 1, 2**32 - 1])) % 256**size
    data[at : at + size] = number.to_bytes(size, rng.choice(["little", "big"]))
    return bytes(data)


RANDOM: dict[str, Callable[[bytes, Generator], bytes]] = {
    "flip": _flip, "head": _flip_head, "cut": _cut, "drop": _drop, "repeat": _repeat,
    "large": _large,
}  # fmt: skip
KNOWN_SHARE = 0.3


@dataclass(frozen=True)
class Known:
    """A kind of damage that removes pixels."""

    names: frozenset[str]
    do: Callable[[bytes, Generator], bytes]


def _cut_pixels(content: bytes, rng: Generator) -> bytes:
    """Drop from a tenth to three quarters of the file, at its end."""
    return content[: int(len(content) * rng.uniform(0.25, 0.9))]


def _end_early(content: bytes, rng: Generator) -> bytes:
    """Drop the end of a JPEG, and add an end marker."""
    return _cut_pixels(content, rng) + b"\xff\xd9"


def _taller_png(content: bytes, rng: Generator) -> bytes:
    """Claim more rows than the file has."""
    header = bytearray(content[12:29])
    header[8:12] = struct.pack(">I", HEIGHT * int(rng.integers(2, 200)))
    return content[:12] + bytes(header) + struct.pack(">I", zlib.crc32(header)) + content[33:]


def _with_tag(content: bytes, tag: int, change: Callable[[int], int]) -> bytes:
    """Change the number of a little-endian TIFF's tag."""
    data = bytearray(content)
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        found, kind, _ = struct.unpack_from("<HHI", data, at)
        if found == tag:
            form = "<H" if kind == 3 else "<I"
            (value,) = struct.unpack_from(form, data, at + 8)
            struct.pack_into(form, data, at + 8, change(value))
    return bytes(data)


def _taller_tiff(content: bytes, rng: Generator) -> bytes:
    """Claim more rows than the strips or tiles hold."""
    return _with_tag(content, 257, lambda rows: rows * int(rng.integers(2, 100)))


def _fewer_strips(content: bytes, rng: Generator) -> bytes:
    """Claim that fewer strips hold all rows."""
    return _with_tag(content, 278, lambda rows: rows - int(rng.integers(1, rows)))


JPEGS = frozenset({"plain.jpg", "grey.jpg", "cmyk.jpg"})
PNGS = frozenset({"plain.png", "alpha.png", "palette.png", "bits.png", "deep.png", "deepgrey.png"})
STRIPS = frozenset({"plain.tif", "deflate.tif", "deep.tif", "floats.tif", "signed.tif"})
KNOWN = {
    "cut pixels": Known(
        JPEGS | PNGS
        | {"plain.bmp", "plain.webp", "lossless.webp", "plain.ppm", "deep.pgm", "plain.avif"}
        | {"plain.gif", "plain.jp2", "deep.jp2", "plain.qoi", "lzw.tif", "progressive.jpg"},
        _cut_pixels,
    ),
    "early end": Known(JPEGS | {"progressive.jpg"}, _end_early),
    "taller PNG": Known(PNGS, _taller_png),
    "taller TIFF": Known(STRIPS | {"tiles.tif"}, _taller_tiff),
    "fewer strips": Known(STRIPS, _fewer_strips),
}  # fmt: skip
