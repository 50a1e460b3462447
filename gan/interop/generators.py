"""Find generators in folders, and open a generator's file as one of our networks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan.domains import DIRECTIONS, Direction
from gan.interop.names import (
    State,
    direction_from_file,
    direction_from_name,
    reference_names,
    split_parts,
)
from gan.interop.reading import PICKLES, read_tensors
from gan.interop.recognition import completed, recognize
from gan.networks.described import read_metadata
from gan.networks.files import KEY, fill, load_generator

EXPORTED = (".onnx", ".pt2")
SHOWN = 4
"""Largest number of tensors that an error lists."""


@dataclass(frozen=True)
class Opened:
    """A generator in eval mode, on the CPU."""

    network: nn.Module
    spec: dict[str, Any]
    """The arguments of build_generator."""
    about: dict[str, Any]
    """Facts known from the generator's file, with the direction if it is known."""


def in_words(spec: Mapping[str, Any]) -> str:
    """Return a short description of the network for these arguments of build_generator."""
    styles = f", {spec['styles']} styles" if "styles" in spec else ""
    norm = "its own" if styles else spec.get("norm", "its own")
    return f"{spec['kind']}, {spec['channels']} channels, norm {norm}{styles}"


def find_generator(path: Path, direction: Direction | None) -> Path:
    """Return the path of a generator's file, given the file itself or a run directory.

    ValueError if there is none, or if both directions exist and none is chosen.
    """
    if direction is not None and direction not in DIRECTIONS:
        raise ValueError(f"direction: must be ab or ba, not {direction}")
    if path.is_file():
        return path
    if not path.is_dir():
        raise ValueError(f"{path}: no such run directory or generator file")
    found = generators_in(path)
    if not found:
        raise ValueError(f"{path}: no gen_ab.safetensors or gen_ba.safetensors in this folder")
    if direction is None and len(found) > 1:
        raise ValueError(f"{path}: has both generators: choose one with direction ab or ba")
    first = next(iter(found))
    if direction not in (None, *found):
        missing = path / f"gen_{direction}.safetensors"
        raise ValueError(f"{missing}: no such generator; this run has {found[first].name}")
    return found[direction or first]


def generators_in(folder: Path) -> dict[Direction, Path]:
    """Return a run directory's generator files by direction: ours or, if none, the reference's."""
    ours = {each: folder / f"gen_{each}.safetensors" for each in DIRECTIONS}
    reference = {
        each: folder / f"latest_net_G_{ends.source.upper()}.pth"
        for each, ends in DIRECTIONS.items()
    }
    found, foreign = (
        {each: file for each, file in files.items() if file.is_file()}
        for files in (ours, reference)
    )
    return found or foreign


def open_generator(
    path: Path, direction: Direction | None = None, part: str | None = None
) -> Opened:
    """Open a generator's file: ours, the reference's, CUT's, or another in one of their layouts.

    Architecture, norm, channels, blocks and dropout are inferred from names and shapes of tensors.
    If a file holds several generators, `direction` chooses the one whose name states it, and `part`
    the one whose name is `part` or ends with ".part". Code in a file is never run. ValueError, with
    the file and what it holds, if it holds no generator or the other direction, or several and the
    choice is not clear.
    """
    if path.suffix.lower() in EXPORTED:
        raise ValueError(
            f"{path}: is an export for other programs, this one does not read it: give the run's "
            "folder or its .safetensors file"
        )
    if path.suffix.lower() not in PICKLES and (
        part is None and KEY in read_metadata(path, "generator")
    ):
        opened = Opened(*load_generator(path))
    else:
        opened = _open_foreign(path, direction, part)
    found = opened.about.get("direction", direction)
    if direction not in (None, found):
        raise ValueError(f"{path}: translates {found}, not {direction}")
    return opened


def _open_foreign(path: Path, direction: Direction | None, part: str | None) -> Opened:
    """Return the generator in a file of another project, which does not describe its network."""
    tensors = read_tensors(path)
    found: dict[str, tuple[State, dict[str, Any], str]] = {}
    reasons: dict[str, str] = {}
    for name, state in split_parts(tensors).items():
        try:
            found[name] = _identified(state)
        except ValueError as error:
            reasons[name] = str(error)
    if not found:
        raise ValueError(f"{path}: holds no generator: {summary(tensors, reasons)}")
    name = _chosen(path, sorted(found), direction, part)
    state, spec, layout = found[name]
    try:
        _check(path, state)
        network = fill(spec, completed({key: plain(state[key]) for key in state}, spec))
    except ValueError as error:
        raise ValueError(f"{path}: looks like {in_words(spec)}, but {error}") from error
    about: dict[str, Any] = {"source": path.name, "layout": layout}
    if known := direction_from_name(name) or direction_from_file(path.stem):
        about["direction"] = known
    return Opened(network, spec, about)


def _identified(state: State) -> tuple[State, dict[str, Any], str]:
    """Return a network's tensors by the reference's names, its arguments, and their layout."""
    renamed, layout = reference_names(state)
    try:
        spec = recognize(renamed)
    except ValueError:
        if not all(name.startswith("model.model.") for name in renamed):
            raise
        # A wrapper that is also named model.
        return _identified({name.removeprefix("model."): state[name] for name in state})
    blur = "blur" in (spec["upsample"], spec["downsample"])
    return renamed, spec, "CUT" if blur else layout


def _chosen(path: Path, names: list[str], direction: Direction | None, part: str | None) -> str:
    """Return the name of the chosen generator; ValueError if none or several match."""
    meant = [name for name in names if part is None or f".{name}".endswith(f".{part}")]
    if not meant:
        there = f"it holds {', '.join(names)}" if any(names) else "its only generator has no name"
        raise ValueError(f"{path}: holds no generator {part}; {there}")
    if len(meant) > 1 and direction:
        meant = [name for name in meant if direction_from_name(name) == direction]
    if len(meant) != 1:
        named = {direction_from_name(name) for name in names} - {None}
        how = "direction ab or ba" if len(named) == len(names) else "gan convert FILE OUT --part"
        raise ValueError(f"{path}: holds {len(names)} generators ({', '.join(names)}): use {how}")
    return meant[0]


def plain(tensor: Tensor) -> Tensor:
    """Return a contiguous tensor; floats are converted to float32."""
    return (tensor.float() if tensor.is_floating_point() else tensor).contiguous()


def _check(path: Path, state: State) -> None:
    """Raise ValueError if tensors claim more bytes than the file has, or have invalid values.

    Weights and biases must be floats; all floats must be finite.
    """
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in state.values())
    if claimed > path.stat().st_size:
        raise ValueError(f"its tensors claim {claimed} bytes, more than the file has")

    for name, tensor in state.items():
        if name.endswith(("weight", "bias")) and not tensor.is_floating_point():
            raise ValueError(f"{name} holds {tensor.dtype}, not floats".replace("torch.", ""))
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"{name} is not finite")


def summary(tensors: dict[str, Tensor], reasons: dict[str, str]) -> str:
    """Return why no generator was found, and the first tensors of the file, as a sentence."""
    listed = [f"{name} {tuple(tensors[name].shape)}" for name in list(tensors)[:SHOWN]]
    rest = f" and {len(tensors) - SHOWN} more" if len(tensors) > SHOWN else ""
    why = next(iter(reasons.values()), "no tensors are named model.N")
    kernels = [name for name in tensors if name.endswith("model.0.weight")]
    if kernels and tensors[kernels[0]].shape[-2:] == torch.Size((4, 4)):
        why = "it looks like a discriminator"
    return f"{why}; found {json.dumps(', '.join(listed)) if listed else 'no tensors'}{rest}"
