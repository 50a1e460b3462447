"""Read the tensors of a file by their dotted names, without running code in it."""

import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.networks.described import read_safetensors

PICKLES = (".pth", ".pt", ".ckpt", ".bin", ".pkl")
"""Suffixes of files that torch.save writes."""
DEPTH = 5
"""Deepest nesting of dictionaries that is read."""
WRAPPERS = re.compile(r"\b(module|_orig_mod)\.")
"""Prefixes that DataParallel and torch.compile add to names."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return all tensors in a file by name, on the CPU; names in nested dictionaries are dotted.

    ValueError if the file cannot be read or would run code.
    """
    if path.suffix.lower() not in PICKLES:
        return read_safetensors(path, "generator")[0]
    flat = _flat(_read_pickle(path), "", DEPTH, set())
    return {WRAPPERS.sub("", name): tensor for name, tensor in flat}


def _read_pickle(path: Path) -> Any:
    """Return the content of a torch.save file; ValueError unless it is plain data and tensors."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about old formats
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror or error}") from error
    except Exception as error:  # damaged files raise many kinds
        known = path.read_bytes()[:2] in (b"PK", *(b"\x80" + bytes([n]) for n in range(6)))
        reason = explained(error) if known else "not a file of weights, or damaged"
        raise ValueError(f"{path}: {reason}") from error


def explained(error: Exception) -> str:
    """Return why a file cannot be unpickled, in one line, from torch.load's error."""
    if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
        return (
            f"rejected: it uses {found[1]} and would run code; nothing was run. "
            "Only files of tensors are supported: save the network's state_dict()"
        )
    if "TorchScript" in str(error):
        return "a TorchScript program, which is code; save the network's state_dict() instead"
    if "weights_only" in str(error):
        return (
            "rejected: it holds more than tensors, numbers and strings; nothing was run. "
            "Only files of tensors are supported: save the network's state_dict()"
        )
    return "not a file of weights, or damaged"


def _flat(value: Any, name: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """Yield the dense tensors of nested dictionaries, each with its dotted keys.

    A dictionary in `seen` is skipped, so that cycles end.
    """
    if isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized:
        yield name, value.detach()
    elif isinstance(value, Mapping) and depth and id(value) not in seen:
        seen.add(id(value))
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key), depth - 1, seen)
