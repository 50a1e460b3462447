"""Heat maps: the probe finds the domain of each half of a picture."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gan.config.choices import Norm
from gan.explain.probe import SHRINKAGE, discriminant, feature_maps, fit_probe, heat_between
from gan.networks import build_discriminator
from gan.training.heat import FULL, heat_maps, overlay

SIDE = 96


def striped(number: int, *, upright: bool) -> Tensor:
    """Draw noisy stripes: the domains differ in their direction, not in their colors."""
    draws = torch.Generator().manual_seed(number)
    line = torch.sin(torch.arange(SIDE) * 1.3 + number)
    stripes = line.expand(SIDE, SIDE) if upright else line[:, None].expand(SIDE, SIDE)
    noise = 0.1 * torch.randn(1, 3, SIDE, SIDE, generator=draws)
    return (0.5 * stripes + noise).clamp(-1, 1)


def area_under_curve(positive: np.ndarray, negative: np.ndarray) -> float:
    """Return the share of pairs in order, by comparing all of them."""
    return float((positive.ravel()[:, None] > negative.ravel()[None, :]).mean())


@pytest.mark.parametrize("kind", ["basic", "n_layers"])
@pytest.mark.parametrize("norm", ["instance", "none"])
def test_the_border_between_two_domains_is_found(kind: str, norm: Norm) -> None:
    """Even by an untrained discriminator: random filters separate directions."""
    torch.manual_seed(0)
    network = build_discriminator(
        kind, in_channels=3, channels=16, layers=2, norm=norm, backbone="", weights=None
    ).eval()
    maps = feature_maps(network)
    a, b = ([striped(n, upright=up) for n in range(12)] for up in (False, True))
    probe = fit_probe(maps, a, b)
    for number in range(20, 24):
        left, right = striped(number, upright=True), striped(number, upright=False)
        half = torch.cat([left[..., : SIDE // 2], right[..., SIDE // 2 :]], dim=3)
        heat = heat_between(probe, maps, half, a[0], b[0])
        assert heat.shape == (SIDE, SIDE)
        assert area_under_curve(heat[:, : SIDE // 2], heat[:, SIDE // 2 :]) > 0.9
        assert heat[:, : SIDE // 2 - 8].mean() > 0 > heat[:, SIDE // 2 + 8 :].mean()


def test_the_discriminant_is_that_of_scikit_learn() -> None:
    lda = pytest.importorskip("sklearn.discriminant_analysis")
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5))
    of_a, of_b = mixing @ rng.normal(size=(5, 300)), mixing @ rng.normal(size=(5, 300)) + 0.7
    weights, offset = discriminant(torch.from_numpy(of_a), torch.from_numpy(of_b))
    # scikit-learn shrinks to the mean variance as we do, of the classes' mean covariance.
    model = lda.LinearDiscriminantAnalysis(solver="lsqr", shrinkage=SHRINKAGE, priors=[0.5, 0.5])
    covariance = (np.cov(of_a, bias=True) + np.cov(of_b, bias=True)) / 2
    size = np.trace(covariance) / 5
    shrunken = (1 - SHRINKAGE) * covariance + SHRINKAGE * size * np.eye(5)
    direct = np.linalg.solve(shrunken, of_b.mean(1) - of_a.mean(1))
    np.testing.assert_allclose(weights.numpy(), direct / np.sqrt(direct @ shrunken @ direct))
    samples = np.concatenate([of_a.T, of_b.T])
    model.fit(samples, [0] * 300 + [1] * 300)
    theirs = model.decision_function(samples)
    ours = samples @ weights.numpy() - offset
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9999
    assert ((ours > 0) == (theirs > 0)).mean() > 0.99


def test_equal_classes_have_no_heat() -> None:
    flat = torch.ones(4, 30)
    weights, offset = discriminant(flat, flat)
    assert weights.abs().max() == 0
    assert offset == 0


def test_a_network_without_score_maps_is_rejected_with_the_reason() -> None:
    with pytest.raises(ValueError, match="has no convolution with one output channel"):
        fit_probe(feature_maps(nn.Identity()), [torch.zeros(1, 3, 8, 8)], [torch.zeros(1, 3, 8, 8)])


def test_scores_are_measured_from_the_mean_of_all_pictures_of_a_row() -> None:
    low, high = torch.zeros(3, 4), torch.ones(3, 4)
    first, second = heat_maps([[low], [high]], [(3, 4), (3, 4)])
    np.testing.assert_allclose(first, -1)  # one standard deviation from the mean
    np.testing.assert_allclose(second, 1)
    for map in heat_maps([[low], [low]], [(3, 4), (6, 8)]):
        assert not map.any()


def test_scales_of_other_sizes_and_spreads_have_equal_weights() -> None:
    small, large = torch.tensor([[0.0, 100.0]]), torch.tensor([[3.0, 3.5], [3.0, 3.5]])
    both, _ = heat_maps([[small, large]] * 2, [(2, 2)] * 2)
    np.testing.assert_allclose(both, [[-1, 1], [-1, 1]])


def test_high_scores_are_orange_low_ones_blue_and_none_gray() -> None:
    gray = np.full((1, 3, 3), 120, np.uint8)
    ((high, low, none),) = overlay(gray, np.array([[FULL, -FULL, 0.0]])).astype(int)
    assert high[0] > high[1] > high[2]
    assert low[2] > low[1] > low[0]
    assert list(none) == [120, 120, 120]
