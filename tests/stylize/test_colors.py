"""Kept colors, checked with the YIQ of Python's colorsys and with NumPy's covariance."""

import colorsys

import numpy as np
import torch
from torch import Tensor

from gan.stylize.colors import luma, recolored, with_luma


def random(seed: int, *shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def yiq(picture: Tensor) -> list[tuple[float, float, float]]:
    """Return every pixel's Y, I and Q by the standard library."""
    pixels = ((picture[0].double() + 1) / 2).clamp(0, 1).flatten(1).T.tolist()
    return [colorsys.rgb_to_yiq(*pixel) for pixel in pixels]


def test_another_lightness_leaves_i_and_q_and_stays_in_range() -> None:
    picture, lightness = random(0, 1, 3, 9, 7), random(1, 1, 1, 9, 7) * 1.5
    painted = with_luma(picture, lightness)
    assert painted.abs().max() <= 1 + 1e-6
    before, after = np.array(yiq(picture)), np.array(yiq(painted))
    # colorsys rounds its weights to two digits, so a change of Y alone moves I and Q by 1e-7.
    np.testing.assert_allclose(after[:, 1:], before[:, 1:], atol=1e-6)
    assert np.abs(after[:, 0] - before[:, 0]).max() > 0.1


def test_the_given_lightness_is_reached_if_the_color_allows_it() -> None:
    """Every lightness is reached on gray; on a color, small changes are reached."""
    grey, lightness = torch.full((1, 3, 4, 4), 0.3), random(0, 1, 1, 4, 4)
    torch.testing.assert_close(luma(with_luma(grey, lightness)), lightness)
    picture = random(1, 1, 3, 4, 4) * 0.9
    near = luma(picture) + 0.05
    torch.testing.assert_close(luma(with_luma(picture, near)), near)


def test_a_recolored_painting_has_the_photographs_mean_and_covariance() -> None:
    mix = torch.tensor([[0.2, 0.1, 0.0], [0.0, 0.1, 0.1], [0.1, 0.0, 0.2]])
    photo = torch.einsum("dc,nchw->ndhw", mix, random(0, 1, 3, 20, 20)) + 0.1
    result = recolored(random(1, 1, 3, 30, 10) * 0.7, photo)
    pixels, model = (each[0].flatten(1).double().numpy() for each in (result, photo))
    np.testing.assert_allclose(pixels.mean(1), model.mean(1), atol=1e-4)
    np.testing.assert_allclose(np.cov(pixels, ddof=0), np.cov(model, ddof=0), atol=1e-4)


def test_recoloring_with_its_own_colors_changes_nothing() -> None:
    photo = random(0, 1, 3, 20, 20)
    torch.testing.assert_close(recolored(photo, photo), photo, atol=1e-4, rtol=0)


def test_a_gray_painting_takes_the_photographs_mean() -> None:
    """It has variance along gray only, and must not amplify rounding errors."""
    grey = random(0, 1, 1, 20, 20).expand(1, 3, 20, 20) * 0.2
    result = recolored(grey, random(1, 1, 3, 20, 20) * 0.3 + 0.2)
    assert result.isfinite().all()
    assert abs(result.mean().item() - 0.2) < 0.05
