"""Signals of translations, each against a closed form or a second implementation."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.training.doctor import pictures
from tests.support.faults import photographs

STEP = 2 / 255


def noise_like(images: Tensor) -> Tensor:
    return pictures.NOISE * torch.randn(images.shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("channels", [(3, 3), (1, 3), (3, 1), (1, 1)], ids=str)
def test_luminance_correlation_is_numpys(channels: tuple[int, int]) -> None:
    real, fake = photographs(channels=channels[0]), photographs(channels=channels[1], seed=1)

    def gray(image: Tensor) -> np.ndarray:
        planes = image.numpy().astype(np.float64)
        weights = np.array([0.299, 0.587, 0.114]) if len(planes) == 3 else np.ones(1)
        return np.tensordot(weights, planes, 1).ravel()

    each = [np.corrcoef(gray(x), gray(y))[0, 1] for x, y in zip(real, fake, strict=True)]
    # 1e-5: float32 sums over 1024 pixels
    assert pictures.luminance_correlation(real, fake) == pytest.approx(np.mean(each), abs=1e-5)


def test_correlation_shows_inversion_but_not_brightness_or_contrast() -> None:
    real = photographs()
    assert pictures.luminance_correlation(real, -real) == pytest.approx(-1, abs=1e-5)
    assert pictures.luminance_correlation(real, real * 0.3 + 0.5) == pytest.approx(1, abs=1e-5)


def test_a_picture_without_contrast_has_correlation_zero() -> None:
    real = photographs()
    assert pictures.luminance_correlation(real, torch.full_like(real, 0.7)) == pytest.approx(0)
    faint = -real / real.std() * STEP / 10  # inverted, by a tenth of a gray level
    assert abs(pictures.luminance_correlation(real, faint)) < 0.3


def test_change_is_the_mean_distance_and_undefined_between_gray_and_color() -> None:
    real = photographs()
    assert pictures.change(real, real) == 0
    assert pictures.change(real, real + 0.25) == pytest.approx(0.25, abs=1e-6)
    assert math.isnan(pictures.change(real, photographs(channels=1)))


def test_diversity_is_the_mean_over_pairs() -> None:
    levels = torch.tensor([0.0, 0.1, 0.7]).view(3, 1, 1, 1).expand(3, 2, 4, 4)
    assert pictures.diversity(levels) == pytest.approx((0.1 + 0.7 + 0.6) / 3, abs=1e-6)
    assert math.isnan(pictures.diversity(levels[:1]))


def test_relative_diversity_is_limited_by_the_other_domain() -> None:
    real = photographs()
    pale = photographs(seed=1) / 10
    assert pictures.relative_diversity(real, real, None) == pytest.approx(1)
    assert pictures.relative_diversity(pale, real, pale) == pytest.approx(1)
    assert pictures.relative_diversity(pale, real, None) < 0.2
    assert pictures.relative_diversity(real[:1].expand(3, -1, -1, -1), real, pale) == 0


def test_identical_photographs_give_no_diversity() -> None:
    same = photographs(count=1).expand(4, -1, -1, -1)
    assert math.isnan(pictures.relative_diversity(same, same, photographs()))
    assert math.isnan(pictures.relative_diversity(photographs(count=1), photographs(1), None))


@pytest.mark.parametrize("gain", [2.0, 1.0, 0.2, -1.0])
def test_an_inverse_that_reads_the_picture_scales_noise_by_contrast(gain: float) -> None:
    """back(fake + d) - real = d / gain, and contrast = 1 / |gain| for pale pictures."""
    real = photographs() / 2
    found = pictures.hidden_code(real, real * gain, lambda x: x / gain, noise_like(real))
    assert found == pytest.approx(min(1, 1 / abs(gain)), rel=1e-4)


def test_an_inverse_that_amplifies_a_faint_code_scales_by_its_gain() -> None:
    """A painting that contains the photograph with a fiftieth of its contrast."""
    real, painting = photographs(seed=2) / 2, photographs(count=1, seed=3) / 2
    fake = painting + real / 50
    found = pictures.hidden_code(real, fake, lambda x: (x - painting) * 50, noise_like(real))
    contrast = max(1.0, float(real.std() / fake.std()))
    assert found == pytest.approx(50 / contrast, rel=0.01)  # e(0) is not quite 0 in float32


def test_a_code_below_a_gray_level_is_lost_by_rounding() -> None:
    """Without noise the rounding to 8 bits alone reveals it."""
    real, painting = photographs(seed=2) / 2, photographs(count=1, seed=3) / 2
    fake = painting + real * STEP
    found = pictures.hidden_code(real, fake, lambda x: (x - painting) / STEP, 0 * real)
    assert found > 50


def test_bad_reconstructions_have_little_to_lose() -> None:
    """However large its error, noise does not increase it if it is random anyway."""
    real = photographs()
    found = pictures.hidden_code(
        real, real, lambda x: torch.sin(x.flip(0) * 1000), noise_like(real)
    )
    assert abs(found) < 1


@pytest.mark.parametrize("period", [2, 4])
@pytest.mark.parametrize("side", [16, 32, 48])
def test_stripes_of_a_known_amplitude_are_measured(period: int, side: int) -> None:
    """+-1 stripes of 10 gray levels have a root mean square of 10 levels."""
    phase = torch.arange(side) % period < period // 2
    stripes = torch.where(phase, 10 * STEP, -10 * STEP).expand(4, 3, side, side)
    assert pictures.grid(stripes) == pytest.approx(10, rel=1e-4)
    assert pictures.grid(stripes.transpose(2, 3)) == pytest.approx(10, rel=1e-4)
    striped = photographs(side=side) + stripes
    natural = photographs(side=side, seed=4)
    assert pictures.checkerboard(striped, photographs(side=side), natural) > 8


def test_grid_is_the_energy_at_its_frequencies_in_the_mean_picture() -> None:
    """Parseval, in NumPy float64: 15 frequencies of the detail of the pictures' mean."""
    images = torch.rand(4, 2, 35, 35, generator=torch.Generator().manual_seed(0))
    mean = images.double().mean(0).numpy()
    shifted = [mean[:, y : y + 32, x : x + 32] for y in range(4) for x in range(4)]
    spectrum = np.fft.fft2(mean[:, 2:34, 2:34] - np.mean(shifted, axis=0)) / 32**2
    energy = (np.abs(spectrum[:, ::8, ::8]) ** 2).reshape(2, 16)[:, 1:].sum(1).mean()
    assert pictures.grid(images) == pytest.approx(math.sqrt(energy) / STEP, rel=1e-4)


