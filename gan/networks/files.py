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
    """Write a generator's file, atomically.

    It holds the weights, the arguments of build_generator (`spec`), and facts about the training
    (`about`). OSError, with the file's name, if it cannot be written.
    """
    write_described(path, weights, KEY, {"version": VERSION, "generator": spec, "about": about})


def read_about(path: Path) -> dict[str, Any]:
    """Return the facts about a generator's training without reading weights; {} for other files."""
    try:
        return dict(json.loads(read_metadata(path, "generator")[KEY])["about"])
    except (ValueError, KeyError, TypeError):
        return {}


def ranges_of(about: Mapping[str, Any], file: Path) -> tuple[Range | None, Range | None]:
    """Return the ranges of a generator's inputs and of its outputs, None for one that is not set.

    ValueError, with the file's name, if one is invalid.
    """
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
    """Return a file's generator, its arguments of build_generator, and facts about its training.

    The generator is on the CPU in eval mode. ValueError, with the file's name, if the file is not a
    generator's, is damaged or of another version, or if its weights do not fit its description.
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
    """Return a generator, in eval mode, whose weights are the given tensors themselves.

    Only these use memory, even if `spec` claims large sizes. ValueError, with the first such
    tensor, if tensors are missing, unknown or of another shape.
    """
    with torch.device("meta"):
        network = build_generator(**spec)
    wanted = network.state_dict()
    if problem := state_dict_mismatch(wanted, tensors, wanted):
        raise ValueError(problem)
    network.load_state_dict(tensors, assign=True)
    return network.eval()
