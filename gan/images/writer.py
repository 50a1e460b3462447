"""Image files for the world, whole or not at all."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gan.images.color import to_channels
from gan.images.deep import DEEP_FORMATS, save_deep
from gan.images.formats import FORMATS, known_formats
from gan.images.picture import Picture
from gan.system.atomic import write_whole

WITH_ALPHA = {"PNG", "WEBP", "TIFF", "AVIF", "HEIF", "JPEG2000", "QOI", "GIF"}
WITH_EXIF = {"JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"}


def write_image(image: Image.Image, path: Path, *, quality: int = 95) -> None:
    """Write an image in the format of the path's suffix, making the folders it needs.

    `quality` (1 to 100) is for JPEG (4:4:4), WebP, AVIF and HEIC. RGB and grey are written as they
    are, RGBA where the format has it; other modes become RGB, on white. The file appears complete
    or not at all: it is written beside its place and moved there. ValueError for a suffix that
    cannot be written.
    """
    kind = format_of(path)
    fitted = _fitted(image, path, kind)
    options = _options(path, kind, quality)
    write_whole(path, lambda file: fitted.save(file, kind, **options))


def encode_image(image: Image.Image, suffix: str, *, quality: int = 95) -> bytes:
    """What `write_image` would write into a file with this suffix."""
    name = Path(f"image{suffix}")
    kind, file = format_of(name), io.BytesIO()
    _fitted(image, name, kind).save(file, kind, **_options(name, kind, quality))
    return file.getvalue()


def write_picture(picture: Picture, path: Path, *, quality: int = 95, replace: bool = True) -> None:
    """Write a picture like `write_image`, with whatever of it the format can hold.

    16 bits go into PNG and TIFF, transparency and EXIF into all formats that have them. Where there
    is no transparency the picture stands on the white that it was translated on. FileExistsError
    where there is a file already, unless `replace` is set.
    """
    kind = format_of(path)
    if picture.pixels.dtype == np.uint16 and kind in DEEP_FORMATS:
        write_whole(path, lambda file: save_deep(picture, file, kind), replace=replace)
        return
    image = _image(picture, with_alpha=kind in WITH_ALPHA)
    options = _options(path, kind, quality)
    if picture.exif and kind in WITH_EXIF:
        options["exif"] = picture.exif
    fitted = _fitted(image, path, kind)
    write_whole(path, lambda file: fitted.save(file, kind, **options), replace=replace)


def format_of(path: Path) -> str:
    """Pillow's name of the format of a suffix; ValueError for one that cannot be written."""
    known_formats()
    kind = FORMATS.get(path.suffix.lower())
    if kind is None or kind not in Image.SAVE:
        raise ValueError(f"{path}: cannot write images with the suffix {path.suffix!r}")
    return kind


def _options(path: Path, kind: str, quality: int) -> dict[str, Any]:
    full_color = {"quality": quality, "subsampling": "4:4:4"}
    options: dict[str, dict[str, Any]] = {
        "JPEG": full_color,
        # A quarter of the time of zlib's usual 6, and 5 % more bytes.
        "PNG": {"compress_level": 2},
        "WEBP": {"quality": quality},
        "AVIF": full_color,
        "HEIF": full_color,
        "JPEG2000": {"no_jp2": path.suffix.lower() == ".j2k"},
    }
    return dict(options.get(kind, {}))


def _image(picture: Picture, *, with_alpha: bool) -> Image.Image:
    """A picture in 8 bits: mode L, RGB, LA or RGBA."""
    planes = [picture.pixels]
    if with_alpha and picture.alpha is not None:
        planes.append(picture.alpha[:, :, None])
    values = np.concatenate(planes, axis=2) if len(planes) > 1 else picture.pixels
    if values.dtype == np.uint16:
        values = np.rint(values * np.float32(1 / 257)).astype(np.uint8)
    return Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)


def _fitted(image: Image.Image, path: Path, kind: str) -> Image.Image:
    """The image in a mode that its file can have."""
    if path.suffix.lower() == ".pgm":
        return to_channels(image, 1)
    if image.mode == "LA" and kind in WITH_ALPHA:
        return image if kind in ("PNG", "TIFF") else image.convert("RGBA")
    if image.mode == "RGB" or (image.mode == "RGBA" and kind in WITH_ALPHA):
        return image
    if image.mode == "L" and kind != "QOI":
        return image
    return to_channels(image, 3)
