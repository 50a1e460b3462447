"""Translated files are marked with the model's hash, beside their original's metadata."""

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.images import made_by_model
from tests.support.commands import translate_folder
from tests.support.packets import EXPECTED, EXT, TERMS, XMP, packets, properties, wrapped
from tests.support.pictures import Photos

VERSION = f"{EXT}AISystemVersionUsed"


def expected(model: Path) -> dict[str, str]:
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    return EXPECTED | {VERSION: f"sha256:{digest}"}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.*"))
        if path.name != "failed.tsv"
    }


@pytest.mark.parametrize("format", ["jpeg", "png", "webp", "tiff", "avif"])
def test_translations_and_comparisons_are_marked_with_the_hash_of_the_model_file(
    photos: Photos, tmp_path: Path, generator_file: Path, format: str
) -> None:
    """The run's folder is given; the hash is that of the generator in it."""
    source, out, both = photos("in", count=1), tmp_path / "out", tmp_path / "both"
    run = generator_file.parent
    assert translate_folder(run, source, out, format=format, compare=both, direction="ab") == 0
    for folder in (out, both):
        (path,) = contents(folder)
        assert [properties(each) for each in packets(folder / path)] == [expected(generator_file)]


def test_off_leaves_no_trace_and_changes_nothing_else(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    source = photos("in", count=1, suffix=".tif")
    Image.new("RGB", (20, 20)).save(source / "was.jpg", xmp=wrapped('xmp:Rating="4">'))
    Image.new("RGB", (20, 20)).save(source / "was.bmp")
    for marks in (True, False):
        out = tmp_path / f"{marks}"
        assert translate_folder(generator_file, source, out, marks=marks) == 0
    on, off = contents(tmp_path / "True"), contents(tmp_path / "False")
    assert on["was.bmp"] == off["was.bmp"]
    assert not any(b"xpacket" in content or b"ns.adobe.com" in content for content in off.values())
    assert not any(b"gan " in content for content in off.values())
    found = properties(packets(tmp_path / "True" / "was.jpg")[0])
    assert found == expected(generator_file) | {f"{XMP}Rating": "4"}
    for name in on:
        with (
            Image.open(tmp_path / "True" / name) as one,
            Image.open(tmp_path / "False" / name) as other,
        ):
            assert np.array_equal(np.asarray(one), np.asarray(other))
            assert dict(one.getexif()).keys() - {700, 273, 34665} == (
                dict(other.getexif()).keys() - {700, 273, 34665}
            )


def test_marked_files_are_the_same_for_every_batch_size_and_after_a_stop(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    source = photos("in", count=4)
    for name, batch in (("one", 1), ("three", 3)):
        assert translate_folder(generator_file, source, tmp_path / name, batch_size=batch) == 0
    (tmp_path / "three" / "002.png").unlink()
    assert translate_folder(generator_file, source, tmp_path / "three", batch_size=3) == 0
    assert contents(tmp_path / "one") == contents(tmp_path / "three")


def test_a_deep_stack_is_marked_on_every_page(tmp_path: Path, generator_file: Path) -> None:
    pages = [Image.fromarray(np.full((20, 20), value, np.uint16)) for value in (100, 60_000)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    out = tmp_path / "out.tif"
    assert translate_folder(generator_file, tmp_path / "stack.tif", out) == 0
    assert [properties(each) for each in packets(out)] == [expected(generator_file)] * 2


def test_the_command_line_turns_marks_off(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    source, out = photos("in", count=1), tmp_path / "out"
    words = ["--model", generator_file, "--input", source, "--output", out, "--marks", "false"]
    command = [sys.executable, "-m", "gan.cli", "translate", *map(str, words)]
    subprocess.run(command, check=True, capture_output=True)
    assert not made_by_model(out / "000.png")


def test_translating_a_translation_replaces_its_mark(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    source = photos("in", count=1)
    other = f'Iptc4xmpExt:DigitalSourceType="{TERMS}digitalCapture" xmp:CreatorTool="Camera">'
    with Image.open(source / "000.png") as image:
        image.save(source / "000.webp", xmp=wrapped(other), lossless=True)
    (source / "000.png").unlink()
    for before, after in (("in", "once"), ("once", "twice")):
        assert translate_folder(generator_file, tmp_path / before, tmp_path / after) == 0
        found = packets(tmp_path / after / "000.webp")
        assert [properties(each) for each in found] == [expected(generator_file)]
