"""Whitening and coloring against closed forms, on random features in float64."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan.stylize.wct.statistics import (
    Moments,
    Style,
    blended,
    moments,
    transformation,
)


def features(seed: int, channels: int = 12, shape: tuple[int, int] = (20, 30)) -> Tensor:
    """Return correlated features (1, C, h, w) in float64, with a mean that is not 0."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(channels, channels)) * np.logspace(-1, 1, channels)
    rows = mixing @ rng.normal(size=(channels, shape[0] * shape[1])) + rng.normal(
        size=(channels, 1)
    )
    return torch.from_numpy(rows).reshape(1, channels, *shape)


def statistics(maps: Tensor) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and covariance, by NumPy."""
    rows = maps[0].flatten(1).numpy()
    return rows.mean(1), np.cov(rows, bias=True)


def apart(actual: NDArray[np.float64], wanted: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(actual - wanted) / np.linalg.norm(wanted))


def test_the_sums_of_parts_are_those_of_the_whole() -> None:
    maps = features(0)
    whole, parts = moments(maps), moments(maps[..., :11]) + moments(maps[..., 11:])
    mean, covariance = statistics(maps)
    for found in (whole, parts):
        np.testing.assert_allclose(found.mean, mean, rtol=1e-10)
        np.testing.assert_allclose(found.covariance, covariance, rtol=1e-9, atol=1e-12)


def test_a_guide_weights_positions_as_numpy_does() -> None:
    maps, weights = features(0), np.random.default_rng(1).uniform(size=(20, 30))
    found = moments(maps, torch.from_numpy(weights)[None])
    rows = maps[0].flatten(1).numpy()
    np.testing.assert_allclose(found.mean, np.average(rows, axis=1, weights=weights.ravel()))
    wanted = np.cov(rows, bias=True, aweights=weights.ravel())
    np.testing.assert_allclose(found.covariance, wanted, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_transformed_features_have_the_styles_mean_and_covariance(seed: int) -> None:
    content, style = features(seed), features(seed + 100, shape=(17, 23))
    result = transformation(moments(content), Style.of(moments(style)))(content)
    mean, covariance = statistics(result)
    wanted_mean, wanted = statistics(style)
    assert apart(covariance, wanted) < 1e-8
    assert apart(mean, wanted_mean) < 1e-8


def test_in_float32_the_covariance_is_the_styles_to_1e_4() -> None:
    content, style = features(0).float(), features(1).float()
    result = transformation(moments(content), Style.of(moments(style)))(content)
    assert result.dtype == torch.float32
    assert apart(statistics(result)[1], statistics(style)[1]) < 1e-4


def test_the_whitened_content_has_covariance_one() -> None:
    """Colored with a style of covariance 1 and mean 0, nothing but the whitening is left."""
    content = features(0)
    plain = Style(torch.zeros(12, dtype=torch.float64), torch.eye(12, dtype=torch.float64))
    mean, covariance = statistics(transformation(moments(content), plain)(content))
    np.testing.assert_allclose(mean, 0, atol=1e-9)
    np.testing.assert_allclose(covariance, np.eye(12), atol=1e-9)


def test_a_content_that_is_the_style_stays() -> None:
    maps = features(0)
    result = transformation(moments(maps), Style.of(moments(maps)))(maps)
    np.testing.assert_allclose(result, maps, atol=1e-8)


def test_one_channel_is_the_matching_of_mean_and_deviation() -> None:
    content, style = features(0, channels=1), features(1, channels=1)
    result = transformation(moments(content), Style.of(moments(style)))(content)
    wanted = (content - content.mean()) / content.std(correction=0) * style.std(correction=0)
    np.testing.assert_allclose(result, wanted + style.mean(), rtol=1e-9)


def test_a_singular_content_is_colored_where_it_varies() -> None:
    """Three equal channels, as those of a gray picture, and a dead one."""
    gray = features(0, channels=1).expand(1, 3, 20, 30)
    content = torch.cat([gray, torch.zeros(1, 1, 20, 30, dtype=torch.float64)], 1)
    style = Style.of(moments(features(1, channels=4)))
    result = transformation(moments(content), style)(content)
    mean, covariance = statistics(result)
    np.testing.assert_allclose(mean, style.mean, rtol=1e-9)
    direction = style.root.numpy() @ np.array([1, 1, 1, 0]) / 3**0.5
    np.testing.assert_allclose(covariance, np.outer(direction, direction), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("level", [3.7, 0.1, 271.8])
@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (13, 9)])
def test_a_constant_content_becomes_the_styles_mean(shape: tuple[int, int], level: float) -> None:
    """In float64 and in float32: its covariance is rounding error, which must not be whitened."""
    channels = level * torch.tensor([1, 0.37, 2.1, 0.9], dtype=torch.float64)
    content = channels.view(1, 4, 1, 1).expand(1, 4, *shape)
    style = Style.of(moments(features(1, channels=4)))
    wanted = style.mean.view(1, 4, 1, 1).expand_as(content)
    for maps, tolerance in ((content, 1e-9), (content.float(), 1e-5)):
        result = transformation(moments(maps), style)(maps)
        np.testing.assert_allclose(result, wanted, rtol=tolerance)


def test_a_constant_style_leaves_its_mean_alone() -> None:
    style = Style.of(moments(torch.full((1, 12, 4, 4), 2.5, dtype=torch.float64)))
    content = features(0)
    result = transformation(moments(content), style)(content)
    np.testing.assert_allclose(result, np.full(content.shape, 2.5), rtol=1e-9)


def test_without_positions_the_features_stay() -> None:
    content = features(0)
    nothing = moments(content, torch.zeros(1, 20, 30))
    result = transformation(nothing, Style.of(moments(features(1))))(content)
    np.testing.assert_array_equal(result, content)


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_a_blend_is_the_blend_of_the_results(strength: float) -> None:
    content, shares = features(0), [0.25, 0.75]
    each = [transformation(moments(content), Style.of(moments(features(s)))) for s in (1, 2)]
    wanted = sum(share * part(content) for share, part in zip(shares, each, strict=True))
    result = blended(each, shares, strength)(content)
    np.testing.assert_allclose(result, strength * wanted + (1 - strength) * content, atol=1e-9)


def test_a_style_without_a_share_changes_no_bit() -> None:
    content = features(0)
    one, two = (transformation(moments(content), Style.of(moments(features(s)))) for s in (1, 2))
    alone = blended([one], [1.0])
    both = blended([one, two], [1.0, 0.0])
    for ours, theirs in zip(both, alone, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_record_of_sums_adds_up() -> None:
    one = Moments(torch.tensor(1.0), torch.ones(2), torch.eye(2))
    total = one + one
    assert [total.mass.item(), *total.total.tolist()] == [2, 2, 2]
