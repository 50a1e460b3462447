"""Painting with a random VGG-16 and a random decoder: the properties of the transformation."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.networks.vgg import VggAutoencoder
from gan.stylize.wct.painter import Painter

Make = Callable[..., Painter]
LEVELS = ([3], [2], [1], [3, 2, 1])


@pytest.fixture
def painter(network: VggAutoencoder) -> Make:
    """painter(levels, side=768) -> Painter."""

    def make(levels: list[int], side: int = 768) -> Painter:
        return Painter(network, levels, side)

    return make


class Seen:
    """A network that keeps the maps that it decodes, by level."""

    def __init__(self, network: VggAutoencoder) -> None:
        self.network, self.maps = network, dict[int, Tensor]()
        self.encode = network.encode

    def decode(self, maps: Tensor, level: int) -> list[Tensor]:
        self.maps[level] = maps.clone()
        return self.network.decode(maps, level)


def picture(seed: int, height: int = 48, width: int = 64) -> Tensor:
    """Return smooth random colors (1, 3, H, W) in [-1, 1]."""
    draws = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, 7, 9, generator=draws) * 2 - 1
    return nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def covariance(maps: Tensor) -> Tensor:
    rows = maps[0].flatten(1).double()
    return torch.from_numpy(np.cov(rows.numpy(), bias=True))


@torch.no_grad()
def plain(network: VggAutoencoder, photo: Tensor, level: int) -> Tensor:
    """Return the decoder's reconstruction, without the painter."""
    return network.decode(network.encode(photo, level)[-1], level)[-1].clamp(-1, 1)


@pytest.mark.parametrize("levels", LEVELS)
def test_strength_0_is_the_plain_reconstruction_bit_for_bit(
    levels: list[int], painter: Make, network: VggAutoencoder
) -> None:
    photo, own = picture(0), painter(levels)
    result = own.paint(photo, [own.styles(picture(1))], [1.0], strength=0)
    for level in levels:
        photo = plain(network, photo, level)
    np.testing.assert_array_equal(result, photo)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_the_maps_that_are_decoded_have_the_styles_covariance(
    level: int, network: VggAutoencoder
) -> None:
    """Where the content has variance: ReLUs leave some maps of a random network without any."""
    photo, painting, watched = picture(0), picture(1), Seen(network)
    own = Painter(watched, [level])
    own.paint(photo, [own.styles(painting)], [1.0])
    before, wanted = (covariance(network.encode(each, level)[-1]) for each in (photo, painting))
    expected = colored(before, wanted)
    error = (covariance(watched.maps[level]) - expected).norm() / expected.norm()
    assert error < 1e-4


def colored(content: Tensor, style: Tensor) -> Tensor:
    """Return the style's covariance, without the directions in which the content has none."""
    values, vectors = torch.linalg.eigh(content)
    kept = vectors[:, values > 1e-8 * values[-1]]
    assert kept.shape[1] > 20
    result: Tensor = root(style) @ kept @ kept.T @ root(style)
    return result


