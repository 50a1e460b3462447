"""How far apart pictures, and collections of pictures, are: pure functions and frozen networks.

Sums over feature vectors are taken in float64, on the CPU, by our formulas, because the
features are at hand; what torchmetrics does cleanly (SSIM, MS-SSIM, LPIPS, Inception) is its own.
"""

from gan.metrics.batch import Batch, Images
from gan.metrics.extractor import Extractor, open_extractor
from gan.metrics.intervals import (
    LEAST_IMAGES,
    Distances,
    Sampling,
    draw,
    interval,
    interval_around,
    means,
    sampled,
    scarce,
)
from gan.metrics.lpips import Lpips, open_lpips
from gan.metrics.pictures import has_torchmetrics

__all__ = [
    "LEAST_IMAGES",
    "Batch",
    "Distances",
    "Extractor",
    "Images",
    "Lpips",
    "Sampling",
    "draw",
    "has_torchmetrics",
    "interval",
    "interval_around",
    "means",
    "open_extractor",
    "open_lpips",
    "sampled",
    "scarce",
]
