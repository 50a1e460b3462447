"""Compute the loss of one picture and its gradient, in tiles if the picture is large.

P, A and G are those of gan.stylize.objective; R is the number of styles.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from gan.features import LayerTable
from gan.stylize.objective import TINY, Maps, Sums, Target, Terms, Weights, equation, sums
from gan.stylize.scene import Scene
from gan.stylize.tiles import Tile, tiles

Extract = Callable[[Tensor], Maps]
"""Maps pictures to feature maps by layer."""


@dataclass(frozen=True)
class Piece:
    """A tile, and the content maps and masks of its part of the picture."""

    tile: Tile
    content: Maps
    """P by content layer, (1, C, h, w)."""
    guides: Maps
    """Masks of the R styles by style layer, (R, 1, h, w) in [0, 1]."""


@dataclass(frozen=True)
class Canvas:
    """Everything that the loss of a picture depends on, except the picture."""

    extract: Extract
    pieces: Sequence[Piece]
    target: Target
    weights: Weights

    def part(self, picture: Tensor, piece: Piece) -> Sums:
        """Return the contribution of one tile to the sums of the picture."""
        maps = piece.tile.crops(self.extract(piece.tile.seen(picture)))
        return sums(maps, piece.content, piece.guides)

    def evaluate(self, picture: Tensor) -> tuple[Terms, Tensor]:
        """Return the terms of a picture (1, C, H, W), and the gradient of their weighted sum.

        With several tiles, each passes through the network twice, because the gradient of the sums
        is known only after all tiles are summed.
        """
        leaf = picture.detach().requires_grad_()
        if len(self.pieces) == 1:
            terms = equation(self.part(leaf, self.pieces[0]), leaf, self.target, self.weights)
            return terms, torch.autograd.grad(terms.total, leaf)[0]
        with torch.no_grad():
            parts = _added(self.part(leaf, piece) for piece in self.pieces)
        parts = {name: value.requires_grad_() for name, value in parts.items()}
        terms = equation(parts, leaf, self.target, self.weights)
        gradient, *slopes = torch.autograd.grad(terms.total, [leaf, *parts.values()])
        for piece in self.pieces:
            part = list(self.part(leaf, piece).values())
            gradient = gradient + torch.autograd.grad(part, leaf, slopes)[0]
        return terms, gradient


@torch.no_grad()
def prepare(
    scene: Scene,
    extract: Extract,
    layers: LayerTable,
    shares: Sequence[float],
    weights: Weights,
    strength: float = 1,
    side: int = 768,
) -> Canvas:
    """Return the canvas of a scene.

    `shares` are the weights of the styles; `side` is the side of a tile, in pixels. Without masks
    the styles are blended: A is the weighted mean of their Gram matrices, which has the same
    optimum as the mean of their losses. With a strength s below 1, s A + (1 - s) G replaces A,
    where G are the photograph's Gram matrices.
    """
    grams = [_style_grams(painting, None, extract, layers, side) for painting in scene.paintings]
    wanted = {at: torch.cat([each[at] for each in grams]) for at in layers.style}
    masks = scene.masks
    if masks is None:
        blend = scene.photo.new_tensor(shares).view(-1, 1, 1)
        wanted = {at: (each * blend).sum(0, keepdim=True) for at, each in wanted.items()}
        shares = [1.0]
    if strength < 1:
        own = _style_grams(scene.photo, masks, extract, layers, side)
        wanted = {at: torch.lerp(own[at], each, strength) for at, each in wanted.items()}
    pieces = [
        Piece(tile, {at: maps[at] for at in layers.content}, guides)
        for tile, maps, guides in _looks(scene.photo, masks, extract, layers, side)
    ]
    scales = _added(_energies(piece.content) | _masses(piece.guides) for piece in pieces)
    return Canvas(extract, pieces, Target(wanted, scales, shares), weights)


def _style_grams(
    picture: Tensor, masks: Tensor | None, extract: Extract, layers: LayerTable, side: int
) -> dict[str, Tensor]:
    """Return a picture's Gram matrices (R, C, C) under each mask, per position, by style layer."""
    parts = _added(
        sums(maps, {}, guides) | _masses(guides)
        for _, maps, guides in _looks(picture, masks, extract, layers, side)
    )
    return {at: parts["style", at] / parts["mass", at] for at in layers.style}


def _energies(content: Maps) -> Sums:
    """Return the divisors of the squared distances to P: sum P^2, a scalar by content layer."""
    return {("energy", at): wanted.square().sum() for at, wanted in content.items()}


def _masses(guides: Maps) -> Sums:
    """Return the divisors of the masked Gram matrices, (R, 1, 1) by style layer."""
    # A tiny mask may vanish at a coarse size: its style is then compared with zero features.
    return {
        ("mass", at): guide.square().sum(dim=(2, 3))[..., None].clamp_min(TINY)
        for at, guide in guides.items()
    }


def _looks(
    picture: Tensor, masks: Tensor | None, extract: Extract, layers: LayerTable, side: int
) -> Iterator[tuple[Tile, Maps, Maps]]:
    """Yield (tile, maps by layer, masks by style layer); masks have their maps' sizes."""
    masks = torch.ones_like(picture[:, :1]) if masks is None else masks
    for tile in tiles(picture.shape[2], picture.shape[3], side):
        maps = tile.crops(extract(tile.seen(picture)))
        inside = tile.core(masks)
        yield (
            tile,
            maps,
            {at: interpolate(inside, maps[at].shape[2:], mode="area") for at in layers.style},
        )


def _added(parts: Iterable[Sums]) -> Sums:
    """Return the sums over all tiles, by name."""
    total: Sums = {}
    for part in parts:
        total = {name: total[name] + value if total else value for name, value in part.items()}
    return total
