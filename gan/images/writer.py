"""Image files for the world, whole or not at all."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from PIL import Image

from gan.images.color import to_channels
from gan.images.formats import FORMATS, known_formats

WITH_ALPHA = {"PNG", "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "QOI"}


def write_image(image: Image.Image, path: Path, *, quality: int = 95) -> None:
    """Write an image in the format of the path's suffix, making the folders it needs.

    `quality` (1 to 100) is for JPEG (4:4:4), WebP, AVIF and HEIC. RGB and grey are written as they
    are, RGBA where the format has it; other modes become RGB, on white. The file appears complete
    or not at all: it is written beside its place and moved there. ValueError for a suffix that
    cannot be written.
    """
    known_formats()
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ValueError(f"{path}: cannot write images with the suffix {path.suffix!r}")
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": quality, "subsampling": "4:4:4"},
        "WEBP": {"quality": quality},
        "AVIF": {"quality": quality, "subsampling": "4:4:4"},
        "HEIF": {"quality": quality, "subsampling": "4:4:4"},
        "JPEG2000": {"no_jp2": path.suffix.lower() == ".j2k"},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # Hidden, so that nobody lists it as an image; short, so that long names do not get too long.
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        with part.open("x+b") as file:
            _fitted(image, path, kind).save(file, kind, **options.get(kind, {}))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _fitted(image: Image.Image, path: Path, kind: str) -> Image.Image:
    """The image in a mode that its file can have."""
    if path.suffix.lower() == ".pgm":
        return to_channels(image, 1)
    if image.mode == "RGB" or (image.mode == "RGBA" and kind in WITH_ALPHA):
        return image
    if image.mode == "L" and kind != "QOI":
        return image
    return to_channels(image, 3)
