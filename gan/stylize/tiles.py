"""Split a large picture into tiles for the network, so that memory is bounded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from torch import Tensor

GRID = 32
"""Tiles begin at multiples of the largest stride of a network, so that the maps' grids agree."""
HALO = 128
"""Pixels around a tile that the network also gets. Enough for any layer of a VGG up to conv5_1,
whose receptive field reaches 78 pixels; deeper networks hardly depend on more."""


@dataclass(frozen=True)
class Span:
    """Pixels of one axis: the network gets `first` to `last`, the tile is `start` to `stop`."""

    first: int
    start: int
    stop: int
    last: int

    def within(self, size: int) -> slice:
        """Return the tile's part of a feature map whose `size` entries cover `first` to `last`."""
        stride = max(1, round((self.last - self.first) / size))
        stop = size if self.stop == self.last else (self.stop - self.first) // stride
        return slice((self.start - self.first) // stride, stop)


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture, and the pixels that the network needs for it."""

    rows: Span
    columns: Span

    def seen(self, picture: Tensor) -> Tensor:
        """Return the part of a picture (N, C, H, W) with the tile and its surroundings."""
        return picture[
            ..., self.rows.first : self.rows.last, self.columns.first : self.columns.last
        ]

    def core(self, picture: Tensor) -> Tensor:
        """Return the part of a picture (N, C, H, W) with the tile only."""
        return picture[
            ..., self.rows.start : self.rows.stop, self.columns.start : self.columns.stop
        ]

    def crop(self, maps: Tensor) -> Tensor:
        """Return the tile's part of feature maps (N, C, h, w) of `seen`."""
        return maps[..., self.rows.within(maps.shape[2]), self.columns.within(maps.shape[3])]

    def crops(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tile's part of feature maps of `seen`, by layer."""
        return {layer: self.crop(each) for layer, each in maps.items()}


def tiles(height: int, width: int, side: int) -> list[Tile]:
    """Return tiles of about side x side pixels that cover a picture without overlap."""
    return [Tile(*pair) for pair in product(_spans(height, side), _spans(width, side))]


def _spans(length: int, side: int) -> Iterator[Span]:
    """Yield nearly equal parts of an axis with `length` pixels, each at least GRID long."""
    parts = -(-length // side)
    step = -(-length // parts // GRID) * GRID if parts > 1 else length
    starts = [start for start in range(0, length, step) if not start or length - start >= GRID]
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield Span(max(0, start - HALO), start, stop, min(stop + HALO, length))
