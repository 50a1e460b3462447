"""From the numbers of images to metrics with intervals."""

from collections.abc import Sequence

import torch
from torch import Tensor

from gan.config.choices import Better, Change
from gan.evaluation.records import Metric, Unchanged
from gan.evaluation.rows import Reference, Row
from gan.metrics import (
    LEAST_IMAGES,
    Sampling,
    draw,
    frechet_distance,
    frechet_samples,
    interval,
    kernel_distance,
    kernel_matrices,
    kernel_samples,
    means,
    sampled,
)

HIGHER = ("psnr", "ssim", "ms_ssim")
"""What is better when it is higher."""
FID_RESAMPLES, FID_RESAMPLES_LARGE, LARGE = 200, 40, 512
"""At most, and for more than LARGE images and features: each needs that many singular values."""
FID_IMAGES = 2048
"""Below it the bias is a good part of the value; papers use thousands of images."""
KID_IMAGES = 50
SCORED_IMAGES = 10
ROUGH = "{count} images: the interval is rough"
NONE = "{count} images: too few for an interval, which takes {least}"
KID_MOST = 5000
"""Images of a collection whose pairs are all compared; of larger ones a random part."""


def image_metrics(rows: Sequence[Row], sampling: Sampling) -> dict[str, Metric]:
    """The means of what every image has a number of."""
    names = dict.fromkeys(name for row in rows for name in row.scores)
    return {name: image_metric(name, rows, sampling) for name in names}


def image_metric(name: str, rows: Sequence[Row], sampling: Sampling) -> Metric:
    """The mean of one score; paired with that of the source images, where there is one."""
    scored = [row for row in rows if name in row.scores]
    values = torch.tensor([row.scores[name] for row in scored], dtype=torch.float64)
    before = None
    if all(name in row.unchanged for row in scored):
        before = torch.tensor([row.unchanged[name] for row in scored], dtype=torch.float64)
    count, value = len(scored), float(values.mean())
    few = scarce(count, SCORED_IMAGES)
    better: Better = "higher" if name in HIGHER else "lower"
    old = None if before is None else Unchanged(float(before.mean()), None, None)
    if not sampled(sampling, count):
        return Metric(value, None, None, count, better, old, None, few)
    counts = draw(sampling, count)
    change: Change | None = None
    if before is not None:
        old = Unchanged(float(before.mean()), *interval(means(before, counts)))
        change = judged(interval(means(values - before, counts)), higher=better == "higher")
    low, high = interval(means(values, counts))
    return Metric(value, low, high, count, better, old, change, few)


def scarce(count: int, wanted: int) -> str | None:
    """What to say of so few images that the interval is rough, or that there is none."""
    if count >= wanted:
        return None
    return (ROUGH if count >= LEAST_IMAGES else NONE).format(count=count, least=LEAST_IMAGES)


def judged(difference: tuple[float, float], *, higher: bool = False) -> Change:
    """What an interval of the difference from doing nothing says."""
    low, high = difference
    if low <= 0 <= high:
        return "no clear difference"
    return "better" if (low > 0) == higher else "worse"


def collection_metrics(
    rows: Sequence[Row], reference: Reference, sampling: Sampling
) -> dict[str, Metric]:
    """Fréchet and kernel distance of all translations from the reference; two images at least."""
    fake = torch.stack([row.features for row in rows if row.features is not None])
    real = torch.stack([row.own for row in rows if row.own is not None])
    desired = reference.features
    if min(len(fake), len(desired)) < 2:
        return {}
    return {
        "fid": fid(fake, real, desired, sampling),
        "kid": kid(fake, real, desired, sampling),
    }


def fid(fake: Tensor, real: Tensor, desired: Tensor, sampling: Sampling) -> Metric:
    """Both distances are of the same resamples; intervals are moved to the value, see interval."""
    value, before = frechet_distance(fake, desired), frechet_distance(real, desired)
    smallest, width = min(len(fake), len(desired)), fake.shape[1]
    warning = None
    if smallest < width:
        warning = (
            f"{smallest} images for {width} features: biased upwards, comparable only with numbers "
            "from as many images; prefer kid"
        )
    elif smallest < FID_IMAGES:
        warning = f"{smallest} images: biased upwards; papers use {FID_IMAGES} or more"
    if not sampled(sampling, smallest):
        old = Unchanged(before, None, None)
        return Metric(value, None, None, len(fake), "lower", old, None, warning)
    most = FID_RESAMPLES_LARGE if min(smallest, width) > LARGE else FID_RESAMPLES
    counts, desired_counts = (drawn[:most] for drawn in both(sampling, fake, desired))
    samples = frechet_samples(fake, desired, counts, desired_counts)
    samples_before = frechet_samples(real, desired, counts, desired_counts)
    change = judged(interval(samples - samples_before, value - before))
    old = Unchanged(before, *interval(samples_before, before))
    return Metric(value, *interval(samples, value), len(fake), "lower", old, change, warning)


def kid(fake: Tensor, real: Tensor, desired: Tensor, sampling: Sampling) -> Metric:
    """All pairs of images, of at most KID_MOST of either collection."""
    chosen, others = part(len(fake), sampling), part(len(desired), sampling)
    fake, real, desired = fake[chosen], real[chosen], desired[others]
    value, before = kernel_distance(fake, desired), kernel_distance(real, desired)
    smallest = min(len(fake), len(desired))
    warning = scarce(smallest, KID_IMAGES)
    if not sampled(sampling, smallest):
        old = Unchanged(before, None, None)
        return Metric(value, None, None, len(fake), "lower", old, None, warning)
    counts = both(sampling, fake, desired)
    samples = kernel_samples(kernel_matrices(fake, desired), *counts)
    samples_before = kernel_samples(kernel_matrices(real, desired), *counts)
    change = judged(interval(samples - samples_before))
    old = Unchanged(before, *interval(samples_before))
    return Metric(value, *interval(samples), len(fake), "lower", old, change, warning)


def both(sampling: Sampling, fake: Tensor, desired: Tensor) -> tuple[Tensor, Tensor]:
    """Resamples of translations, and independent ones of what they are compared with."""
    return draw(sampling, len(fake)), draw(sampling, len(desired), stream=1)


def part(images: int, sampling: Sampling) -> Tensor:
    """The places of at most KID_MOST images, in order, drawn with a generator of their own."""
    generator = torch.Generator().manual_seed(sampling.seed)
    return torch.randperm(images, generator=generator)[:KID_MOST].sort().values
