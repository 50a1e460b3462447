"""One bad image of any kind fails alone and is named."""

import errno
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan.images import ImageError, Picture, read_picture, write_picture
from gan.inference.translator import Translator
from tests.conftest import Negative
from tests.support.commands import translate_folder

Photos = Callable[..., Path]
CPU = torch.device("cpu")


def names(folder: Path) -> list[str]:
    """Return the names of all files except the list of failures."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}
    return sorted(found - {"failed.tsv"})


@pytest.mark.parametrize("error", [RuntimeError, MemoryError, torch.OutOfMemoryError, KeyError])
def test_a_failure_of_one_image_affects_only_that_image(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[Exception],
) -> None:
    translate = Translator.translate_batch

    def one_fails(self: Translator, pixels: torch.Tensor) -> list[torch.Tensor | None]:
        if (pixels.flatten(1) == 7).all(1).any():  # alone, or in a batch with good ones
            raise error
        return translate(self, pixels)

    monkeypatch.setattr(Translator, "translate_batch", one_fails)
    source = photos("in", count=2)
    Image.new("RGB", (24, 20), (7, 7, 7)).save(source / "000b.png")
    assert translate_folder(negative_model, source, tmp_path / "out") == 1
    assert names(tmp_path / "out") == ["000.png", "001.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"{source / '000b.png'}: {error.__name__}"
    assert lines[1].startswith("2 of 3 images translated")


def test_a_format_that_cannot_hold_the_result_is_named(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """WebP ends at 16383 pixels, GIF at 65535 (struct.error); .xyz is unknown."""
    source = photos("in", count=1)
    Image.new("RGB", (16400, 16)).save(source / "wide.png")
    (source / "wide.png").rename(source / "wide.webp")  # readers detect formats by content
    Image.new("RGB", (65600, 16)).save(source / "wider.png")
    (source / "wider.png").rename(source / "wider.gif")
    assert translate_folder(negative_model, source, tmp_path / "out") == 1
    said = capsys.readouterr().err
    for name in ("wide.webp", "wider.gif"):
        assert f"{source / name}: " in said
    assert names(tmp_path / "out") == ["000.png"]

    assert translate_folder(negative_model, source / "000.png", tmp_path / "out" / "a.xyz") == 1
    assert "cannot write images with the suffix '.xyz'" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["000.png"]


def test_a_file_that_is_removed_meanwhile_is_named(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = photos("in", count=3)

    def read(path: Path, **options: Any) -> Picture:
        (source / "001.png").unlink(missing_ok=True)
        return read_picture(path, **options)

    monkeypatch.setattr("gan.inference.translator.read_picture", read)
    assert translate_folder(negative_model, source, tmp_path / "out") == 1
    assert f"{source / '001.png'}: No such file" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["000.png", "002.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_names_that_no_terminal_can_show_are_escaped(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names with a line break, an escape sequence and invalid UTF-8: good files are translated, and
    bad ones are named in one line each."""
    source = photos("in", count=1)
    good = (source / "000.png").read_bytes()
    for name in (b"two\nlines", b"caf\xe9", b"red\x1b[31m"):
        for suffix, data in ((b".png", good), (b" bad.png", good[:100])):
            (source / os.fsdecode(name + suffix)).write_bytes(data)
    assert translate_folder(negative_model, source, tmp_path / "out") == 1
    assert names(tmp_path / "out") == [name for name in names(source) if "bad" not in name]
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    for line, shown in zip(lines, [r"caf\udce9", r"red\x1b[31m", r"two\nlines"], strict=False):
        assert line.startswith(f"{source}/{shown} bad.png: ")


@pytest.mark.filterwarnings("default")
def test_a_broken_color_profile_is_reported_and_not_a_failure(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = photos("in", count=1)
    for name in ("a.png", "b.png"):
        Image.new("RGB", (20, 20), "red").save(source / name, icc_profile=b"no profile")
    with warnings.catch_warnings(record=True) as caught:
        assert translate_folder(negative_model, source, tmp_path / "out") == 0
    assert not caught
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    for line, name in zip(lines, ("a.png", "b.png"), strict=False):
        assert line.startswith(f"{source / name}: ICC profile ignored")
        with Image.open(tmp_path / "out" / name) as result:
            assert (np.asarray(result) == (0, 255, 255)).all()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT])
def test_a_full_disk_is_reported_once_and_ends_the_translation(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: int,
) -> None:
    written: list[Path] = []

    def full(picture: Picture, path: Path, **options: Any) -> None:
        written.append(path)
        if len(written) > 2:
            try:
                raise OSError(number, os.strerror(number))
            except OSError as error:  # as write_whole names the file
                raise OSError(f"{path}: {error.strerror}") from error
        write_picture(picture, path, **options)

    monkeypatch.setattr("gan.inference.folder.pipeline.write_picture", full)
    source, output = photos("in", count=40), tmp_path / "out"
    monkeypatch.setattr("gan.inference.folder.pipeline.AHEAD_PIXELS", 1000)
    with pytest.raises(OSError, match=os.strerror(number)):
        translate_folder(negative_model, source, output, batch_size=1)
    assert len(written) < 20
    assert os.strerror(number) not in capsys.readouterr().err
    monkeypatch.undo()
    monkeypatch.setattr(Translator, "load", lambda *_: Translator(Negative(), 3, CPU))
    assert translate_folder(negative_model, source, output) == 0
    assert len(names(output)) == 40


def test_a_link_to_nothing_in_the_output_is_not_a_translation(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/001.png").symlink_to(tmp_path / "nowhere.png")
    assert translate_folder(negative_model, photos("in", count=3), tmp_path / "out") == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'out/001.png'} is a link to nothing: remove it" in said
    assert "existed already" not in said
    assert not (tmp_path / "nowhere.png").exists()


@pytest.mark.parametrize("content", [b"x", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0"])
def test_a_file_of_a_few_bytes_is_reported_as_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(ImageError) as caught:
        read_picture(tmp_path / "a.jpg")
    assert "buffer" not in str(caught.value)
    assert "requires" not in str(caught.value)
