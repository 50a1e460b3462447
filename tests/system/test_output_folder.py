"""Accepted output folders, and files that are copied or linked into them."""

import json
from pathlib import Path

import pytest

from gan.system.output_folder import (
    check_empty,
    check_place,
    check_same,
    copy_file,
    link_file,
    read_json,
)


@pytest.mark.parametrize("output", [".", "in", "in/out", "file"])
def test_an_output_inside_or_around_its_source_or_a_file_is_rejected(
    tmp_path: Path, output: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="give another --output"):
        check_place(tmp_path / output, [tmp_path / "in"])


def test_a_new_and_an_empty_folder_are_accepted(tmp_path: Path) -> None:
    for output in (tmp_path / "new", tmp_path):
        check_place(output, [tmp_path.parent / "elsewhere"])
        check_empty(output)
    (tmp_path / ".ours").touch()
    check_empty(tmp_path, but=[".ours"])
    with pytest.raises(ValueError, match="is not empty"):
        check_empty(tmp_path)


def test_other_settings_are_named(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"seed": 1, "older": True}))
    check_same(tmp_path, file, {"seed": 1})
    with pytest.raises(ValueError, match=r"was begun with seed 1, not 2"):
        check_same(tmp_path, file, {"seed": 2})
    file.write_text("[1, 2]")
    with pytest.raises(ValueError, match="not written by this command"):
        read_json(file)


def test_copies_and_links_equal_their_source_and_replace_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("content")
    copy_file(source, tmp_path / "deep" / "copy")
    link_file(source, tmp_path / "deep" / "hard")
    link_file(source, tmp_path / "deep" / "soft", symbolic=True)
    assert {path.read_text() for path in (tmp_path / "deep").iterdir()} == {"content"}
    assert (tmp_path / "deep" / "hard").samefile(source)
    assert not (tmp_path / "deep" / "copy").samefile(source)
    assert (tmp_path / "deep" / "soft").is_symlink()
    with pytest.raises(FileExistsError):
        copy_file(source, tmp_path / "deep" / "copy")
    with pytest.raises(OSError, match="cannot be a link"):
        link_file(source, tmp_path / "deep" / "hard")
