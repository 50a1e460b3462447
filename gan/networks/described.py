"""Files of tensors with one JSON description: safetensors, written atomically."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from gan.system.atomic import write_whole


def write_described(
    path: Path, tensors: Mapping[str, Tensor], key: str, described: dict[str, Any]
) -> None:
    """Write tensors, with a description as JSON under a single key of the metadata, atomically.

    It is one key because several would be written in random order. OSError, with the file's name,
    if it cannot be written.
    """
    content = save(
        {name: tensor.contiguous() for name, tensor in tensors.items()},
        {key: json.dumps(described)},
    )
    write_whole(path, lambda file: file.write(content))


def read_described(path: Path, key: str, what: str) -> tuple[dict[str, Tensor], str]:
    """Return a file's tensors by name, and its description: the JSON text under `key`.

    ValueError, which names the kind of file as `what`, if it has no such key or is not safetensors.
    """
    tensors, metadata = read_safetensors(path, what)
    if key not in metadata:
        raise ValueError(f"{path}: not one of our {what}s ({key} is missing in its metadata)")
    return tensors, metadata[key]


def read_safetensors(path: Path, what: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return a file's tensors by name, on the CPU, and its metadata.

    Floating-point tensors of any width become float32. ValueError, which names the file and its
    kind (`what`), if it is not safetensors or has complex numbers.
    """
    with _opened(path, what) as file:
        tensors = {name: _single(name, file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
        return tensors, file.metadata() or {}


def _single(name: str, tensor: Tensor) -> Tensor:
    """Return a copy of a tensor, floats as float32; ValueError for complex numbers.

    Without a copy, it would change with the file, which is memory-mapped.
    """
    if tensor.is_complex():
        raise ValueError(f"{name} has complex numbers")
    return tensor.to(torch.float32, copy=True) if tensor.is_floating_point() else tensor.clone()


def read_metadata(path: Path, what: str) -> dict[str, str]:
    """Return a file's metadata; ValueError, with its name, if it is not safetensors."""
    with _opened(path, what) as file:
        return file.metadata() or {}


@contextmanager
def _opened(path: Path, what: str) -> Iterator[Any]:
    """Yield an opened safetensors file; ValueError, in one line with its name, if it is not one."""
    try:
        with safe_open(path, framework="pt") as file:
            yield file
    except (SafetensorError, OSError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"{path}: cannot be read as a {what}: {reason}") from error


def state_dict_mismatch(
    wanted: Mapping[str, Tensor], given: Mapping[str, Tensor], known: Collection[str]
) -> str | None:
    """Return a text about the first tensor that does not fit and the number of others, or None.

    For instance "head.weight is missing and 3 more"; None if all fit. `wanted` is the network's
    state, `given` the tensors to load. Tensors whose names are not in `known` are unknown.
    """
    problems = [f"{name} is missing" for name in wanted if name not in given]
    problems += [f"{name} is unknown" for name in given if name not in known]
    problems += [
        f"{name} is {tuple(given[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in wanted.items()
        if name in given and given[name].shape != tensor.shape
    ]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return problems[0] + more if problems else None
