"""The images of a folder and their order."""

import os
from pathlib import Path

import pytest

from gan.images import find_images, list_images, nothing_found, skipped_lines


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in list_images(folder)]


def put(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()


def test_images_are_found_by_suffix_in_either_case_at_any_depth(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b/c.PNG", "b/d/e.TiFF", "f.webp", "g.avif")
    put(tmp_path, "Thumbs.db", "desktop.ini", "notes.txt", "png", "h.png.part", "i")
    assert names(tmp_path) == ["a.jpg", "b/c.PNG", "b/d/e.TiFF", "f.webp", "g.avif"]


def test_the_order_is_that_of_the_relative_posix_path(tmp_path: Path) -> None:
    """Path objects would sort a/z before a-b, as they compare part by part."""
    put(tmp_path, "a/z.png", "a-b/a.png", "Z.png", "10.png", "9.png", "ä.png")
    expected = ["10.png", "9.png", "Z.png", "a-b/a.png", "a/z.png", "ä.png"]
    assert names(tmp_path) == expected
    assert list_images(tmp_path)[0] == tmp_path / "10.png"


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    put(tmp_path, "._a.jpg", ".b.png", ".cache/c.png", "d/.e/f.png", "g.png")
    assert names(tmp_path) == ["g.png"]
    put(tmp_path, ".hidden/inside.png")
    assert names(tmp_path / ".hidden") == ["inside.png"]  # named explicitly


def test_folders_and_pipes_named_like_images_are_not_images(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    put(tmp_path, "folder.png/a.png")
    os.mkfifo(tmp_path / "pipe.png")
    assert names(tmp_path) == ["folder.png/a.png"]


def test_links_to_files_stay_in_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(tmp_path, "root/in.png", "root/sub/deep.png", "out.png")
    (root / "to_in.png").symlink_to("in.png")
    (root / "sub" / "to_in.png").symlink_to(root / "in.png")
    (root / "to_out.png").symlink_to("../out.png")
    (root / "broken.png").symlink_to("nowhere.png")
    (root / "self.png").symlink_to("self.png")
    assert names(root) == ["in.png", "sub/deep.png", "sub/to_in.png", "to_in.png"]


def test_links_to_folders_are_not_followed_so_loops_end(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(tmp_path, "root/a/b.png", "elsewhere/c.png")
    (root / "a" / "up").symlink_to("..")
    (root / "out").symlink_to("../elsewhere")
    assert names(root) == ["a/b.png"]
    reason = "a link to a folder outside the folder, which is not followed"
    assert find_images(root).skipped == [(root / "out", reason)]


@pytest.mark.parametrize(("there", "expected"), [
    ([], ""),
    (["a.npy", "b.npy", "c/d.dcm", "README"],
     ": 4 files of other kinds (.npy, .dcm, no suffix); images end in .jpg, .png, .tif, .webp and "
     "so on"),
])  # fmt: skip
def test_the_error_for_a_folder_without_images_lists_other_files(
    there: list[str], expected: str, tmp_path: Path
) -> None:
    for name in there:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    line = nothing_found(tmp_path, find_images(tmp_path))
    assert line == f"{tmp_path}: no images in this folder or below it{expected}"


def test_skipped_files_are_reported_by_reason(tmp_path: Path) -> None:
    skipped = [(tmp_path / f"{n}.png", "a") for n in range(5)] + [(tmp_path / "x/y", "b")]
    assert skipped_lines(tmp_path, skipped) == [
        f"{tmp_path}: 0.png, 1.png, 2.png and 2 more: a",
        f"{tmp_path}: x/y: b",
    ]


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path, "real/a.png")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "b.png").symlink_to("a.png")
    assert names(tmp_path / "link") == ["a.png", "b.png"]


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"missing: no such folder"):
        list_images(tmp_path / "missing")
    put(tmp_path, "file.png")
    with pytest.raises(ValueError, match=r"file\.png: not a folder"):
        list_images(tmp_path / "file.png")

    def denied(folder: object) -> None:
        raise PermissionError(13, "Permission denied", str(folder))

    monkeypatch.setattr("os.scandir", denied)
    with pytest.raises(ValueError, match=r"Permission denied") as caught:
        list_images(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))
