"""Initial weights of a new run, from other runs or from files of other projects."""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS, Direction
from gan.interop import find_generator, generators_in, open_generator
from gan.interop.reading import read_tensors
from gan.networks.assembly import generator_spec
from gan.training.checkpoint.states import newest_state
from gan.training.optimization import by_name

KEYS = {
    "kind": "networks.generator",
    "channels": "networks.generator_channels",
    "norm": "networks.norm",
    "upsample": "networks.upsample",
    "downsample": "networks.downsample",
}
"""Arguments of a generator on which its weights depend, and the keys that set them."""
REFERENCE_DISCRIMINATORS = {"disc_a": "latest_net_D_B.pth", "disc_b": "latest_net_D_A.pth"}
"""The reference's files for our discriminators. Its D_A classifies outputs of G_A, images of B."""


def load_initial_weights(
    config: Config, networks: Mapping[str, nn.Module], *, main: bool = True
) -> None:
    """Load the weights that networks.weights* name into a new run's networks (gen_ab and so on).

    Networks without a file keep their random weights; the main process prints which networks do. No
    file is read if the run has a training state, from which it resumes. ValueError, with the key,
    the file and what to set, if a file cannot be read or belongs to another network.
    """
    chosen = config.networks
    named = chosen.weights or chosen.weights_ab or chosen.weights_ba
    if not named or any((config.run.dir / "state").glob("step-*")):
        return
    if chosen.weights and not chosen.weights.is_dir():
        raise ValueError(f"networks.weights: {chosen.weights}: no such folder")
    found = dict([*_generators(config), *_discriminators(chosen.weights)])
    if not found.keys() & networks.keys():
        raise ValueError(
            f"networks.weights: {chosen.weights}: has no weights for this run's networks: remove "
            "the key or name another folder"
        )
    for name, network in networks.items():
        if name in found:
            load(network, *found[name])
    if main:
        sources = [f"{name} {'from a file' if name in found else 'random'}" for name in networks]
        print(f"initial weights: {', '.join(sources)}", file=sys.stderr)


Weights = tuple[Mapping[str, Tensor], str]
"""State of a network, and the text "KEY: FILE" that says where it comes from."""


def _generators(config: Config) -> Iterator[tuple[str, Weights]]:
    """Yield (name, weights) of each generator in the files that networks.weights* name."""
    data, chosen = config.data, config.networks
    folder = generators_in(chosen.weights) if chosen.weights else {}
    for direction, ends in DIRECTIONS.items():
        named: Path | None = getattr(chosen, f"weights_{direction}")
        key = f"networks.weights_{direction}" if named else "networks.weights"
        if path := named or folder.get(direction):
            wanted = generator_spec(chosen, data.channels(ends.source), data.channels(ends.target))
            yield f"gen_{direction}", weights_in(key, path, direction, wanted)


def weights_in(key: str, path: Path, direction: Direction, wanted: dict[str, Any]) -> Weights:
    """Return the weights in a generator's file; ValueError if it is invalid or they do not fit."""
    try:
        file = find_generator(path, direction)
        opened = open_generator(file, direction)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
    spec = {"downsample": "stride"} | opened.spec
    if another := [f"{KEYS[name]} {spec[name]}" for name in KEYS if spec[name] != wanted[name]]:
        raise ValueError(f"{key}: {file} belongs to another network: set {', '.join(another)}")
    ends = DIRECTIONS[direction]
    for name, domain in (("in_channels", ends.source), ("out_channels", ends.target)):
        if spec[name] != wanted[name]:
            raise ValueError(
                f"{key}: {file} is for {spec[name]} channels of domain {domain.upper()}: "
                f"set data.channels_{domain} {spec[name]}"
            )
    shift = int(bool(wanted["dropout"])) - int(bool(spec["dropout"]))
    return _moved(opened.network.state_dict(), shift), f"{key}: {file}"


def _moved(state: Mapping[str, Tensor], shift: int) -> dict[str, Tensor]:
    """Return a state whose indices of layers after the dropout of ResNet blocks are shifted.

    Dropout has no weights but occupies an index: shift is 1 to insert it, -1 to remove it, else 0.
    """
    return {
        re.sub(r"(conv_block\.)([567])", lambda m: f"{m[1]}{int(m[2]) + shift}", name): tensor
        for name, tensor in state.items()
    }


def _discriminators(folder: Path | None) -> Iterator[tuple[str, Weights]]:
    """Yield (name, weights) of each discriminator in the authors' files or a run's folder."""
    if folder is None:
        return
    for name, file in REFERENCE_DISCRIMINATORS.items():
        if (folder / file).is_file():
            yield name, (read_tensors(folder / file), f"networks.weights: {folder / file}")
    saved, _ = newest_state(folder / "state")
    if saved and saved.recipe in RECIPES:
        states = by_name(saved.load(0)[0]["networks"], RECIPES[saved.recipe].networks)
        for name in REFERENCE_DISCRIMINATORS.keys() & states.keys():
            yield name, (states[name], f"networks.weights: {saved.folder}")


def load(network: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copy weights into a network; ValueError, beginning with `where`, if they do not fit."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise ValueError(f"{where} does not fit {type(network).__name__}: {reason}") from error