def root(matrix: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(matrix)
    result: Tensor = vectors @ torch.diag(values.clamp_min(0).sqrt()) @ vectors.T
    return result


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_photograph_in_its_own_style_is_the_plain_reconstruction(
    level: int, painter: Make, network: VggAutoencoder
) -> None:
    photo, own = picture(0), painter([level])
    result = own.paint(photo, [own.styles(photo)], [1.0])
    wanted = plain(network, photo, level)
    np.testing.assert_allclose(result, wanted, atol=2e-3)
    assert (own.paint(photo, [own.styles(picture(1))], [1.0]) - wanted).abs().mean() > 0.01


@pytest.mark.parametrize("levels", LEVELS)
def test_every_level_changes_the_result(levels: list[int], painter: Make) -> None:
    photo, painting = picture(0), picture(1)
    whole = painter(levels)
    results = [whole.paint(photo, [whole.styles(painting)], [1.0])]
    for level in levels if len(levels) > 1 else ():
        fewer = painter([each for each in levels if each != level])
        results.append(fewer.paint(photo, [fewer.styles(painting)], [1.0]))
    for result in results[1:]:
        assert (result - results[0]).abs().mean() > 1e-3


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("masked", [False, True])
def test_tiles_give_the_result_of_one_piece(levels: list[int], masked: bool, painter: Make) -> None:
    photo, paintings = picture(0, 40, 299), [picture(1), picture(2)]
    masks = torch.rand(2, 1, 40, 299, generator=torch.Generator().manual_seed(3))
    results = []
    for side in (1024, 128):
        own = painter(levels, side)
        styles = [own.styles(each) for each in paintings]
        results.append(own.paint(photo, styles, [0.5, 0.5], masks=masks if masked else None))
    assert (results[0] - results[1]).abs().max() < 1e-3
    assert (results[0] - results[1]).abs().mean() < 1e-5


def test_statistics_in_tiles_are_those_of_one_piece(painter: Make) -> None:
    whole, tiled = (painter([3, 1], side).styles(picture(0, 40, 300)) for side in (1024, 128))
    for level in (3, 1):
        for ours, theirs in zip(whole[level], tiled[level], strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize("levels", LEVELS)
def test_a_mask_of_ones_equals_none(levels: list[int], painter: Make) -> None:
    photo, own = picture(0), painter(levels)
    styles = [own.styles(picture(1))]
    masked = own.paint(photo, styles, [1.0], masks=torch.ones(1, 1, 48, 64))
    np.testing.assert_allclose(masked, own.paint(photo, styles, [1.0]), atol=2e-4)


def test_each_masks_features_get_the_covariance_of_their_style(network: VggAutoencoder) -> None:
    photo, paintings, watched = picture(0), [picture(1), picture(2)], Seen(network)
    own = Painter(watched, [2])
    masks = torch.zeros(2, 1, 48, 64)
    masks[0, ..., :40], masks[1, ..., 40:] = 1, 1
    own.paint(photo, [own.styles(each) for each in paintings], [0.5, 0.5], masks=masks)
    before, after = network.encode(photo, 2)[-1], watched.maps[2]
    for part, painting in zip((slice(0, 20), slice(20, 32)), paintings, strict=True):
        expected = colored(
            covariance(before[..., part]), covariance(network.encode(painting, 2)[-1])
        )
        error = (covariance(after[..., part]) - expected).norm() / expected.norm()
        assert error < 1e-4


def test_a_position_outside_all_masks_keeps_its_features(
    painter: Make, network: VggAutoencoder
) -> None:
    photo, own = picture(0), painter([3])
    masks = torch.zeros(1, 1, 48, 64)
    masks[..., :16] = 1
    result = own.paint(photo, [own.styles(picture(1))], [1.0], masks=masks)
    wanted = plain(network, photo, 3)
    np.testing.assert_allclose(result[..., 32:], wanted[..., 32:], atol=1e-5)
    assert (result - wanted)[..., :16].abs().mean() > 0.01


def test_shares_1_and_0_are_the_first_style_alone(painter: Make) -> None:
    photo, own = picture(0), painter([3, 2])
    one, two = (own.styles(picture(seed)) for seed in (1, 2))
    alone = own.paint(photo, [one], [1.0])
    np.testing.assert_array_equal(own.paint(photo, [one, two], [1.0, 0.0]), alone)
    assert (own.paint(photo, [one, two], [0.5, 0.5]) - alone).abs().mean() > 1e-3


def test_half_the_strength_is_between(painter: Make) -> None:
    photo, own = picture(0), painter([3])
    styles = [own.styles(picture(1))]
    none, half, full = (own.paint(photo, styles, [1.0], strength=s) for s in (0, 0.5, 1))
    assert (half - none).abs().mean() < (full - none).abs().mean()
    assert (half - full).abs().mean() < (full - none).abs().mean()


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize(("height", "width"), [(16, 16), (17, 23), (31, 18)])
def test_any_size_from_16_on_is_kept(
    levels: list[int], height: int, width: int, painter: Make
) -> None:
    own = painter(levels)
    result = own.paint(picture(0, height, width), [own.styles(picture(1, width, height))], [1.0])
    assert result.shape == (1, 3, height, width)
    assert result.isfinite().all()


@pytest.mark.parametrize("levels", LEVELS)
def test_constant_and_gray_pictures_stay_finite(levels: list[int], painter: Make) -> None:
    own = painter(levels)
    flat, grey = torch.full((1, 3, 32, 32), 0.3), picture(0, 32, 32)[:, :1]
    for photo in (flat, grey):
        for painting in (flat, grey, picture(1)):
            result = own.paint(photo, [own.styles(painting)], [1.0])
            assert result.shape == (1, 3, 32, 32)
            assert result.isfinite().all()
