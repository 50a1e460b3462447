"""A file of tensors and one JSON description of what they are: safetensors, whole or not there."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor


def write_described(
    path: Path, tensors: Mapping[str, Tensor], key: str, described: dict[str, Any], what: str
) -> None:
    """Write tensors with a description under the one key of the metadata, atomically.

    One key, because several would be written in random order. OSError says that `what` cannot be
    written.
    """
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(save(whole, {key: json.dumps(described)}))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OSError(f"{path}: the {what} cannot be written: {error.strerror}") from error
    finally:
        temporary.unlink(missing_ok=True)


def read_described(path: Path, key: str, what: str) -> tuple[dict[str, Tensor], str]:
    """The tensors of a file, and the description as it is; ValueError where it is no `what`."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, not a dict
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path}: cannot be read as a {what}: {error}") from error
    if key not in metadata:
        raise ValueError(f"{path}: not one of our {what}s ({key} is missing in its metadata)")
    return tensors, metadata[key]
