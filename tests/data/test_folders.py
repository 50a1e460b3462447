"""Indexes of folders: files are decoded once, unreadable ones reported, changes noticed."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gan.config import DataConfig
from gan.data import Folder, folders, index_folder, index_folders, write_index
from gan.images import Mark, read_picture, write_picture

Photos = Callable[..., Path]


def index(root: Path, **changes: Any) -> Folder:
    arguments: dict[str, Any] = {"max_images": None, "max_unreadable": 0.5}
    return index_folder(root, **(arguments | changes))


def names(folder: Folder) -> list[str]:
    return [path.relative_to(folder.root).as_posix() for path in folder.files]


def cut(path: Path, share: float = 0.7) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def test_images_of_all_sub_folders_are_listed_in_order(photos: Photos, tmp_path: Path) -> None:
    photos("all/b", count=2)
    photos("all/a", count=1, suffix=".jpg")
    (tmp_path / "all" / "notes.txt").write_text("no image")
    folder = index(tmp_path / "all")
    assert folder.root == tmp_path / "all"
    assert names(folder) == ["a/000.jpg", "b/000.png", "b/001.png"]
    assert folder.unreadable == ()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 30}])
def test_a_jpeg_cut_off_after_its_header_is_found_although_it_is_decoded_at_an_eighth(
    photos: Photos, options: dict[str, Any]
) -> None:
    root = photos(count=3, suffix=".jpg")
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "001.jpg", **options)
    assert names(index(root)) == ["000.jpg", "001.jpg", "002.jpg"]
    cut(root / "001.jpg", 0.9)
    folder = index(root)
    assert names(folder) == ["000.jpg", "002.jpg"]
    assert len(folder.unreadable) == 1
    assert folder.unreadable[0].startswith(f"{root / '001.jpg'}: ")


def test_the_share_of_unreadable_files_is_limited(photos: Photos) -> None:
    root = photos(count=10)
    for number in (2, 5):
        cut(root / f"00{number}.png")
    assert len(index(root, max_unreadable=0.2).files) == 8
    with pytest.raises(ValueError, match=r"2 of 10 images .*data\.max_unreadable") as caught:
        index(root, max_unreadable=0.19)
    assert str(caught.value).startswith(f"{root}: ")
    for name in ("002.png", "005.png"):
        assert str(root / name) in str(caught.value)


def test_only_the_first_reasons_are_given(photos: Photos) -> None:
    root = photos(count=8)
    for path in root.iterdir():
        cut(path)
    with pytest.raises(ValueError, match="8 of 8 images") as caught:
        index(root, max_unreadable=1)
    assert re.findall(r"\d{3}\.png", str(caught.value)) == [f"00{i}.png" for i in range(5)]
    assert str(caught.value).endswith("...")


def test_a_folder_without_images_and_one_that_is_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no image")
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}/empty: no images"):
        index(tmp_path / "empty")
    with pytest.raises(ValueError, match=f"^{re.escape(str(tmp_path))}/gone: no such folder"):
        index(tmp_path / "gone")


def test_links_that_leave_the_folder_are_named_and_count(photos: Photos, tmp_path: Path) -> None:
    """Three files and a folder of links next to six images: 40 % of the data are missing."""
    root = photos(count=6)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for number in range(3):
        shutil.copy(root / "000.png", elsewhere / f"{number}.png")
        (root / f"link{number}.png").symlink_to(elsewhere / f"{number}.png")
    (root / "more").symlink_to(elsewhere)
    with pytest.raises(ValueError, match=r"4 of 10 images cannot be used") as caught:
        index(root, max_unreadable=0.39)
    lines = (
        f"{root}: link0.png, link1.png, link2.png: a link to a file outside the folder, which is "
        "not followed",
        f"{root}: more: a link to a folder outside the folder, which is not followed",
    )
    assert str(caught.value).endswith("; ".join(lines))
    folder = index(root, max_unreadable=0.4)
    assert len(folder.files) == 6
    assert folder.unreadable == lines
    assert len(index(root, max_images=3, max_unreadable=0).files) == 3


def test_max_images_takes_the_first_images_and_reads_no_other(photos: Photos) -> None:
    root = photos(count=6)
    cut(root / "004.png")
    folder = index(root, max_images=3, max_unreadable=0)
    assert names(folder) == ["000.png", "001.png", "002.png"]
    assert len(index(root, max_images=100).files) == 5


def test_images_with_a_short_side_are_skipped_with_their_size(photos: Photos) -> None:
    root = photos(count=2, size=(32, 32))
    Image.new("RGB", (40, 31)).save(root / "low.png")
    turned = Image.Exif()
    turned[274] = 6
    Image.new("RGB", (31, 40)).save(root / "narrow.jpg", exif=turned)
    folder = index(root, min_side=32)
    assert names(folder) == ["000.png", "001.png"]
    assert folder.unreadable == (
        f"{root / 'low.png'}: 40x31 pixels, smaller than 32",
        f"{root / 'narrow.jpg'}: 40x31 pixels, smaller than 32",
    )


def test_the_fingerprint_notices_what_changed_and_nothing_else(photos: Photos) -> None:
    """It is equal for equal folders, and changes with a name, a length or the number of files."""
    root = photos("one/photos")
    seen = [index(root).fingerprint]
    os.utime(root / "000.png", (0, 0))
    root = root.rename(root.parent.parent / "moved")
    assert index(root).fingerprint == seen[0]

    (root / "000.png").rename(root / "999.png")
    seen.append(index(root).fingerprint)
    with (root / "001.png").open("ab") as file:
        file.write(b"\0")
    seen.append(index(root).fingerprint)
    Image.new("RGB", (16, 16)).save(root / "new.png")
    seen.append(index(root).fingerprint)
    (root / "002.png").unlink()
    seen.append(index(root).fingerprint)
    (root / "sub").mkdir()
    (root / "003.png").rename(root / "sub" / "003.png")
    seen.append(index(root).fingerprint)
    (root / "sub").rename(root / "tub")
    seen.append(index(root).fingerprint)
    assert len(set(seen)) == 7


@pytest.mark.skipif(sys.platform != "linux", reason="other systems reject such names")
def test_undecodable_and_multiline_names_are_indexed(photos: Photos) -> None:
    root = photos(count=1)
    data = (root / "000.png").read_bytes()
    for name in (b"caf\xe9.png", b"two\nlines.png"):
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(data)
    assert len(index(root).files) == 3


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Return a list to which decoded files are added."""
    paths: list[Path] = []
    read = folders.unreadable

    def noted(path: Path, *others: Any) -> str | None:
        paths.append(path)
        return read(path, *others)

    monkeypatch.setattr(folders, "unreadable", noted)
    return paths


