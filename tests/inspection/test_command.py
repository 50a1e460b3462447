"""Folders with one fault of each kind: exactly these faults are reported."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from gan.images import Mark, Picture, write_picture
from gan.inspection.findings import KINDS
from tests.support.commands import inspect_folders
from tests.support.hostile import bomb, display_p3
from tests.support.inspecting import Findings, inspected
from tests.support.packets import TERMS, wrapped
from tests.support.pictures import picture, write_dataset

DATA = os.environ.get("GAN_DATA")


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "data", trainA=6, trainB=6, testA=2, testB=2)


def rotate(path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    picture(501).save(path, exif=exif)


def transparent(path: Path) -> None:
    image = picture(502)
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    image.save(path)


def generated(path: Path) -> None:
    picture(519).save(path, xmp=wrapped(f'xmp:Label="{TERMS}trainedAlgorithmicMedia">'))


def unreadable(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def cut(path: Path) -> None:
    picture(503).save(path)
    path.write_bytes(path.read_bytes()[:-900])


def deep(path: Path) -> None:
    tifffile.imwrite(path, np.asarray(picture(504)).astype(np.uint16) * 257, photometric="rgb")


SINGLE: list[tuple[str, str, Callable[[Path], object]]] = [
    ("unreadable", "zero.jpg", lambda path: path.touch()),
    ("unreadable", "cut.png", cut),
    ("unreadable", "bomb.png", lambda path: path.write_bytes(bomb())),
    ("unreadable", "diary.jpg", lambda path: path.write_text("dear diary")),
    ("unreadable", "dangling.png", lambda path: path.symlink_to("nothing.png")),
    ("unreadable", "outside.png", lambda path: path.symlink_to(Path(__file__))),
    ("tiny", "small.png", lambda path: picture(510, (70, 63)).save(path)),
    ("aspect", "long.png", lambda path: picture(511, (260, 80)).save(path)),
    ("generated", "painted.webp", generated),
    ("grey", "grey.png", lambda path: picture(512).convert("L").save(path)),
    ("rotated", "turned.jpg", rotate),
    ("deep", "deep.tif", deep),
    ("alpha", "clear.png", transparent),
    ("cmyk", "print.jpg", lambda path: picture(513).convert("CMYK").save(path, quality=95)),
    ("animated", "moving.gif", lambda path: picture(514).save(
        path, save_all=True, append_images=[picture(515)])),
    ("profile", "wide.png", lambda path: picture(516).save(path, icc_profile=display_p3())),
    ("unnamed", "picture", lambda path: picture(518).save(path, "PNG")),
    ("suffix", "png.jpg", lambda path: picture(517).save(path, "PNG")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "write"), SINGLE, ids=[name for _, name, _ in SINGLE])
def test_each_finding_about_one_file_is_the_only_one(
    clean: Path, tmp_path: Path, kind: str, name: str, write: Callable[[Path], object]
) -> None:
    write(clean / "trainA" / name)
    status, found = inspected(clean, tmp_path / "out", min_images=0)
    assert found == {(kind, f"trainA/{name}", "")}
    assert status == KINDS[kind].fault


def test_a_folder_with_one_of_each_has_exactly_these_findings(clean: Path, tmp_path: Path) -> None:
    expected: Findings = set()
    for kind, name, write in SINGLE:
        write(clean / "trainA" / name)
        expected.add((kind, f"trainA/{name}", ""))
    first = clean / "trainA" / "000.png"
    with Image.open(first) as image:
        image.save(clean / "trainA" / "again.bmp")
        image.resize((144, 120)).save(clean / "trainA" / "larger.jpg", quality=70)
        ImageOps.mirror(image).save(clean / "testA" / "mirrored.png")
        image.save(clean / "trainB" / "other.png")
    shutil.copy(clean / "trainB" / "001.png", clean / "testB" / "leak.png")
    Image.new("RGB", (80, 80), (9, 90, 200)).save(clean / "trainB" / "blue.png")
    picture(520).convert("1").save(clean / "testB" / "one bit.png")
    for number in range(4):
        picture(530 + number).convert("L").save(clean / "testA" / f"grey {number}.png")
    (clean / "trainA" / "notes.txt").write_text("no image")
    expected |= {
        ("duplicate", "trainA/again.bmp", "trainA/000.png"),
        ("duplicate", "trainA/larger.jpg", "trainA/000.png"),
        ("leakage", "testA/mirrored.png", "trainA/000.png"),
        ("shared", "trainB/other.png", "trainA/000.png"),
        ("leakage", "testB/leak.png", "trainB/001.png"),
        ("plain", "trainB/blue.png", ""),
        ("grey", "testB/one bit.png", ""),
        *(("color", f"testA/{name}.png", "") for name in ("000", "001", "mirrored")),
        ("few", "trainA", ""),
        ("few", "trainB", ""),
    }
    status, found = inspected(clean, tmp_path / "out")
    assert {(kind, file.removeprefix(f"{clean}/"), copy) for kind, file, copy in found} == expected
    assert status == 1
    assert {kind for kind, _, _ in found} == set(KINDS) - {
        "empty",
        "difference",
        "outside",
        "range",
        "ranges",
    }
    assert [kind for kind, _, _ in found if KINDS[kind].fault]


def test_images_made_by_a_model_are_counted_with_advice(
    clean: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever program marked them; in folders without such images nothing is printed."""
    assert inspect_folders(clean, min_images=0) == 0
    assert "trained model" not in capsys.readouterr().out
    for name in ("a.webp", "b.webp"):
        generated(clean / "trainB" / name)
    shutil.copy(clean / "trainA" / "000.png", clean / "trainA" / "copy.png")
    marked = Picture(np.asarray(picture(521))).with_mark(Mark())
    write_picture(marked, clean / "trainA" / "ours.png")
    inspect_folders(clean, min_images=0)
    assert (
        "remark: generated (3): marked as made by a trained model: remove them, or training "
        "learns that model's faults: trainA/ours.png, trainB/a.webp, trainB/b.webp"
    ) in capsys.readouterr().out


