"""Files of generators: safetensors whose metadata describes how to build the network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gan.config.choices import Range, is_range
from gan.networks import build_generator
from gan.networks.described import (
    read_described,
    read_metadata,
    state_dict_mismatch,
    write_described,
)

KEY = "gan_generator"
"""Key of the entry in the metadata."""
VERSION = 1
"""Version of the entry's format."""


def save_generator(
    weights: Mapping[str, Tensor], path: Path, spec: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a generator's weights, how to build it, and facts about its training, atomically."""
    write_described(path, weights, KEY, {"version": VERSION, "generator": spec, "about": about})


def read_about(path: Path) -> dict[str, Any]:
    """Return the facts about a generator's training without reading weights; {} for other files."""
    try:
        return dict(json.loads(read_metadata(path, "generator")[KEY])["about"])
    except (ValueError, KeyError, TypeError):
        return {}


def ranges_of(about: Mapping[str, Any], file: Path) -> tuple[Range | None, Range | None]:
    """Return the ranges of a generator's inputs and outputs; ValueError if they are invalid."""
    found: list[Range | None] = []
    for key in ("range_in", "range_out"):
        values = about.get(key)
        match values:
            case None:
                found.append(None)
            case [int() | float() as low, int() | float() as high] if is_range(low, high):
                found.append((low, high))
            case _:
                raise ValueError(f"{file}: {key} is {values}, must be two numbers, the lower first")
    return found[0], found[1]


def load_generator(path: Path) -> tuple[nn.Module, dict[str, Any], dict[str, Any]]:
    """Build the generator of a file, on the CPU in eval mode; return it, its arguments, the facts.

    ValueError names the file if it is not a generator, is damaged, has a later version, or its
    weights do not fit its description.
    """
    tensors, description = read_described(path, KEY, "generator")
    try:
        described = json.loads(description)
        version = described.get("version", VERSION)
        if version != VERSION:
            raise ValueError(f"version {version} of this format; this program reads {VERSION}")
        spec, about = described["generator"], described["about"]
        if not isinstance(about, dict):
            raise TypeError(f"about is {json.dumps(about)}")
        network = fill(spec, tensors)
    except (RuntimeError, TypeError, KeyError, ValueError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path}: weights and description do not fit: {reason}") from error
    return network, spec, about


def fill(spec: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> nn.Module:
    """Build a generator around its weights, in eval mode.

    Only the given tensors use memory, even if a description claims large sizes. ValueError names
    the first tensor that is missing, unknown or of another shape.
    """
    with torch.device("meta"):
        network = build_generator(**spec)
    wanted = network.state_dict()
    if problem := state_dict_mismatch(wanted, tensors, wanted):
        raise ValueError(problem)
    network.load_state_dict(tensors, assign=True)
    return network.eval()
