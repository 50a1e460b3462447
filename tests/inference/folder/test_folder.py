"""Images of many kinds are translated upright, under their names, in their sizes."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from gan.images import read_image
from gan.inference.translator import Translator
from tests.support.commands import translate_folder

Photos = Callable[..., Path]
REPOSITORY = Path(__file__).parents[3]
BAD = ["cut off.png", "thin.png"]


def distance(result: Path, original: Path) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return how much each value differs from the other's negative."""
    total = sum(np.asarray(read_image(path)).astype(int) for path in (result, original))
    return np.abs(total - 255)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all files below a folder, including hidden ones, with their times and contents."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    """Return the names of all files except the list of failures."""
    return sorted(tree(folder).keys() - {"failed.tsv"})


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    shape = (height, width, channels) if channels > 1 else (height, width)
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, shape, dtype=np.uint8))


@pytest.fixture
def wild(tmp_path: Path) -> dict[str, tuple[int, int]]:
    """Write images of many kinds to tmp_path / "fotos öst"; return their upright sizes."""
    rotated = Image.Exif()
    rotated[274] = 6  # shown rotated by 90 degrees
    images: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "odd.png": (noise(17, 31), {}),
        "år 2024/my photo.JPG": (noise(40, 24), {"exif": rotated, "quality": 95}),
        "år 2024/дом/家.webp": (noise(33, 20), {}),
        "same.png": (noise(21, 18, 4), {}),
        "same.jpg": (noise(19, 22), {"quality": 95}),
        "same.bmp": (noise(18, 20), {}),
        "palette.gif": (noise(30, 17).quantize(16), {}),
        "deep.tif": (Image.fromarray((np.arange(500, dtype=np.uint16) * 131).reshape(20, 25)), {}),
        "print.jpeg": (noise(26, 23, 4).convert("RGB").convert("CMYK"), {"quality": 95}),
        "grey.PNG": (noise(16, 16, 1), {}),
        "thin.png": (noise(1, 500), {}),
        "cut off.png": (noise(64, 64), {}),
    }
    root = tmp_path / "fotos öst"
    for name, (image, options) in images.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
    (root / "cut off.png").write_bytes((root / "cut off.png").read_bytes()[:2000])
    (root / "notes.txt").write_text("no image")
    sizes = {name: image.size for name, (image, _) in images.items()}
    return sizes | {"år 2024/my photo.JPG": (24, 40)}


def test_the_command_translates_images_of_many_kinds(
    tmp_path: Path, wild: dict[str, tuple[int, int]], generator_file: Path
) -> None:
    """Names, sizes and orientation are kept, bad files are named, all others are translated, and
    the input is not changed."""
    source, target = tmp_path / "fotos öst", tmp_path / "out"
    before = tree(source)
    script = [sys.executable, "-W", "error", str(REPOSITORY / "scripts" / "translate.py")]
    options = ["--model", generator_file.parent, "--direction", "ab"]
    options += ["--input", source, "--output", target]
    done = subprocess.run(
        [*script, *map(str, options)],
        cwd=REPOSITORY,
        env=os.environ | {"LC_ALL": "C", "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        errors="replace",
    )
    assert done.returncode == 1
    assert tree(source) == before
    assert names(target) == sorted(wild.keys() - set(BAD))
    lines = done.stderr.splitlines()
    assert len(lines) == 3
    assert lines[0].endswith("thin.png: 1x500 pixels: both sides must be at least 16")
    assert "cut off.png: " in lines[1]
    assert "damaged: it ends too early" in lines[1]
    failed = (target / "failed.tsv").read_text().splitlines()
    assert failed[0] == "file\treason"
    assert [line.replace("\t", ": ") for line in failed[1:]] == lines[1::-1]
    assert re.match(r"10 of 12 images translated to .*out, 2 failed", lines[2])

    translator = Translator.load(generator_file)
    for name in names(target):
        with Image.open(target / name) as result, Image.open(source / name) as original:
            assert result.size == wild[name]
            assert result.getexif().get(274, 1) == 1
            if result.format in ("PNG", "BMP") and original.mode == "RGB":
                upright = ImageOps.exif_transpose(original)
                assert result.tobytes() == translator.translate(upright).tobytes()


def test_every_kind_of_file_keeps_its_own_pixels_upright(
    tmp_path: Path, wild: dict[str, tuple[int, int]], negative_model: Path
) -> None:
    source, target = tmp_path / "fotos öst", tmp_path / "out"
    assert translate_folder(negative_model, source, target) == 1
    lossless = [name for name in names(target) if Path(name).suffix.lower() in (".png", ".tif")]
    assert len(lossless) == 4
    with Image.open(target / "same.png") as result, Image.open(source / "same.png") as original:
        assert result.getchannel("A").tobytes() == original.getchannel("A").tobytes()
        shown = np.asarray(read_image(source / "same.png"))
        assert (np.asarray(result)[:, :, :3] == 255 - shown).all()
    for name in set(lossless) - {"same.png"}:
        # A negative of 16 bits is read back in 8: two roundings.
        assert distance(target / name, source / name).max() <= (name == "deep.tif")
    for name in {*names(target)} - {*lossless}:
        # Noise is hard for JPEG and WebP; a wrong picture is 85 away.
        assert distance(target / name, source / name).mean() < 25, name


def test_a_rotated_photograph_is_translated_upright(tmp_path: Path, negative_model: Path) -> None:
    """The top half is red once it is rotated by its tag; the result must not be rotated again."""
    stored = Image.new("RGB", (32, 48), "blue")
    stored.paste("red", (0, 0, 16, 48))
    rotated = Image.Exif()
    rotated[274] = 6
    stored.save(tmp_path / "photo.jpg", exif=rotated, quality=95)
    assert translate_folder(negative_model, tmp_path / "photo.jpg", tmp_path / "out.png") == 0
    with Image.open(tmp_path / "out.png") as result:
        assert result.size == (48, 32)
        assert not result.getexif()
        values = np.asarray(result)
    np.testing.assert_allclose(values[4, 24], (0, 255, 255), atol=6)
    np.testing.assert_allclose(values[28, 24], (255, 255, 0), atol=6)


def test_equal_stems_and_sub_folders_do_not_collide(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    for name, suffix in (("in", ".png"), ("in/a", ".png"), ("in/b", ".png"), ("in/c", ".tif")):
        photos(name, count=1, suffix=suffix)
    Image.open(tmp_path / "in" / "c" / "000.tif").save(tmp_path / "in" / "000.TIF")
    assert translate_folder(negative_model, tmp_path / "in", tmp_path / "out") == 0
    assert names(tmp_path / "out") == ["000.TIF", "000.png", "a/000.png", "b/000.png", "c/000.tif"]
    for name in names(tmp_path / "out"):
        assert distance(tmp_path / "out" / name, tmp_path / "in" / name).max() == 0
