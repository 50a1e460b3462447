"""Artifacts that are added to images are found, and only those."""

import pytest
import torch
from torch import Tensor

from experiments.compare.artifacts import artifacts


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    """Return smooth shapes with grain of all frequencies, (12, 3, 64, 64)."""
    draws = torch.Generator().manual_seed(0)
    base = torch.rand(12, 3, 5, 5, generator=draws) * 2 - 1
    smooth = torch.nn.functional.interpolate(base, (64, 64), mode="bicubic").clamp(-1, 1)
    return smooth + 0.05 * torch.randn(12, 3, 64, 64, generator=draws)


def ratios(fake: Tensor, real: Tensor) -> dict[str, float]:
    return artifacts(fake, real, real, paired=True)


def test_real_images_have_no_artifacts(pictures: Tensor) -> None:
    assert ratios(pictures, pictures) == pytest.approx({"grid": 1, "flat_noise": 1, "border": 1})


@pytest.mark.parametrize("period", [2, 4])
def test_a_grid_is_found(pictures: Tensor, period: int) -> None:
    fake = pictures.clone()
    fake[:, :, ::period, ::period] += 0.1
    found = ratios(fake, pictures)
    assert found["grid"] > 1.5
    assert found["border"] < 1.2


def test_noise_in_flat_places_is_found(pictures: Tensor) -> None:
    draws = torch.Generator().manual_seed(1)
    fake = pictures + 0.1 * torch.randn(pictures.shape, generator=draws)
    found = ratios(fake, pictures)
    assert found["flat_noise"] == pytest.approx((0.05**2 + 0.1**2) / 0.05**2, rel=0.1)
    assert found["grid"] == pytest.approx(1, abs=0.1)


def test_a_halo_along_the_border_is_found(pictures: Tensor) -> None:
    fake = pictures.clone()
    fake[:, :, :3] += 0.5
    found = ratios(fake, pictures)
    assert found["border"] > 1.5
    assert found["grid"] < 1.1
