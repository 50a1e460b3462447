"""Estimate the memory that a stylization needs before it begins."""

import sys
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gan.config.choices import Optimizer
from gan.inference.checks import check_size
from gan.stylize.descent import HISTORY
from gan.stylize.options import StylizeOptions
from gan.stylize.scene import Sources, fitted_size, ladder
from gan.stylize.tiles import tiles
from gan.system.memory import free_memory

PROBE = 128
"""Side of the picture on which the network's memory is measured, in pixels."""
WORKING = 2.0
"""Factor for masked maps and gradients, which are held with the feature maps for the backward
pass. Measured: 2.0 for VGG-19 at 512 x 512 pixels."""


def announce(
    cells: Sequence[StylizeOptions], sources: Sources, extract: nn.Module, device: torch.device
) -> None:
    """Print the memory that the largest picture needs; ValueError if the device has less."""
    largest = max(cells, key=lambda cell: ladder(sources.photo, cell.size, [])[-1])
    width, height = fitted_size(sources.photo, ladder(sources.photo, largest.size, [])[-1])
    channels = sources.channels(largest.preserve_color)
    check_size(width, height, "size: ")
    need = needed(extract, (1, channels, height, width), largest.tile, largest.optimizer, device)
    print(check_memory(need, device, f"{width}x{height}"), file=sys.stderr)


def needed(
    extract: nn.Module,
    shape: tuple[int, ...],
    side: int,
    optimizer: Optimizer,
    device: torch.device,
) -> float:
    """Return an estimate of the peak memory, in bytes, for a picture of `shape` (1, C, H, W).

    It is the memory of the largest tile's feature maps, measured on a small picture, and that of
    the optimizer. `side` is the side of a tile, in pixels.
    """
    channels, height, width = shape[1:]
    seen = max(
        (tile.rows.last - tile.rows.first) * (tile.columns.last - tile.columns.first)
        for tile in tiles(height, width, side)
    )
    pictures = 12 + (2.5 * HISTORY if optimizer == "lbfgs" else 4)
    return (
        WORKING * per_pixel(extract, channels, device) * seen
        + pictures * 4 * channels * height * width
    )


def per_pixel(extract: nn.Module, channels: int, device: torch.device) -> float:
    """Return the bytes that the network keeps for its backward pass, per pixel of the picture."""
    own = {tensor.untyped_storage().data_ptr() for tensor in extract.state_dict().values()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    probe = torch.zeros(1, channels, PROBE, PROBE, device=device, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        extract(probe)
    return sum(kept.values()) / PROBE**2


def check_memory(need: float, device: torch.device, size: str) -> str:
    """Return a line that states the memory needed; ValueError if less is free.

    `need` is in bytes; `size` is a string, such as 512x512.
    """
    if need > (has := free_memory(device)):
        raise ValueError(
            f"size: {size} pixels need about {need / 2**30:.1f} GiB, but only "
            f"{has / 2**30:.1f} are free: set a smaller size, or a smaller tile"
        )
    return f"{size} pixels, about {need / 2**30:.1f} GiB of memory"