def test_a_clean_dataset_has_no_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_dataset(tmp_path / "data", trainA=100, trainB=100, testA=10, testB=10)
    assert inspected(root, tmp_path / "out") == (0, set())
    assert "220 images in 4 folders: 0 faults, 0 remarks" in capsys.readouterr().out


@pytest.mark.skipif(not DATA, reason="GAN_DATA names no folder with trainA and trainB")
def test_real_photographs_and_paintings_have_no_findings(tmp_path: Path) -> None:
    assert inspected(Path(str(DATA)), tmp_path / "out") == (0, set())


def numbers(folder: Path, dtype: Any, low: float, high: float) -> None:
    """Write two gray TIFFs with values from low to high."""
    folder.mkdir(parents=True)
    for seed in (0, 1):
        values = np.random.default_rng(seed).uniform(low, high, (70, 80))
        values[0, :2] = low, high
        tifffile.imwrite(folder / f"{seed}.tif", values.astype(dtype), photometric="minisblack")


@pytest.mark.parametrize(
    ("dtype", "low", "high", "kind", "detail"),
    [
        (np.uint16, 0, 4000, "range", "up to 4000 of 65535: 12 bits in 16: {} '[0, 4095]'"),
        (np.uint16, 300, 900, "range", "up to 900 of 65535: 10 bits in 16: {} '[0, 1023]'"),
        (np.uint16, 0, 16383, "range", "14 bits in 16: {} '[0, 16383]'"),
        (np.uint16, 0, 20000, None, ""),
        (np.float32, 0, 1, None, ""),
        (np.int16, -1024, 3071, "outside", "from -1024 to 3071: {} '[-1024, 3071]'"),
        (np.float32, -999.5, 2000.25, "outside", "from -1000 to 2001: {} '[-1000, 2001]'"),
        (np.float32, -1, 1, "outside", "from -1.0 to 1.0: {} '[-1.0, 1.0]'"),
        (np.float32, 0, 255, "outside", "from 0 to 255: {} '[0, 255]'"),
        (np.int32, 0, 100_000, "outside", "from 0 to 100000: {} '[0, 100000]'"),
    ],
)
def test_values_that_need_a_range_are_reported_with_the_range(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    dtype: Any,
    low: float,
    high: float,
    kind: str | None,
    detail: str,
) -> None:
    numbers(tmp_path / "data/trainA", np.uint8, 0, 255)
    numbers(tmp_path / "data/trainB", dtype, low, high)
    status, found = inspected(tmp_path / "data", tmp_path / "out", min_images=0)
    named = {(name, file) for name, file, _ in found if name in ("range", "outside")}
    assert named == ({(kind, "trainB")} if kind else set())
    assert status == (kind == "outside")
    assert detail.format("--data.range_b") in capsys.readouterr().out


def test_colors_of_12_bits_are_reported(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 4096, (70, 80, 3)).astype(np.uint16)
    for suffix in ("tif", "png"):
        folder = tmp_path / suffix / "trainA"
        folder.mkdir(parents=True)
        assert cv2.imwrite(str(folder / f"a.{suffix}"), values)
        _, found = inspected(tmp_path / suffix, tmp_path / "out", min_images=0)
        assert ("range", "trainA", "") in found


@pytest.mark.parametrize(
    ("train", "test", "found"),
    [
        ((np.uint16, 0, 4000), (np.uint16, 0, 16000), "[0, 16383]) than trainA's ([0, 4095])"),
        ((np.uint16, 0, 4000), (np.uint8, 0, 255), "(none) than trainA's ([0, 4095])"),
        ((np.int16, -1024, 3071), (np.uint16, 0, 4095), "[0, 4095]) than trainA's ([-1024, 3071])"),
        ((np.uint16, 0, 4000), (np.uint16, 0, 900), ""),
        ((np.int16, -1024, 3071), (np.int16, -1100, 3200), ""),
        ((np.uint16, 0, 60000), (np.uint16, 0, 50000), ""),
    ],
)
def test_test_images_that_need_another_range_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], train: Any, test: Any, found: str
) -> None:
    numbers(tmp_path / "data/trainA", *train)
    numbers(tmp_path / "data/testA", *test)
    inspected(tmp_path / "data", tmp_path / "out", min_images=0)
    text = capsys.readouterr().out
    assert ("need another range" in text) == bool(found)
    assert found in text
