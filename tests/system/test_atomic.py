"""Files that appear complete or not at all, and locks between processes."""

import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from gan.system import atomic
from gan.system.atomic import lock, remove_parts, write_whole

HOLD = """
import sys
from pathlib import Path
from gan.system.atomic import lock
with Path(sys.argv[1]).open("ab") as file:
    lock(file)
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, lambda file: file.write(b"old"))

    def fail(file: BinaryIO) -> None:
        file.write(b"new")
        raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        write_whole(path, fail)
    assert [(each.name, each.read_bytes()) for each in path.parent.iterdir()] == [("file", b"old")]


def test_a_file_that_another_process_holds_is_waited_for_or_reported(tmp_path: Path) -> None:
    path = tmp_path / "file"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with path.open("ab") as file:
        with pytest.raises(BlockingIOError):
            lock(file)
        holder.communicate("\n")
        lock(file, wait=True)


def test_a_disk_without_locks_is_written_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is removed there, because it is not known whether a writer is alive."""

    def no_locks(*_: object, **__: object) -> bool:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(atomic, "lock_descriptor", no_locks)
    write_whole(tmp_path / "file", lambda file: file.write(b"all"))
    part = tmp_path / f".{'0' * 32}.part"
    part.touch()
    remove_parts(tmp_path)
    assert sorted(tmp_path.iterdir()) == [part, tmp_path / "file"]


def test_a_part_that_is_removed_before_it_is_locked_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process may take it for the leftover of a killed writer."""
    removals = 3

    def slow(file: BinaryIO, *, wait: bool = False) -> None:
        nonlocal removals
        if removals:
            removals -= 1
            monkeypatch.undo()
            remove_parts(tmp_path)
            monkeypatch.setattr(atomic, "lock", slow)
        lock(file, wait=wait)

    monkeypatch.setattr(atomic, "lock", slow)
    write_whole(tmp_path / "file", lambda file: file.write(b"all"))
    assert removals == 0
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"all")]


def test_a_part_is_locked_until_it_is_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def meanwhile(part: Path, path: Path) -> Path:
        remove_parts(tmp_path)
        return rename(part, path)

    monkeypatch.setattr(Path, "replace", meanwhile)
    write_whole(tmp_path / "file", lambda file: file.write(b"all"))
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("file", b"all")]


def test_a_folder_that_cannot_be_made_is_named_and_not_a_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    folder = tmp_path / "taken" / "sub"
    with pytest.raises(OSError, match=r"sub: cannot be created: .*taken is a file$") as e:
        write_whole(folder / "inner.part", lambda file: file.write(b"x"))
    assert "inner" not in str(e.value)
