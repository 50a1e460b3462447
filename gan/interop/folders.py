"""Which files of a run directory are its generators, ours or the reference's."""

from pathlib import Path

from gan.domains import DIRECTIONS, Direction


def find_generator(path: Path, direction: Direction | None) -> Path:
    """Return the generator's file that a path and a direction mean."""
    if direction is not None and direction not in DIRECTIONS:
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
    """Return the generators of a run directory, ours or the reference's, by direction."""
    ours = {each: folder / f"gen_{each}.safetensors" for each in DIRECTIONS}
    reference = {
        each: folder / f"latest_net_G_{ends.source.upper()}.pth"
        for each, ends in DIRECTIONS.items()
    }
    for files in (ours, reference):
        if found := {each: file for each, file in files.items() if file.is_file()}:
            return found
    return {}
