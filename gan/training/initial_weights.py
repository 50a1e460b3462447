"""Where a new run's weights come from, if not from its seed: other runs, other people's files."""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from gan.config import Config
from gan.domains import Direction
from gan.interop import find_generator, generators_in, open_generator
from gan.interop.reading import read_tensors
from gan.networks.assembly import generator_spec
from gan.training.checkpoint import newest_state

KEYS = {
    "kind": "networks.generator",
    "channels": "networks.generator_channels",
    "norm": "networks.norm",
    "upsample": "networks.upsample",
    "downsample": "networks.downsample",
}
"""What the arguments of a generator are called in the configuration; dropout has no weights."""
REFERENCE_DISCRIMINATORS = {"disc_a": "latest_net_D_B.pth", "disc_b": "latest_net_D_A.pth"}
"""The reference's discriminators are named for the generator that they judge."""


def begin(config: Config, networks: Mapping[str, nn.Module], *, main: bool = True) -> None:
    """Give a new run's networks, gen_ab and the like, the weights that networks.weights* name.

    Networks for which there are none keep their initial weights, and the main process says which.
    A run that has a training state goes on from that, and no file is read. ValueError names the key
    and the file where it cannot be read or is of another network, with what to set.
    """
    chosen = config.networks
    if not (chosen.weights or chosen.weights_ab or chosen.weights_ba):
        return
    if any((config.run.dir / "state").glob("step-*")):
        return
    if chosen.weights and not chosen.weights.is_dir():
        raise ValueError(f"networks.weights: {chosen.weights}: no such folder")
    found = dict([*generators(config), *discriminators_in(chosen.weights)])
    if not found.keys() & networks.keys():
        raise ValueError(f"networks.weights: {chosen.weights}: no generators or discriminators")
    for name, network in networks.items():
        if name in found:
            found[name](network)
    said = [f"{name} {'given' if name in found else 'initial'}" for name in networks]
    if main:
        print(f"weights at the start: {', '.join(said)}", file=sys.stderr)


Load = Callable[[nn.Module], None]


def generators(config: Config) -> Iterator[tuple[str, Load]]:
    """What loads each generator for which a file is named."""
    data, chosen = config.data, config.networks
    folder = generators_in(chosen.weights) if chosen.weights else {}
    ways: dict[Direction, tuple[Path | None, int, int]] = {
        "ab": (chosen.weights_ab, data.channels_a, data.channels_b),
        "ba": (chosen.weights_ba, data.channels_b, data.channels_a),
    }
    for way, (named, inside, outside) in ways.items():
        key = f"networks.weights_{way}" if named else "networks.weights"
        if path := named or folder.get(way):
            wanted = generator_spec(chosen, inside, outside)
            yield f"gen_{way}", loader(key, path, way, wanted)


def loader(key: str, path: Path, way: Direction, wanted: dict[str, Any]) -> Load:
    """What gives a generator the weights of a file; ValueError where they are of another one."""
    try:
        file = find_generator(path, way)
        opened = open_generator(file, way)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
    spec = {"downsample": "stride"} | opened.spec
    if another := [f"{KEYS[name]} {spec[name]}" for name in KEYS if spec[name] != wanted[name]]:
        raise ValueError(f"{key}: {file} is of another network: set {', '.join(another)}")
    for name, domain in (("in_channels", way[0]), ("out_channels", way[1])):
        if spec[name] != wanted[name]:
            raise ValueError(
                f"{key}: {file} is for {spec[name]} channels of domain {domain.upper()}: "
                f"set data.channels_{domain} {spec[name]}"
            )
    state = opened.network.state_dict()
    shift = int(bool(wanted["dropout"])) - int(bool(spec["dropout"]))
    return lambda network: load(network, moved(state, shift), f"{key}: {file}")


def moved(state: Mapping[str, Tensor], shift: int) -> dict[str, Tensor]:
    """A ResNet's state with the second half of its blocks moved: dropout takes a place there."""
    return {
        re.sub(r"(conv_block\.)([567])", lambda m: f"{m[1]}{int(m[2]) + shift}", name): tensor
        for name, tensor in state.items()
    }


def discriminators_in(folder: Path | None) -> Iterator[tuple[str, Load]]:
    """What loads each discriminator that a run's folder holds, the reference's or ours."""
    if folder is None:
        return
    for name, file in REFERENCE_DISCRIMINATORS.items():
        if (folder / file).is_file():
            yield name, given(read_tensors(folder / file), folder / file)
    saved, _ = newest_state(folder / "state")
    if saved and saved.manifest.get("recipe", "cyclegan") == "cyclegan":
        states = saved.load(0)[0]["networks"]
        for name, state in zip(("disc_a", "disc_b"), states[2:], strict=False):
            yield name, given(state, saved.folder)


def given(state: Mapping[str, Tensor], file: Path) -> Load:
    """What gives a discriminator these weights."""
    return lambda network: load(network, state, f"networks.weights: {file}")


def load(network: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copy weights into a network; ValueError where they are of another one."""
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).splitlines()[1].strip()
        raise ValueError(f"{where} does not fit {type(network).__name__}: {reason}") from error
