"""A generator as one file: safetensors whose metadata tells how to build the network again."""

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
"""The entry of the metadata."""
VERSION = 1
"""Of what that entry says."""


def save_generator(
    weights: Mapping[str, Tensor], path: Path, spec: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a generator's weights, how to build it, and facts about its training, atomically."""
    write_described(path, weights, KEY, {"version": VERSION, "generator": spec, "about": about})


def read_about(path: Path) -> dict[str, Any]:
    """Return the facts about a generator's training, without its weights; {} if it is not ours."""
    try:
        return dict(json.loads(read_metadata(path, "generator")[KEY])["about"])
    except (ValueError, KeyError, TypeError):
        return {}


def ranges_of(about: Mapping[str, Any], file: Path) -> tuple[Range | None, Range | None]:
    """Return the ranges of a generator's inputs and outputs; ValueError where they are none."""
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
    """Build the generator of a file, on the CPU and in eval mode; with its arguments and the facts
    about it.

    ValueError names the file where it is not a generator, is damaged, of a later version, or its
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

    Nothing is allocated: a description that lies about sizes costs no memory. ValueError names the
    first tensor that is missing, foreign or of another shape.
    """
    with torch.device("meta"):
        network = build_generator(**spec)
    wanted = network.state_dict()
    if problem := state_dict_mismatch(wanted, tensors, wanted):
        raise ValueError(problem)
    network.load_state_dict(tensors, assign=True)
    return network.eval()
