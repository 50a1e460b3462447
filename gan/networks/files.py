"""A generator as one file: safetensors whose metadata says how to build the network again."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gan.networks import build_generator

KEY = "gan_generator"
"""The one entry of the metadata: several would be written in random order."""


def save_generator(
    weights: Mapping[str, Tensor], path: Path, spec: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a generator's weights, how to build it, and facts about its training, atomically."""
    tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
    metadata = {KEY: json.dumps({"version": 1, "generator": spec, "about": about})}
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(save(tensors, metadata))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(f"{path}: the generator cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


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
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as a generator: {error}") from error
    if KEY not in metadata:
        raise ValueError(f"{path}: not one of our generators ({KEY} is missing in its metadata)")
    try:
        described = json.loads(metadata[KEY])
        spec, about = described["generator"], described["about"]
        network = build_generator(**spec)
        network.load_state_dict(tensors)
    except (RuntimeError, TypeError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path}: weights and description do not fit: {reason}") from error
    return network.eval(), spec, about
