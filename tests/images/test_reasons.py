"""Errors about damaged files of every format are in plain words, without libraries' internals."""

import random
import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from gan.images.formats import IMAGE_SUFFIXES, ImageError, known_formats
from gan.images.picture import read_picture, read_with_traits
from gan.images.reader import read_image, read_size
from gan.images.reasons import header_reason, plain_reason
from gan.images.stacks import stack_pages
from tests.support.pictures import picture

SUFFIXES = sorted(IMAGE_SUFFIXES - {".heic", ".heif"})
INTERNALS = re.compile(
    r"unpack_|buffer|offset|decod|bytes not processed|literal|utf-8|b'|\(\d|iterable|index|"
    r"decompress|checksum|stream|chunk|KeyError|invalid|Traceback|int\(\)",
    re.IGNORECASE,
)
"""Words that only decoders use."""
HELPFUL = re.compile(r"damaged.*, or of a rare kind \(.*(support|cannot|implement|exceed).*\)")
"""A decoder's words are kept where they name a kind that it lacks."""


def encoded(suffix: str, path: Path) -> bytes:
    image = picture(1, (83, 61))
    if "HEIF" not in known_formats() and suffix.startswith(".hei"):
        pytest.skip("no heif here")
    if suffix == ".deep.tif":
        pixels = np.asarray(image).astype(np.uint16) * 257
        tifffile.imwrite(path, pixels, photometric="rgb")
    elif suffix == ".lzw.tif":
        image.save(path, compression="tiff_lzw")
    else:
        kinds = {".mpo": "JPEG", ".apng": "PNG", ".pgm": "PPM", ".j2k": "JPEG2000"}
        image.save(path, kinds.get(suffix), **({"quality": 90} if suffix == ".jpe" else {}))
    return path.read_bytes()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """The file with its end cut off, or with some bytes changed, most often in the header."""
    if rng.random() < 0.5:
        return content[: rng.choice((rng.randrange(1, 64), rng.randrange(1, len(content))))]
    changed = bytearray(content)
    for _ in range(rng.choice((1, 3, 10))):
        most = rng.choice((min(300, len(changed)), len(changed)))
        changed[rng.randrange(most)] = rng.randrange(256)
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("suffix", [*SUFFIXES, ".heic", ".deep.tif", ".lzw.tif"])
def test_reasons_are_plain_words(suffix: str, tmp_path: Path) -> None:
    """Of the file as a whole and of its header alone, at random but repeatable damage."""
    path, rng = tmp_path / f"a{suffix}", random.Random(suffix)
    content = encoded(suffix, path)
    reasons = set()
    for _ in range(40):
        path.write_bytes(damaged(content, rng))
        for read in (read_image, read_picture, read_with_traits, read_size, stack_pages):
            try:
                read(path)
            except ImageError as error:
                reasons.add(str(error).removeprefix(f"{path}: "))
    assert reasons
    assert not [each for each in reasons if INTERNALS.search(each) and not HELPFUL.match(each)]
    assert any(each.startswith("damaged") for each in reasons)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif", ".bmp", ".gif", ".qoi", ".ppm"])
def test_a_truncated_file_is_reported_to_end_too_early(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    content = encoded(suffix, path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match=f"a{suffix}: damaged: (it ends|its data are|strip)"):
        read_picture(path)


def test_the_segment_of_a_jpeg_that_is_cut_off_has_no_buffer(tmp_path: Path) -> None:
    """The library reports "unpack_from requires a buffer of at least 4 bytes"."""
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 64)).save(path, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01")
    content = path.read_bytes()
    for length in range(2, 200):
        path.write_bytes(content[:length])
        with pytest.raises(ImageError, match=r"a\.jpg: (damaged|not an image of a known kind)"):
            read_picture(path)


def test_reasons_of_the_system_and_of_this_program_are_kept(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"none\.png: No such file or directory$"):
        read_image(tmp_path / "none.png")
    picture(1, (100, 100)).save(tmp_path / "a.png")
    with pytest.raises(ImageError, match=r"0\.0 megapixels; at most 0\.001 allowed"):
        read_image(tmp_path / "a.png", max_megapixels=0.001)
    assert plain_reason(MemoryError()) == "does not fit into memory just now"
    assert plain_reason(ValueError("odd words")) == "damaged: its data cannot be unpacked"


def test_words_that_help_are_kept() -> None:
    unsupported = OSError("Unsupported BMP compression (7)")
    assert plain_reason(unsupported) == (
        "damaged, or of a rare kind (Unsupported BMP compression (7))"
    )
    assert header_reason("JPEG", SyntaxError("cannot handle 12-bit layers")) == (
        "damaged JPEG, or of a rare kind (cannot handle 12-bit layers)"
    )
    assert header_reason("PNG", SyntaxError("broken PNG file")) == "damaged PNG, or of a rare kind"
