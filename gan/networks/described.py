"""A file of tensors and one JSON description of what they are: safetensors, whole or not there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gan.system.atomic import write_whole


def write_described(
    path: Path, tensors: Mapping[str, Tensor], key: str, described: dict[str, Any]
) -> None:
    """Write tensors with a description under the one key of the metadata, atomically.

    One key, because several would be written in random order. OSError names the file.
    """
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    content = save(whole, {key: json.dumps(described)})
    write_whole(path, lambda file: file.write(content))


def read_described(path: Path, key: str, what: str) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file, and the description as it is; ValueError where it is no `what`."""
    tensors, metadata = read_safetensors(path, what)
    if key not in metadata:
        raise ValueError(f"{path}: not one of our {what}s ({key} is missing in its metadata)")
    return tensors, metadata[key]


def read_safetensors(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a file, on the CPU; ValueError names it where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            # The file's own pages would change with it.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return tensors, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error, what) from error


def read_metadata(path: Path, what: str) -> dict[str, str]:
    """What a file says of itself; ValueError names it where it is none."""
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise unreadable(path, error, what) from error


def unreadable(path: Path, error: Exception, what: str) -> ValueError:
    """That a file cannot be opened, in one line."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return ValueError(f"{path}: cannot be read as a {what}: {reason}")
