"""A generator as one file: safetensors whose metadata says how to build the network again."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from gan.networks import build_generator
from gan.networks.described import read_described, write_described

KEY = "gan_generator"
"""The entry of the metadata."""


def save_generator(
    weights: Mapping[str, Tensor], path: Path, spec: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a generator's weights, how to build it, and facts about its training, atomically."""
    described = {"version": 1, "generator": spec, "about": about}
    write_described(path, weights, KEY, described, "generator")


def read_about(path: Path) -> dict[str, Any]:
    """The facts about a generator's training, without its weights; {} where it is none of ours."""
    try:
        with safe_open(path, framework="pt") as file:
            about: dict[str, Any] = dict(json.loads((file.metadata() or {})[KEY])["about"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError):
        return {}
    return about


def load_generator(path: Path) -> tuple[nn.Module, dict[str, Any], dict[str, Any]]:
    """Build the generator of a file, on the CPU and in eval mode; with its arguments and the facts
    about it.

    ValueError names the file where it is no generator, is damaged, or its weights do not fit its
    description.
    """
    tensors, description = read_described(path, KEY, "generator")
    try:
        described = json.loads(description)
        spec, about = described["generator"], described["about"]
        network = build_generator(**spec)
        network.load_state_dict(tensors)
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path}: weights and description do not fit: {reason}") from error
    return network.eval(), spec, about
