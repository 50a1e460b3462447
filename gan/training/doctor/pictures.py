"""Signals of translations: pure functions of batches (N, C, H, W) in [-1, 1].

All compute in float32 and return a float; a signal that is undefined for its input is NaN.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, max_pool2d, pad

from gan.images.color import LUMA
from gan.images.pixels import to_array, to_pixels, to_unit
from gan.metrics.structure import agreement, comparable, field

Network = Callable[[Tensor], Tensor]

STEP = 2 / 255
"""One gray level of 8 bits, in [-1, 1]."""
NOISE = 2 * STEP
"""Standard deviation of the noise added to translations: two gray levels, invisible."""
EXTREME = 0.97
"""Values in [-1, 1] beyond +-EXTREME count as clipped: the four 8-bit levels at each end."""
WINDOW = 5
"""Side in pixels of the window over which detail is computed and averaged."""
CALM, BUSY = 0.05, 0.95
"""Quantiles of detail that define calm and busy places of a picture."""
NEAR, FAR = 3, 10
"""Distances in pixels from an edge: its halo, and its surroundings."""
LEAST_OVERSHOOT, LEAST_RANGE = 0.02, 0.05
"""Overshoot below which a halo is invisible, and the smallest range of luma (values in [-1, 1]) by
which overshoot is divided."""
LEAST_GRAIN = 2.0
"""Detail, in gray levels, below which it is invisible."""


def luma(images: Tensor) -> Tensor:
    """Return luma, (N, H, W): ITU-R BT.601 for three channels, or the single channel."""
    images = images.float()
    if images.shape[1] == 1:
        return images[:, 0]
    return torch.einsum("nchw,c->nhw", images, images.new_tensor(LUMA))


def luminance_correlation(real: Tensor, fake: Tensor) -> float:
    """Return Pearson's r between the luma of input and output, in [-1, 1].

    r = cov(x, y) / (sd(x) sd(y)), computed for each picture, then averaged over pictures. Standard
    deviations count as half a gray level at least, so that a picture without contrast has about 0.
    Inverted colors are strongly negative.
    """
    x, y = (luma(images).flatten(1) for images in (real, fake))
    x, y = (values - values.mean(1, keepdim=True) for values in (x, y))
    floor = STEP / 2
    scale = x.square().mean(1).sqrt().clamp(min=floor) * y.square().mean(1).sqrt().clamp(min=floor)
    return float(((x * y).mean(1) / scale).mean())


def change(real: Tensor, fake: Tensor) -> float:
    """Return mean |fake - real|, in [0, 2]: how far outputs are from inputs.

    Near 0 if the output is the input; NaN between gray and color.
    """
    return difference(real, fake) if real.shape == fake.shape else math.nan


def difference(x: Tensor, y: Tensor) -> float:
    """Return mean |x - y| over pictures, channels and pixels."""
    return float((x.float() - y.float()).abs().mean())


def diversity(images: Tensor) -> float:
    """Return mean |x_i - x_j| over pairs i < j of pictures and over pixels; NaN for one picture."""
    pairs = torch.combinations(torch.arange(len(images), device=images.device))
    return difference(*images[pairs.T]) if len(pairs) else math.nan


def relative_diversity(fake: Tensor, real: Tensor, wanted: Tensor | None) -> float:
    """Return diversity(fake) / min(diversity(real), diversity(wanted)): 0 if all fakes are equal.

    `real` are the inputs; `wanted`, if given, are pictures of the target domain. The smaller
    diversity is the divisor, since pictures of a pale domain differ less than the inputs. NaN if
    the divisor is a gray level or less, or if there is only one picture.
    """
    expected = diversity(real)
    if wanted is not None and len(wanted) > 1:
        expected = min(expected, diversity(wanted))
    return diversity(fake) / expected if expected > STEP else math.nan


def hidden_code(real: Tensor, fake: Tensor, back: Network, noise: Tensor) -> float:
    """Return how much invisible changes harm a reconstruction, relative to the expected harm.

    max over d of (e(d) - e(0)) / (c |d| + e(0) / 8) with e(d) = mean |back(fake + d) - real|, the
    error of a reconstruction, and |d| = mean |d|. d is noise of fake's shape with a standard
    deviation of NOISE, or the rounding of fake to 8 bits. c = max(1, sd(real) / sd(fake)) is the
    contrast that has to be recovered from a pale picture. A generator `back` that reads the visible
    picture passes d on, which gives 1 at most; one that reads a code of invisible amplitude
    amplifies the code, and d with it. If reconstructions are bad even without d, e(0) / 8 keeps
    their random changes from counting. Chu, Zhmoginov and Sandler 2017, "CycleGAN, a master of
    steganography", Sec. 4.
    """
    faithful = difference(back(fake), real)
    contrast = max(1.0, float(real.float().std() / fake.float().std().clamp(min=STEP / 2)))

    def loss(disturbed: Tensor) -> float:
        # Pure black and white are whole 8-bit numbers already: their rounding is 0.
        expected = contrast * max(difference(disturbed, fake), STEP / 100) + faithful / 8
        return (difference(back(disturbed), real) - faithful) / expected

    return max(loss(fake + noise), loss(to_unit(to_pixels(fake))))


def checkerboard(fake: Tensor, *natural: Tensor) -> float:
    """Return grid(fake) - max grid(natural): gray levels of a grid that real pictures lack.

    natural are batches of the inputs and of the other domain: printed or dithered pictures already
    have a grid.
    """
    return grid(fake) - max(grid(images) for images in natural)


def grid(images: Tensor) -> float:
    """Return the strength of the grid of period 2 and 4 that all pictures share, in gray levels.

    p(u, v) = mean over pictures i and cells j, k of h_i(4 j + u, 4 k + v), for every channel; h is
    a picture minus its mean over 4 x 4 pixels. The result is the standard deviation of p over u and
    v. By Parseval, this is the energy at 1/4 and 1/2 cycles per pixel with the same phase in all
    cells and pictures. Two upsamplings by 2 leave such a grid (Odena et al. 2016, "Deconvolution
    and checkerboard artifacts"). The content of pictures has no common phase and averages out.
    Sides are cropped to multiples of 4.
    """
    images = images.float()
    detail = images[..., 2:-1, 2:-1] - avg_pool2d(images, 4, stride=1)
    height, width = (side // 4 * 4 for side in detail.shape[-2:])
    cells = detail[..., :height, :width].unflatten(3, (-1, 4)).unflatten(2, (-1, 4))
    pattern = cells.mean((0, 2, 4))  # (N, C, H / 4, 4, W / 4, 4) to (C, 4, 4)
    pattern = pattern - pattern.mean((1, 2), keepdim=True)
    return float(pattern.square().mean().sqrt()) / STEP


def clipped(fake: Tensor, *natural: Tensor) -> float:
    """Return the share of values that are black or white, minus the largest share in natural.

    natural are batches of the inputs and of the other domain. Channels count separately, so flat
    red is clipped: it has one white and two black channels.
    """
    shares = [float((images.abs() > EXTREME).float().mean()) for images in (fake, *natural)]
    return shares[0] - max(shares[1:])


def structure(real: Tensor, fake: Tensor) -> float:
    """Return how well edges of outputs match those of inputs, -1 to 1, averaged over pictures.

    It is the correlation of edge directions (gan/metrics/structure.py), which ignores colors and
    which side of an edge is lighter. NaN if no input has edges.
    """
    pairs = zip(to_pixels(real), to_pixels(fake), strict=True)
    fields = ([field(comparable(np.asarray(to_array(one)))) for one in pair] for pair in pairs)
    found = (agreement(before, after) for before, after in fields)
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if known else math.nan


def detail(images: Tensor, quantile: float) -> float:
    """Return a quantile of the strength of detail over a picture's places, in gray levels.

    The result is the mean over the pictures. Detail is a picture minus its mean over WINDOW x
    WINDOW pixels. Its strength at a place is the root mean square over channels and a window of the
    same size. Sides must be 2 WINDOW or more.
    """
    images = images.float()
    edge = WINDOW // 2
    fine = images[..., edge:-edge, edge:-edge] - avg_pool2d(images, WINDOW, stride=1)
    strength = avg_pool2d(fine.square().mean(1, keepdim=True), WINDOW, stride=1).sqrt()
    return float(_quantile(strength, quantile).mean()) / STEP


def grain(fake: Tensor, *natural: Tensor) -> float:
    """Return detail in calm places of fake, divided by the largest such detail in natural batches.

    The divisor is at least LEAST_GRAIN.
    """
    return detail(fake, CALM) / max(LEAST_GRAIN, *(detail(images, CALM) for images in natural))


def blurred(fake: Tensor, *natural: Tensor) -> float:
    """Return detail in busy places of fake, divided by the smallest such detail in natural ones.

    The divisor is at least LEAST_GRAIN.
    """
    return detail(fake, BUSY) / max(LEAST_GRAIN, min(detail(images, BUSY) for images in natural))


def halos(fake: Tensor, *natural: Tensor) -> float:
    """Return how far edges of fake overshoot, relative to the largest overshoot in natural.

    It is the smaller of two ratios of fake to natural: of overshoot, and of detail in busy places.
    Overshoot alone is also large in the soft pictures of a young run; detail alone is also large if
    the natural pictures were enlarged from small ones.
    """
    ratios = []
    for measure, least in ((overshoot, LEAST_OVERSHOOT), (_busy, LEAST_GRAIN)):
        ratios.append(measure(fake) / max(least, *map(measure, natural)))
    return min(ratios)


def _busy(images: Tensor) -> float:
    """Return detail in busy places, in gray levels."""
    return detail(images, BUSY)


def overshoot(images: Tensor) -> float:
    """Return how far thin bands along edges exceed the range of luma around them, as a share of it.

    A halo is lighter than the light side of its edge, or darker than the dark one, for a few
    pixels. It is measured within NEAR pixels of the steepest tenth of places: by how much extremes
    of luma (means of 3 x 3) exceed those of the surroundings (means of WINDOW x WINDOW within FAR
    pixels), divided by the surroundings' range. The result is the mean over those places and
    pictures; 0 for a clean step.
    """
    plane = luma(images)[:, None]
    fine, coarse = _mean(plane, 3), _mean(plane, WINDOW)
    slope = _largest(fine, 1) + _largest(-fine, 1)
    steep = slope >= _quantile(slope, 0.9).view(-1, 1, 1, 1)
    light, dark = _largest(coarse, FAR), -_largest(-coarse, FAR)
    beyond = (_largest(fine, NEAR) - light).clamp(min=0) + (dark + _largest(-fine, NEAR)).clamp(
        min=0
    )
    parts = beyond / (light - dark).clamp(min=LEAST_RANGE)
    return float((parts * steep).sum() / steep.sum())


def _quantile(planes: Tensor, share: float) -> Tensor:
    """Return for each picture the quantile `share` of its values, (N,)."""
    values = planes.flatten(1)
    return values.kthvalue(1 + round(share * (values.shape[1] - 1)), dim=1).values


def _mean(plane: Tensor, side: int) -> Tensor:
    """Return means over side x side pixels, with mirrored borders."""
    return avg_pool2d(pad(plane, (side // 2,) * 4, mode="reflect"), side, stride=1)


def _largest(plane: Tensor, reach: int) -> Tensor:
    """Return at each pixel the largest value in the square of side 2 reach + 1 around it."""
    return max_pool2d(plane, 2 * reach + 1, stride=1, padding=reach)
