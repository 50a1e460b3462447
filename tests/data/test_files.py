"""Lists of files in compact form hold what was put into them, without an object for each file."""

import gc
import os
import pickle
import sys
from pathlib import Path

import pytest

from gan.data.files import PIECE, FileList, Texts
from gan.system.remote import RemotePath, place
from gan.system.stores import Entry

NAMES = ["a.png", "ä/b c.png", os.fsdecode(b"caf\xe9.jpg"), "", "x" * 300]


def test_texts_come_back_one_by_one_and_in_a_row() -> None:
    texts = [*NAMES, *map(str, range(2 * PIECE + 1))]
    packed = Texts.of(texts)
    assert list(packed) == texts
    assert [packed[at] for at in range(len(NAMES))] == NAMES
    assert packed[-1] == texts[-1]
    with pytest.raises(IndexError):
        packed[len(texts)]
    assert list(Texts.of([])) == []


def test_a_list_of_files_is_equal_to_their_paths(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.png", "b/c.png", "d.png")]
    files = FileList.of(tmp_path, paths)
    assert files == tuple(paths)
    assert files[1] == paths[1]
    assert files[::2] == tuple(paths[::2])
    assert files != paths[:2]


def objects(count: int) -> FileList:
    entries = [Entry(f"{at:08d}.png", at, f"tag{at}") for at in range(count)]
    return FileList.of_objects(place("s3://bucket/photos"), entries)


def test_a_listing_is_written_and_read_for_its_own_url_and_limit_only(tmp_path: Path) -> None:
    files, path = objects(50), tmp_path / "list.npz"
    files.save(path, None)
    again = FileList.load(path, place("s3://bucket/photos"), None)
    assert again is not None
    assert again == files
    assert [(each.size, each.tag) for each in again if isinstance(each, RemotePath)] == [
        (at, f"tag{at}") for at in range(50)
    ]
    assert FileList.load(path, place("s3://bucket/other"), None) is None
    assert FileList.load(path, place("s3://bucket/photos"), 5) is None
    path.write_bytes(path.read_bytes()[:-40])
    assert FileList.load(path, place("s3://bucket/photos"), None) is None


def test_the_number_of_python_objects_and_the_bytes_of_a_name_do_not_grow() -> None:
    """A worker gets a list by pickle; Python's own paths take hundreds of bytes each."""
    few = objects(1_000)
    gc.collect()
    before = len(gc.get_objects())
    many = objects(6_000)
    gc.collect()
    assert len(gc.get_objects()) - before < 100
    grown = len(pickle.dumps(many)) - len(pickle.dumps(few))
    names = sum(len(f"{at:08d}.pngtag{at}") for at in range(1_000, 6_000))
    assert grown < names + 5_000 * 3 * 8 + 1_000
    assert grown < sum(sys.getsizeof(str(path)) for path in many[:5_000])
