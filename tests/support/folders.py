"""The state of a folder, to detect changes."""

from pathlib import Path


def state(root: Path) -> dict[str, tuple[int, int, bytes | None]]:
    paths = sorted(root.rglob("*"))
    return {
        str(p): (p.lstat().st_mtime_ns, p.lstat().st_mode, p.read_bytes() if p.is_file() else None)
        for p in paths
    }