def test_pictures_lack_a_grid_and_a_printed_domain_may_have_one() -> None:
    real, natural = photographs(), photographs(seed=1)
    assert pictures.grid(real) < 1
    ramp = torch.linspace(-1, 1, 32).expand(4, 3, 32, 32)
    assert pictures.grid(ramp) < 1e-3  # a slope is not a grid
    dots = torch.zeros(4, 3, 32, 32)
    dots[..., ::2, ::2] = 0.5
    assert pictures.checkerboard(real + dots, real, natural + dots) < 1


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_accepted(dtype: torch.dtype) -> None:
    """0.02: a few roundings of bfloat16, whose step is 1/256."""
    real = photographs().to(dtype)
    values = [
        pictures.luminance_correlation(real, -real), pictures.change(real, -real),
        pictures.relative_diversity(real, real, real), pictures.checkerboard(real, real),
    ]  # fmt: skip
    assert values == pytest.approx([-1, 2 * float(real.float().abs().mean()), 1, 0], abs=0.02)


def test_clipped_is_the_share_beyond_that_of_real_pictures() -> None:
    real = photographs()
    flat_red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(4, 3, 32, 32)
    assert pictures.clipped(flat_red, real) == 1
    half = torch.cat([flat_red[..., :16], real[..., :16]], 3)
    assert pictures.clipped(half, real) == pytest.approx(0.5)
    assert pictures.clipped(half, real, flat_red) == pytest.approx(-0.5)


