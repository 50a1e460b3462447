"""A generator as one file: safetensors whose metadata says how to build the network again."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gan.networks import build_generator

KEY = "gan_generator"
"""The one entry of the metadata: several would be written in random order."""
VERSION = 1
"""Of what that entry says."""


def save_generator(
    weights: Mapping[str, Tensor], path: Path, spec: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a generator's weights, how to build it, and facts about its training, atomically."""
    tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
    metadata = {KEY: json.dumps({"version": VERSION, "generator": spec, "about": about})}
    write_atomically(path, lambda file: file.write(save(tensors, metadata)))


def write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file that appears whole or not at all; OSError names it."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(f"{path}: the generator cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def load_generator(path: Path) -> tuple[nn.Module, dict[str, Any], dict[str, Any]]:
    """Build the generator of a file, on the CPU and in eval mode; with its arguments and the facts
    about it.

    ValueError names the file where it is no generator, is damaged, of a later version, or its
    weights do not fit its description.
    """
    tensors, metadata = read_safetensors(path)
    if KEY not in metadata:
        raise ValueError(f"{path}: not one of our generators ({KEY} is missing in its metadata)")
    try:
        described = json.loads(metadata[KEY])
        version = described.get("version", VERSION)
        if version != VERSION:
            raise ValueError(f"version {version} of this format; this program reads {VERSION}")
        spec, about = described["generator"], described["about"]
        network = fill(spec, tensors)
    except (RuntimeError, TypeError, KeyError, ValueError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path}: weights and description do not fit: {reason}") from error
    return network, spec, about


def read_metadata(path: Path) -> dict[str, str]:
    """What a file says of itself; ValueError names it where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> ValueError:
    """That a file cannot be opened, in one line."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ValueError(f"{path}: cannot be read as a generator: {reason}")


def read_safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file, on the CPU; ValueError names it where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            # The file's own pages would change with it.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error) from error


def fill(spec: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> nn.Module:
    """Build a generator around its weights, in eval mode.

    Nothing is allocated: a description that lies about sizes costs no memory. ValueError names the
    first tensor that is missing, foreign or of another shape.
    """
    with torch.device("meta"):
        network = build_generator(**spec)
    wanted = network.state_dict()
    problems = [f"{name} is missing" for name in wanted if name not in tensors]
    problems += [f"{name} is foreign" for name in tensors if name not in wanted]
    problems += [
        f"{name} is {tuple(tensors[name].shape)} in place of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise ValueError(problems[0] + more)
    network.load_state_dict(tensors, assign=True)
    return network.eval()
