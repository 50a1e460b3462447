"""A large picture through the network in tiles, so that memory does not grow with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from torch import Tensor

GRID = 32
"""Tiles begin at multiples of the networks' largest stride, where their maps' grids agree."""
HALO = 128
"""Pixels around a tile that its maps may depend on. Enough for any layer of a VGG up to conv5_1
(they see 78 pixels far); what deeper networks see beyond it is nearly nothing."""


@dataclass(frozen=True)
class Span:
    """Pixels of one axis: the network sees `first` to `last`, the tile is `start` to `stop`."""

    first: int
    start: int
    stop: int
    last: int

    def within(self, size: int) -> slice:
        """Return the tile in a feature map of the seen pixels that has so many positions."""
        stride = max(1, round((self.last - self.first) / size))
        stop = size if self.stop == self.last else (self.stop - self.first) // stride
        return slice((self.start - self.first) // stride, stop)


@dataclass(frozen=True)
class Tile:
    """A rectangle of a picture and what the network has to see for it."""

    rows: Span
    columns: Span

    def seen(self, picture: Tensor) -> Tensor:
        """Return the tile and its surroundings out of a picture, (N, C, H, W)."""
        return picture[
            ..., self.rows.first : self.rows.last, self.columns.first : self.columns.last
        ]

    def core(self, picture: Tensor) -> Tensor:
        """Return the tile alone out of a picture, (N, C, H, W)."""
        return picture[
            ..., self.rows.start : self.rows.stop, self.columns.start : self.columns.stop
        ]

    def crop(self, maps: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the tile alone out of the feature maps of what was seen."""
        return {
            layer: each[..., self.rows.within(each.shape[2]), self.columns.within(each.shape[3])]
            for layer, each in maps.items()
        }


def tiles(height: int, width: int, side: int) -> list[Tile]:
    """Return tiles of about side x side pixels that cover a picture without overlapping."""
    return [Tile(*pair) for pair in product(_spans(height, side), _spans(width, side))]


def _spans(length: int, side: int) -> Iterator[Span]:
    """Yield one axis of a picture in nearly equal parts; none is shorter than the grid."""
    parts = -(-length // side)
    step = -(-length // parts // GRID) * GRID if parts > 1 else length
    starts = [start for start in range(0, length, step) if not start or length - start >= GRID]
    for start, stop in zip(starts, [*starts[1:], length], strict=True):
        yield Span(max(0, start - HALO), start, stop, min(stop + HALO, length))
