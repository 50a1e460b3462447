"""What can be seen in translations: signals as pure functions of batches (N, C, H, W) in [-1, 1].

All compute in float32 and return a float; a signal that is not defined for its input is NaN.
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
"""One gray level of 8 bits."""
NOISE = 2 * STEP
"""Standard deviation of the noise on translations; two gray levels are invisible."""
EXTREME = 0.97
"""From which on a value, in [-1, 1], counts as clipped: four gray levels below white."""
WINDOW = 5
"""Pixels of a side over which detail is taken and averaged."""
CALM, BUSY = 0.05, 0.95
"""Quantiles of the detail in a picture's calm and busy places."""
NEAR, FAR = 3, 10
"""Pixels around an edge: its halo, and its surroundings."""
LEAST_OVERSHOOT, LEAST_RANGE = 0.02, 0.05
"""Below which a halo is invisible; of luma's range, 2."""
LEAST_GRAIN = 2.0
"""Gray levels of detail in calm places below which it is invisible."""


def luma(images: Tensor) -> Tensor:
    """Return brightness, (N, H, W): ITU-R BT.601 of three channels, or the one."""
    images = images.float()
    if images.shape[1] == 1:
        return images[:, 0]
    return torch.einsum("nchw,c->nhw", images, images.new_tensor(LUMA))


def luminance_correlation(real: Tensor, fake: Tensor) -> float:
    """Return Pearson's r = cov(x, y) / (sd(x) sd(y)) of the luma of input x and output y, in [-1,
    1].

    Over the pixels of each picture, then the mean over pictures. A picture without contrast (a
    standard deviation below half a gray level) has 0. Inverted colors are strongly negative.
    """
    x, y = (luma(images).flatten(1) for images in (real, fake))
    x, y = (values - values.mean(1, keepdim=True) for values in (x, y))
    floor = STEP / 2
    scale = x.square().mean(1).sqrt().clamp(min=floor) * y.square().mean(1).sqrt().clamp(min=floor)
    return float(((x * y).mean(1) / scale).mean())


def change(real: Tensor, fake: Tensor) -> float:
    """Return mean |fake - real|, in [0, 2]: how far outputs are from inputs; NaN between gray and
    color.

    Next to 0 where the output is the input.
    """
    return difference(real, fake) if real.shape == fake.shape else math.nan


def difference(x: Tensor, y: Tensor) -> float:
    """Return mean |x - y| over pictures, channels and pixels."""
    return float((x.float() - y.float()).abs().mean())


def diversity(images: Tensor) -> float:
    """Return mean |x_i - x_j| over all pairs i < j of pictures and their pixels; NaN for one
    picture."""
    pairs = torch.combinations(torch.arange(len(images), device=images.device))
    return difference(*images[pairs.T]) if len(pairs) else math.nan


def relative_diversity(fake: Tensor, real: Tensor, wanted: Tensor | None) -> float:
    """Return diversity(fake) / min(diversity(real), diversity(wanted)): 0 where all outputs are
    alike.

    real are the inputs, wanted is pictures of the other domain, where there are any: a domain of
    pale pictures needs pale outputs. NaN where the pictures compared with are alike themselves
    (less than a gray level apart), or there is only one.
    """
    expected = diversity(real)
    if wanted is not None and len(wanted) > 1:
        expected = min(expected, diversity(wanted))
    return diversity(fake) / expected if expected > STEP else math.nan


def hidden_code(real: Tensor, fake: Tensor, back: Network, noise: Tensor) -> float:
    """Return how much invisible changes harm a reconstruction, by what a reader would lose.

    max over d of (e(d) - e(0)) / (c |d| + e(0) / 8) with e(d) = mean |back(fake + d) - real|, the
    error of a reconstruction, and |d| = mean |d|. d is noise, of fake's shape and a standard
    deviation of NOISE, or the rounding of fake to 8 bits; c = sd(real) / sd(fake), where it is
    above 1, is what contrast has to be won back from a pale picture. A generator back that reads
    what is in the picture passes d on, so it is 1 at most; one that reads a code of invisible
    amplitude amplifies it, and d with it. Reconstructions that are bad to begin with have little to
    lose; e(0) / 8 keeps their chance changes small. Chu, Zhmoginov and Sandler 2017, "CycleGAN, a
    master of steganography", Sec. 4.
    """
    faithful = difference(back(fake), real)
    contrast = max(1.0, float(real.float().std() / fake.float().std().clamp(min=STEP / 2)))

    def loss(disturbed: Tensor) -> float:
        # Pure black and white are whole 8-bit numbers already: their rounding is 0.
        expected = contrast * max(difference(disturbed, fake), STEP / 100) + faithful / 8
        return (difference(back(disturbed), real) - faithful) / expected

    return max(loss(fake + noise), loss(to_unit(to_pixels(fake))))


def checkerboard(fake: Tensor, *natural: Tensor) -> float:
    """Return grid(fake) - max grid(natural): gray levels of a grid that is in no natural picture.

    natural are the inputs and the other domain: printed or dithered pictures already have a grid.
    """
    return grid(fake) - max(grid(images) for images in natural)