def test_structure_is_kept_by_other_colors_and_lost_by_another_picture() -> None:
    real = photographs(side=64)
    assert pictures.structure(real, real) == pytest.approx(1)
    assert pictures.structure(real, -real * 0.7 + 0.1) > 0.99
    assert abs(pictures.structure(real, photographs(side=64, seed=9))) < 0.25
    assert abs(pictures.structure(real, real.flip(3))) < 0.25
    assert math.isnan(pictures.structure(torch.zeros_like(real), real))


@pytest.mark.parametrize("side", [16, 33])
def test_detail_is_numpys_and_noise_has_its_own_deviation(side: int) -> None:
    """A second implementation; and white noise of 10 levels minus its mean over 25 pixels."""
    images = torch.rand(3, 2, side, side, generator=torch.Generator().manual_seed(0))
    windows = np.lib.stride_tricks.sliding_window_view(images.numpy().astype(float), (5, 5), (2, 3))
    fine = images[..., 2:-2, 2:-2].numpy() - windows.mean((4, 5))
    squares = np.lib.stride_tricks.sliding_window_view((fine**2).mean(1), (5, 5), (1, 2))
    strength = np.sqrt(squares.mean((3, 4))).reshape(3, -1)
    expected = np.quantile(strength, 0.3, axis=1, method="nearest").mean() / STEP
    assert pictures.detail(images, 0.3) == pytest.approx(expected, rel=1e-4)


def test_noise_is_measured_by_its_deviation() -> None:
    """White noise minus its mean over 25 pixels keeps 24 parts of 25; 3 %: a few patches."""
    rng = torch.Generator().manual_seed(0)
    noise = 10 * STEP * torch.randn(4, 3, 128, 128, generator=rng)
    expected = 10 * math.sqrt(24 / 25)
    assert pictures.detail(noise, 0.5) == pytest.approx(expected, rel=0.03)
    # No natural detail: two levels are the minimum.
    calm = torch.zeros(4, 3, 128, 128)
    ratio = pictures.detail(noise, pictures.CALM) / pictures.LEAST_GRAIN
    assert pictures.grain(noise, calm, calm) == pytest.approx(ratio)
    assert pictures.grain(noise, calm, noise) == pytest.approx(1)


def test_sharpness_follows_contrast_and_falls_by_blur() -> None:
    real, flat = photographs(), photographs(seed=5) / 4
    assert pictures.blurred(real, real, flat) == pytest.approx(
        pictures.detail(real, pictures.BUSY) / pictures.detail(flat, pictures.BUSY)
    )
    soft = torch.nn.functional.avg_pool2d(real, 9, stride=1, padding=4, count_include_pad=False)
    assert pictures.blurred(soft, real) < 0.5


def test_a_clean_step_has_no_halo_and_a_band_along_it_has_its_height() -> None:
    """A step from -0.5 to 0.5; a band of 3 pixels, 0.3 above the light side.

    Means of 5 pixels hold at most 3 of the band: the surroundings reach 0.5 + 0.3 * 3 / 5.
    """
    step = torch.full((2, 3, 64, 64), -0.5)
    step[..., 32:] = 0.5
    assert pictures.overshoot(step) == pytest.approx(0, abs=1e-6)
    band = step.clone()
    band[..., 32:35] += 0.3
    around = 0.3 * 3 / 5
    expected = (0.3 - around) / (1 + around)
    assert pictures.overshoot(band) == pytest.approx(expected, rel=1e-4)
    ratios = [expected / pictures.LEAST_OVERSHOOT, pictures._busy(band) / pictures._busy(step)]
    assert pictures.halos(band, step) == pytest.approx(min(ratios))
    assert min(ratios) > 1.15
    assert pictures.halos(band, step, band) == pytest.approx(1)
    assert pictures.halos(step, band) == pytest.approx(0, abs=1e-6)
