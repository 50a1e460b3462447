"""Pixel distances compared with scikit-image and NumPy in float64."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from gan.metrics.pictures import l1, ms_ssim, psnr, ssim


def pictures(count: int = 3, side: int = 48, channels: int = 3, seed: int = 0) -> Tensor:
    """Return smooth images, because white noise has no structure."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, side // 8, side // 8, generator=generator) * 2 - 1
    return torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(-1, 1)


@pytest.mark.parametrize("channels", [1, 3])
def test_l1_and_psnr_are_scikit_images(channels: int) -> None:
    x, y = pictures(channels=channels), pictures(channels=channels, seed=1)
    for i in range(3):
        a, b = x[i].double().numpy(), y[i].double().numpy()
        assert float(l1(x, y)[i]) == pytest.approx(np.abs(a - b).mean(), rel=1e-6)
        # float32 against float64: 1e-6 of the ratio is 4e-6 decibels.
        expected = peak_signal_noise_ratio(a, b, data_range=2)
        assert float(psnr(x, y)[i]) == pytest.approx(expected, abs=1e-4)


def test_ssim_is_scikit_images_of_the_mirrored_picture() -> None:
    """torchmetrics mirrors borders, scikit-image omits windows beyond the border."""
    x, y = pictures(), pictures(seed=1) * 0.3 + pictures() * 0.7
    for i in range(3):
        a, b = (
            np.pad(of[i].double().numpy() / 2 + 0.5, ((0, 0), (5, 5), (5, 5)), mode="reflect")
            for of in (x, y)
        )
        expected = structural_similarity(
            a, b, data_range=1, channel_axis=0, gaussian_weights=True, sigma=1.5,
            use_sample_covariance=False,
        )  # fmt: skip
        assert float(ssim(x, y)[i]) == pytest.approx(expected, abs=1e-4)  # float32


def test_a_picture_is_nearest_to_itself() -> None:
    x, y = pictures(side=176), pictures(side=176, seed=1)
    assert l1(x, x).tolist() == [0, 0, 0]
    assert psnr(x, x).tolist() == [100, 100, 100]
    for similarity in (ssim, ms_ssim):
        np.testing.assert_allclose(similarity(x, x), 1, atol=1e-5)  # float32 sums
        assert (similarity(x, y) < 0.9).all()


@pytest.mark.parametrize("distance", [l1, psnr, ssim])
def test_every_image_is_compared_separately(distance) -> None:  # type: ignore[no-untyped-def]
    x, y = pictures(), pictures(seed=1)
    alone = torch.cat([distance(x[i : i + 1], y[i : i + 1]) for i in range(3)])
    torch.testing.assert_close(distance(x, y), alone, rtol=1e-5, atol=1e-6)  # float32 sums