def grid(images: Tensor) -> float:
    """Return the pattern of period 2 and 4 pixels that all pictures share, in gray levels of 255.

    p(u, v) = mean over pictures i and cells j, k of h_i(4 j + u, 4 k + v), for every channel; h is
    a picture less its mean over 4 x 4 pixels. The standard deviation of p over u and v: by Parseval
    that is the energy at frequencies of 1/4 and 1/2 cycles per pixel in the phase that all cells
    and all pictures have in common, where up-sampling by 2, twice, leaves its mark (Odena et al.
    2016, "Deconvolution and checkerboard artifacts"). What pictures show has no common phase and
    averages out. Sides are cut to multiples of 4.
    """
    images = images.float()
    detail = images[..., 2:-1, 2:-1] - avg_pool2d(images, 4, stride=1)
    height, width = (side // 4 * 4 for side in detail.shape[-2:])
    cells = detail[..., :height, :width].unflatten(3, (-1, 4)).unflatten(2, (-1, 4))
    pattern = cells.mean((0, 2, 4))  # (N, C, H / 4, 4, W / 4, 4) to (C, 4, 4)
    pattern = pattern - pattern.mean((1, 2), keepdim=True)
    return float(pattern.square().mean().sqrt()) / STEP


def clipped(fake: Tensor, *natural: Tensor) -> float:
    """Return which share of all values is black or white, beyond the largest share in natural.

    natural are the inputs and the other domain; all values count alike, so that flat red, which has
    one white and two black channels, is clipped.
    """
    shares = [float((images.abs() > EXTREME).float().mean()) for images in (fake, *natural)]
    return shares[0] - max(shares[1:])


def structure(real: Tensor, fake: Tensor) -> float:
    """Return how well edges of outputs lie where inputs have them, -1 to 1, a mean over pictures.

    The correlation of edge directions (gan/metrics/structure.py): colors, and light and dark, may
    change. NaN where no input has edges.
    """
    pairs = zip(to_pixels(real), to_pixels(fake), strict=True)
    fields = ([field(comparable(np.asarray(to_array(one)))) for one in pair] for pair in pairs)
    found = (agreement(before, after) for before, after in fields)
    known = [value for value in found if value is not None]
    return sum(known) / len(known) if known else math.nan


def detail(images: Tensor, quantile: float) -> float:
    """Return how strong detail is at a quantile of a picture's places, a mean, in gray levels.

    Detail is a picture less its mean over WINDOW x WINDOW pixels; its strength at a place is the
    root of its mean square over channels and as many pixels. Sides of 2 WINDOW or more.
    """
    images = images.float()
    edge = WINDOW // 2
    fine = images[..., edge:-edge, edge:-edge] - avg_pool2d(images, WINDOW, stride=1)
    strength = avg_pool2d(fine.square().mean(1, keepdim=True), WINDOW, stride=1).sqrt()
    return float(_quantile(strength, quantile).mean()) / STEP


def grain(fake: Tensor, *natural: Tensor) -> float:
    """Return detail in calm places of outputs by that of natural, whichever has most."""
    return detail(fake, CALM) / max(LEAST_GRAIN, *(detail(images, CALM) for images in natural))


def blurred(fake: Tensor, *natural: Tensor) -> float:
    """Return detail in busy places of outputs by that of natural, whichever has least."""
    return detail(fake, BUSY) / max(LEAST_GRAIN, min(detail(images, BUSY) for images in natural))


def halos(fake: Tensor, *natural: Tensor) -> float:
    """Return how far edges of outputs go beyond those of natural, whichever go furthest.

    The smaller of two ratios, of overshoot and of detail in busy places: soft pictures overshoot
    while they form, and edges may be sharper than in small pictures that were enlarged.
    """
    ratios = []
    for measure, least in ((overshoot, LEAST_OVERSHOOT), (_busy, LEAST_GRAIN)):
        ratios.append(measure(fake) / max(least, *map(measure, natural)))
    return min(ratios)


def _busy(images: Tensor) -> float:
    """Return detail in busy places."""
    return detail(images, BUSY)


def overshoot(images: Tensor) -> float:
    """Return how far thin bands along edges go beyond what is around, by the range of that.

    A halo is lighter than the light side of its edge, or darker than the dark one, for a few
    pixels. Within NEAR pixels of the steepest tenth of places: what extremes of luma (means of
    3 x 3) exceed those of the surroundings (means of WINDOW x WINDOW within FAR pixels), over the
    surroundings' range. A mean over those places and pictures; 0 for a clean step.
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
    """Return the value of each picture below which a share of its places lies, (N,)."""
    values = planes.flatten(1)
    return values.kthvalue(1 + round(share * (values.shape[1] - 1)), dim=1).values


def _mean(plane: Tensor, side: int) -> Tensor:
    """Return means over side x side pixels, the border mirrored."""
    return avg_pool2d(pad(plane, (side // 2,) * 4, mode="reflect"), side, stride=1)


def _largest(plane: Tensor, reach: int) -> Tensor:
    """Return the largest value within so many pixels along rows and columns."""
    return max_pool2d(plane, 2 * reach + 1, stride=1, padding=reach)
