"""Measure artifacts of translations that the usual metrics miss, relative to real images."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from gan.images.color import LUMA

PERIODS = (2, 4)
"""Periods of the patterns from upsampling by 2 and by 4, in pixels."""
FLAT = 0.2
"""Part of a photograph's pixels that counts as flat: those with least local variation."""
MOST, LEAST_POWER = 1e6, 1e-12


def grid(images: Tensor) -> float:
    """Return the excess power at the frequencies of upsampling; 1 means none.

    Images are (N, C, H, W) with sides that are multiples of 4. The result is the mean power of the
    luminance at multiples of 1/2 and 1/4 cycles per pixel, without frequency 0, divided by the
    power of their neighbors (three bins on each side), as a mean over those frequencies.
    """
    grey = _grey(images)
    grey = grey - grey.mean((1, 2), keepdim=True)
    height, width = grey.shape[1:]
    window = torch.outer(*(torch.hann_window(n, periodic=True) for n in (height, width)))
    power = torch.fft.fft2(grey * window).abs().square().mean(0)
    places = {
        (height * i // period, width * j // period)
        for period in PERIODS
        for i in range(period)
        for j in range(period)
    } - {(0, 0)}
    ratios = []
    for y, x in places:
        around = power.roll((3 - y, 3 - x), (0, 1))[:7, :7]
        peak = around[2:5, 2:5]
        ring = (around.sum() - peak.sum()) / (around.numel() - peak.numel())
        ratios.append(peak.mean() / ring.clamp(min=LEAST_POWER))
    return float(torch.stack(ratios).mean())


def flat_noise(images: Tensor, photographs: Tensor) -> float:
    """Return the mean power of detail, over all channels, where the photographs are flat.

    Both are (N, C, H, W) of equal size. Detail is the difference to the mean over 5 x 5 pixels.
    """
    grey = _grey(photographs)[:, None]
    variation = _mean5((grey - _mean5(grey)).square())
    flat = variation <= torch.quantile(variation.flatten(), FLAT)
    detail = (images - _mean5(images)).square().mean(1, keepdim=True)
    return float(detail[flat].mean())


def border(images: Tensor) -> float:
    """Return how much the three pixels along the border differ from three pixels further inside.

    It is the mean absolute difference of the two strips' means, over images, channels and sides.
    """
    sides = []
    for turned in (images, images.flip(2), images.transpose(2, 3), images.transpose(2, 3).flip(2)):
        outer, inner = (turned[:, :, a:b].mean((2, 3)) for a, b in ((0, 3), (4, 7)))
        sides.append((outer - inner).abs().mean())
    return float(torch.stack(sides).mean())


def artifacts(fake: Tensor, photographs: Tensor, real: Tensor, paired: bool) -> dict[str, float]:
    """Return the three measures of translations, divided by those of real images of the domain.

    `paired` means that `real` are the true translations; otherwise flat_noise of `real` is measured
    where they are flat themselves.
    """
    measures = {
        "grid": (grid(fake), grid(real)),
        "flat_noise": (
            flat_noise(fake, photographs),
            flat_noise(real, photographs if paired else real),
        ),
        "border": (border(fake), border(real)),
    }
    return {
        name: min(MOST, ours / max(theirs, LEAST_POWER))
        for name, (ours, theirs) in measures.items()
    }


def _grey(images: Tensor) -> Tensor:
    """Return the luminance (N, H, W) of images (N, C, H, W)."""
    if images.shape[1] == 1:
        return images[:, 0]
    return (images * images.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1)


def _mean5(images: Tensor) -> Tensor:
    """Return means over 5 x 5 pixels, with mirrored borders."""
    return avg_pool2d(pad(images, (2,) * 4, mode="reflect"), 5, stride=1)
