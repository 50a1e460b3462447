"""Tiles cover a picture once, and give the loss and the gradient of the whole."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gan.config import PerceptualConfig
from gan.features import Features, chosen_layers
from gan.stylize.canvas import prepare
from gan.stylize.objective import Weights
from gan.stylize.scene import Scene
from gan.stylize.tiles import GRID, HALO, tiles


@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([32, 64, 256, 768]))
def test_every_pixel_is_in_one_tile_and_tiles_begin_on_the_grid(
    height: int, width: int, side: int
) -> None:
    covered = torch.zeros(1, 1, height, width)
    for tile in tiles(height, width, side):
        tile.core(covered).add_(1)
        for span in (tile.rows, tile.columns):
            assert span.first % GRID == span.start % GRID == 0
            assert span.stop - span.start <= side + GRID
    assert (covered == 1).all()


def test_tiles_give_the_loss_and_the_gradient_of_the_whole(backbone: PerceptualConfig) -> None:
    """The receptive field is smaller than HALO: only masks, at odd sides, and rounding differ."""
    layers = chosen_layers(backbone)
    extract = Features(backbone.backbone, [*layers.content, *layers.style], backbone.weights)
    generator = torch.Generator().manual_seed(0)
    photo, painting, picture = (
        torch.rand(1, 3, height, width, generator=generator) * 2 - 1
        for height, width in ((90, 3 * HALO + 13), (60, 70), (90, 3 * HALO + 13))
    )
    ramp = torch.linspace(0, 1, photo.shape[3]).expand(1, 1, *photo.shape[2:])
    masks = torch.cat([ramp, 1 - ramp])  # smooth: each tile scales them to its maps' size
    scene = Scene(photo, (painting, painting.flip(1)), masks, photo)
    results = [
        prepare(scene, extract, layers, (0.5, 0.5), Weights(1, 10, 1), 0.7, side)
        for side in (4 * HALO, 128)
    ]
    assert [len(canvas.pieces) for canvas in results] == [1, 3]
    (whole, gradient), (tiled, tiled_gradient) = (canvas.evaluate(picture) for canvas in results)
    assert tiled.numbers() == pytest.approx(whole.numbers(), rel=1e-3)
    assert (tiled_gradient - gradient).norm() < 1e-3 * gradient.norm()
