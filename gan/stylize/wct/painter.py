"""Paint a picture: encode, transform, decode; in tiles if it is large.

With several levels, the result of a deep one is encoded again for the next (Li et al., Sec. 3.3).
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from gan.stylize.tiles import Tile, tiles
from gan.stylize.wct.statistics import (
    Affine,
    Moments,
    Style,
    blended,
    moments,
    transformation,
)

Styles = Mapping[int, Style]
"""A painting's statistics by level."""

PER_PIXEL = 1700
"""Bytes for each pixel that the network sees at once. Measured for VGG-16: 1500."""
PICTURES = 8
"""Pictures of the result's size in float32 that are held at the same time."""


class Painter:
    """A VGG with its decoder, and the levels at which features are transformed, deep ones first."""

    def __init__(self, network: Any, levels: Sequence[int], side: int = 768) -> None:
        """Sort the levels, the deepest first; `side` is the side of a tile in pixels.

        The network has `encode` and `decode`, as gan.networks.vgg.VggAutoencoder has.
        """
        self.network, self.levels, self.side = network, sorted(levels, reverse=True), side

    def needed(self, width: int, height: int) -> float:
        """Return an estimate of the peak memory, in bytes, for a picture of this size."""
        seen = max(
            (tile.rows.last - tile.rows.first) * (tile.columns.last - tile.columns.first)
            for tile in tiles(height, width, self.side)
        )
        return PER_PIXEL * seen + PICTURES * 4 * 3 * height * width

    @torch.inference_mode()
    def styles(self, painting: Tensor) -> Styles:
        """Return the statistics of a painting (1, 3 or 1, H, W) in [-1, 1], by level."""
        picture = _padded(painting, self.levels[0])
        found: dict[int, Moments] = {}
        for tile in tiles(picture.shape[2], picture.shape[3], self.side):
            maps = self.network.encode(tile.seen(picture), self.levels[0])
            for level in self.levels:
                part = moments(tile.crop(maps[level - 1]))
                found[level] = found[level] + part if level in found else part
        return {level: Style.of(each) for level, each in found.items()}

    @torch.inference_mode()
    def paint(
        self,
        photo: Tensor,
        styles: Sequence[Styles],
        shares: Sequence[float],
        strength: float = 1,
        masks: Tensor | None = None,
    ) -> Tensor:
        """Return a photograph (1, 3 or 1, H, W) in the given styles, (1, 3, H, W) in [-1, 1].

        Without masks, the styles are blended by their shares. With masks (R, 1, H, W) in [0, 1],
        each of the R styles has its own region, which is whitened by its own statistics; features
        outside all masks stay. At strength 0 the photograph is only encoded and decoded, at each
        level in turn.
        """
        picture = photo
        for level in self.levels:
            own = [style[level] for style in styles]
            picture = self._pass(picture, level, own, shares, strength, masks)
        return picture

    def _pass(
        self,
        photo: Tensor,
        level: int,
        styles: Sequence[Style],
        shares: Sequence[float],
        strength: float,
        masks: Tensor | None,
    ) -> Tensor:
        """Return `photo` transformed at one level, (1, 3, H, W) in [-1, 1]."""
        height, width = photo.shape[2:]
        work = _Work(self, level, _padded(photo, level), _normed(masks, level))
        parts: list[Affine] = []
        if strength:
            sums = work.sums()
            if masks is None:
                each = [transformation(sums[0], style) for style in styles]
                parts = [blended(each, shares, strength)]
            else:
                parts = [
                    blended([transformation(own, style)], [1], strength)
                    for own, style in zip(sums, styles, strict=True)
                ]
        result = torch.empty(1, 3, *work.picture.shape[2:], device=photo.device)
        for tile, maps in work.maps():
            made = self.network.decode(work.transformed(tile, maps, parts), level)[-1]
            tile.core(result).copy_(tile.crop(made))
        return result[..., :height, :width].clamp(-1, 1)


class _Work:
    """The feature maps of a picture at one level, tile by tile."""

    def __init__(self, painter: Painter, level: int, picture: Tensor, masks: Tensor | None) -> None:
        self.painter, self.level, self.picture, self.masks = painter, level, picture, masks
        self.tiles = tiles(picture.shape[2], picture.shape[3], painter.side)
        self.held: Tensor | None = None
        """The maps, if there is only one tile. Several are computed again after their moments are
        known, so that memory is bounded."""

    def maps(self) -> Iterator[tuple[Tile, Tensor]]:
        """Yield each tile, and the maps of the tile with its surroundings."""
        for tile in self.tiles:
            maps = self.held
            if maps is None:
                seen = tile.seen(self.picture)
                maps = self.painter.network.encode(seen, self.level)[-1]
            if len(self.tiles) == 1:
                self.held = maps
            yield tile, maps

    def sums(self) -> list[Moments]:
        """Return the moments of the maps over the whole picture, one for each mask; one without."""
        return reduce(
            lambda old, new: list(map(add, old, new)),
            (self._sums_of(tile, maps) for tile, maps in self.maps()),
        )

    def _sums_of(self, tile: Tile, maps: Tensor) -> list[Moments]:
        inside = tile.crop(maps)
        if self.masks is None:
            return [moments(inside)]
        guides = interpolate(tile.core(self.masks), inside.shape[2:], mode="area")
        return [moments(inside, guide) for guide in guides]

    def transformed(self, tile: Tile, maps: Tensor, parts: Sequence[Affine]) -> Tensor:
        """Return a tile's maps, changed by `parts`: one for each mask, or one for all positions.

        Without parts the maps are returned as they are.
        """
        if not parts:
            return maps
        if self.masks is None:
            return parts[0](maps)
        guides = interpolate(tile.seen(self.masks), maps.shape[2:], mode="area")
        changes = [guide * (part(maps) - maps) for part, guide in zip(parts, guides, strict=True)]
        return maps + torch.stack(changes).sum(0)


def _padded(picture: Tensor, level: int) -> Tensor:
    """Return a picture padded to multiples of a level's stride: its last row and column repeat."""
    stride = 2 ** (level - 1)
    height, width = picture.shape[2:]
    return pad(picture, (0, -width % stride, 0, -height % stride), mode="replicate")


def _normed(masks: Tensor | None, level: int) -> Tensor | None:
    """Return masks, padded like the picture, scaled to a sum of at most 1 at each position."""
    if masks is None:
        return None
    return _padded(masks / masks.sum(0, keepdim=True).clamp_min(1), level)