def age(path: Path, seconds: int = 10) -> None:
    os.utime(path, ns=(path.stat().st_mtime_ns - seconds * 10**9,) * 2)


def test_a_later_start_decodes_only_what_is_new_or_changed(
    photos: Photos, tmp_path: Path, decoded: list[Path]
) -> None:
    photos("data/trainA", 4), photos("data/trainB", 3)
    data = DataConfig(root=tmp_path / "data", load_size=16, crop_size=16, max_unreadable=0.5)
    for path in (tmp_path / "data").rglob("*.png"):
        age(path)
    first = index_folders(data, known=tmp_path / "index.json")
    assert len(decoded) == 7
    write_index(tmp_path / "index.json", first.values())
    decoded.clear()
    assert index_folders(data, known=tmp_path / "index.json") == first
    assert decoded == []
    a = tmp_path / "data" / "trainA"
    cut(a / "000.png")  # another length
    age(a / "001.png", seconds=1)  # another time
    (a / "002.png").rename(a / "other.png")
    second = index_folders(data, known=tmp_path / "index.json")
    assert sorted(decoded) == [a / name for name in ("000.png", "001.png", "other.png")]
    assert [str(a / "000.png") in reason for reason in second["a"].unreadable] == [True]
    decoded.clear()
    smaller = data.model_copy(update={"resize": "none", "crop_size": 18})
    index_folders(smaller, known=tmp_path / "index.json")
    assert len(decoded) == 7, "another least side"


def test_an_index_does_not_trust_files_that_were_just_written(
    photos: Photos, tmp_path: Path, decoded: list[Path]
) -> None:
    """A second change within the same tick of the disk's clock would not show."""
    photos("data/trainA", 2), photos("data/trainB", 2)
    data = DataConfig(root=tmp_path / "data", load_size=16, crop_size=16)
    write_index(tmp_path / "index.json", index_folders(data).values())
    decoded.clear()
    index_folders(data, known=tmp_path / "index.json")
    assert len(decoded) == 4


@pytest.mark.parametrize("text", ["", "[]", '{"read": 3}', '{"read": {"a": []}, "at": 9}', "\xff"])
def test_a_damaged_index_is_ignored(
    text: str, photos: Photos, tmp_path: Path, decoded: list[Path]
) -> None:
    photos("data/trainA", 2), photos("data/trainB", 2)
    data = DataConfig(root=tmp_path / "data", load_size=16, crop_size=16)
    (tmp_path / "index.json").write_bytes(text.encode("latin-1"))
    index_folders(data, known=tmp_path / "index.json")
    assert len(decoded) == 4


def test_images_made_by_a_model_are_counted(photos: Photos) -> None:
    root = photos(count=4)
    assert index(root).remarks == {}
    for name in ("000.png", "002.png"):
        write_picture(read_picture(root / name).with_mark(Mark()), root / name)
    ((remark, count),) = index(root).remarks.items()
    assert count == 2
    assert remark.startswith("marked as made by a trained model: remove them")
