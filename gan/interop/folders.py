"""Which files of a run directory are its generators, ours or the reference's."""

from pathlib import Path

from gan.domains import Direction


def find_generator(path: Path, direction: Direction | None) -> Path:
    """The generator's file that a path and a direction mean."""
    if direction not in (None, "ab", "ba"):
        raise ValueError(f"direction {direction}: must be ab or ba")
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path}: no such run directory or generator file")
    found = generators_in(path)
    if not found:
        raise ValueError(f"{path}: no gen_ab.safetensors or gen_ba.safetensors in this folder")
    if direction is None:
        if len(found) > 1:
            raise ValueError(f"{path}: holds both generators; say which with direction ab or ba")
        return next(iter(found.values()))
    if direction not in found:
        (other,) = found.values()
        file = path / f"gen_{direction}.safetensors"
        raise ValueError(f"{file}: no such generator; this run has {other.name}")
    return found[direction]


def generators_in(folder: Path) -> dict[Direction, Path]:
    """The generators of a run directory, ours or the reference's, by their directions."""
    names: dict[Direction, tuple[str, str]] = {
        "ab": ("gen_ab.safetensors", "latest_net_G_A.pth"),
        "ba": ("gen_ba.safetensors", "latest_net_G_B.pth"),
    }
    for kind in (0, 1):
        files = {way: folder / both[kind] for way, both in names.items()}
        if found := {way: file for way, file in files.items() if file.is_file()}:
            return found
    return {}
