"""Measure distances of images and of collections of images, with formulas and frozen networks.

Distances of feature vectors (FID, KID) are computed here, in float64 on the CPU. SSIM, MS-SSIM,
Inception and the weights of LPIPS come from torchmetrics.
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
