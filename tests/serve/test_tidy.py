"""Visitors' old files are deleted."""

import os
from pathlib import Path

from gan.serve.studio import Studio
from gan.serve.tidy import bytes_in, sweep


def test_only_old_files_and_empty_folders_are_deleted(studio: Studio, tmp_path: Path) -> None:
    folder, outside = studio.folder, tmp_path / "outside.png"
    outside.write_bytes(b"x")
    for name in ("old/a.png", "old/deep/b.png", "kept/c.png", "new/d.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"1234")
    (folder / "old" / "link").symlink_to(outside)
    assert bytes_in(folder) == 16 + len(str(outside))
    for path in [outside, *folder.rglob("*")]:
        if not path.is_relative_to(folder / "new"):
            os.utime(path, (0, 0), follow_symlinks=False)
    with studio.keep([folder / "kept" / "c.png"]):
        sweep(folder, studio.needed)
        sweep(folder, studio.needed)
    # Deleting a file updates the time of its folder.
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert left == {"kept/c.png", "new/d.png"}
    assert outside.exists()
    assert not studio.needed(folder / "kept" / "c.png")
    for path in folder.rglob("*"):
        os.utime(path, (0, 0))
    sweep(folder, studio.needed, age=-1)
    sweep(folder, studio.needed, age=-1)
    assert list(folder.iterdir()) == []
