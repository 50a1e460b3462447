"""Translations never replace an original, and other files only with --overwrite."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.cli.main import run
from gan.images import read_image
from gan.inference.folder.plan import with_format
from tests.support.commands import translate_folder

Photos = Callable[..., Path]


def assert_negative(result: Path, original: Path) -> None:
    before, after = (np.asarray(read_image(path)) for path in (original, result))
    assert np.array_equal(after, 255 - before)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all files below a folder, including hidden ones, with their times and contents."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    return sorted(tree(folder))


def test_existing_files_are_kept_and_counted(
    photos: Photos, tmp_path: Path, negative_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = photos("in", count=3), tmp_path / "out"
    target.mkdir()
    (target / "001.png").write_bytes(b"mine")
    (target / "own.txt").write_text("mine too")
    before = tree(target)
    assert translate_folder(negative_model, source, target) == 0
    assert "2 of 3 images translated" in (said := capsys.readouterr().err)
    assert "1 existed already" in said
    assert "--overwrite" not in said
    assert before.items() <= tree(target).items()
    assert_negative(target / "002.png", source / "002.png")

    finished = tree(target)
    assert translate_folder(negative_model, source, target) == 0
    assert "0 of 3 images translated" in (said := capsys.readouterr().err)
    assert "3 existed already; to replace them, add --overwrite true\n" in said
    assert tree(target) == finished

    assert translate_folder(negative_model, source, target, overwrite=True) == 0
    assert "3 of 3 images translated" in capsys.readouterr().err
    assert_negative(target / "001.png", source / "001.png")
    assert (target / "own.txt").read_text() == "mine too"


@pytest.mark.parametrize("spelling", ["photos/out", "./photos/../photos/out", "link/out"])
def test_an_output_inside_the_input_is_not_translated_again(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    monkeypatch: pytest.MonkeyPatch,
    spelling: str,
) -> None:
    """In every spelling of both paths."""
    monkeypatch.chdir(tmp_path)
    photos("photos", count=2)
    (tmp_path / "link").symlink_to("photos")
    expected = ["000.png", "001.png", "out/000.png", "out/001.png"]
    for source in (tmp_path / "photos", Path("photos"), Path("link")):
        assert translate_folder(negative_model, source, Path(spelling), overwrite=True) == 0
        assert names(tmp_path / "photos") == expected
    assert_negative(tmp_path / "photos" / "out" / "000.png", tmp_path / "photos" / "000.png")


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("in", "in"),
        ("in", "link"),
        ("in", "in/../in"),
        ("link", "in"),
        ("in/in", "in/in"),
        ("in", "."),  # in/in/000.png would become in/000.png
        ("in/000.png", "in/000.png"),
        ("in/000.png", "in"),
        ("link/000.png", "in"),
    ],
)
def test_an_output_that_would_replace_originals_is_rejected_before_anything_is_written(
    photos: Photos,
    tmp_path: Path,
    negative_model: Path,
    source: str,
    target: str,
    overwrite: bool,
) -> None:
    photos("in", count=2)
    photos("in/in", count=2)
    (tmp_path / "link").symlink_to("in")
    before = tree(tmp_path)
    with pytest.raises(ValueError, match="would replace an original"):
        translate_folder(negative_model, tmp_path / source, tmp_path / target, overwrite=overwrite)
    assert tree(tmp_path) == before


def test_the_output_may_be_a_folder_above_the_input(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("all/in", count=2)
    assert translate_folder(negative_model, source, tmp_path / "all") == 0
    assert names(tmp_path / "all") == ["000.png", "001.png", "in/000.png", "in/001.png"]


def test_one_file_is_translated_to_a_file_or_into_a_folder(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    source = photos("in", count=2) / "001.png"
    (tmp_path / "dotted.folder").mkdir()
    for output, result in (
        ("new/other name.tif", "new/other name.tif"),
        ("new folder", "new folder/001.png"),
        ("dotted.folder", "dotted.folder/001.png"),
        ("in/beside.PNG", "in/beside.PNG"),
    ):
        assert translate_folder(negative_model, source, tmp_path / output) == 0
        assert_negative(tmp_path / result, source)


def test_an_output_that_is_a_file_is_rejected_for_a_folder(
    photos: Photos, tmp_path: Path, negative_model: Path
) -> None:
    (tmp_path / "out.png").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"out\.png: is a file, but the output of a folder"):
        translate_folder(negative_model, photos("in"), tmp_path / "out.png", overwrite=True)
    assert (tmp_path / "out.png").read_bytes() == b"mine"


def test_the_command_names_missing_files_in_one_line(
    photos: Photos, tmp_path: Path, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = {"model": generator_file, "input": photos("in"), "output": tmp_path / "out"}
    (tmp_path / "empty").mkdir()
    for key, value, message in (
        ("model", tmp_path / "gone", "gone: no such run directory or generator file"),
        ("model", tmp_path / "empty", "no gen_ab.safetensors or gen_ba.safetensors"),
        ("input", tmp_path / "gone", "gone: no such file or folder"),
        ("input", tmp_path / "empty", "empty: no images in this folder or below it"),
        ("output", tmp_path / "in", "would replace an original"),
        ("direction", "ba", "gen_ab.safetensors: translates ab, not ba"),
    ):
        arguments = good | {key: value}
        assert run("translate", [f"--{name}={given}" for name, given in arguments.items()]) == 1
        said = capsys.readouterr().err
        assert message in said
        assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_the_command_overwrites_with_the_option(
    photos: Photos, tmp_path: Path, generator_file: Path
) -> None:
    source, target = photos("in", count=1), tmp_path / "out"
    arguments = [f"--model={generator_file}", f"--input={source}", f"--output={target}"]
    assert run("translate", [*arguments, "--device=cpu"]) == 0
    translated = (target / "000.png").read_bytes()
    (target / "000.png").write_bytes(b"mine")
    assert run("translate", [*arguments, "--device=cpu"]) == 0
    assert (target / "000.png").read_bytes() == b"mine"
    assert run("translate", [*arguments, "--overwrite=true"]) == 0
    assert (target / "000.png").read_bytes() == translated


@pytest.mark.parametrize(
    ("originals", "expected"),
    [
        (["a.jpg", "b.png"], ["a.webp", "b.webp"]),
        (["a.jpg", "a.png"], ["a.jpg.webp", "a.png.webp"]),
        (["a.jpg", "a.jpeg", "a.jpg.webp"], ["a.jpg.webp", "a.jpeg.webp", "a.jpg.webp.webp"]),
        (["a.jpg.webp", "a.png", "a.jpg"], ["a.jpg.webp.webp", "a.png.webp", "a.jpg.webp"]),
        (["x/a.jpg", "a.jpg"], ["x/a.webp", "a.webp"]),
    ],
)
def test_names_in_another_format_are_as_numerous_as_the_originals(
    originals: list[str], expected: list[str]
) -> None:
    assert with_format([Path(name) for name in originals], "webp") == [Path(n) for n in expected]


@given(st.lists(st.sampled_from(["", ".a", ".jpg", ".png", ".webp"]), min_size=2, max_size=2))
def test_no_two_originals_get_one_name(ends: list[str]) -> None:
    originals = sorted({
        Path(f"a{one}{two}{three}.{last}")
        for one in ends for two in ends for three in ends for last in ("jpg", "png", "webp")
    })  # fmt: skip
    named = with_format(originals, "webp")
    assert len(set(named)) == len(originals)
    assert {name.suffix for name in named} == {".webp"}
