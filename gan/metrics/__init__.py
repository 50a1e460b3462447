"""How far apart pictures, and collections of pictures, are: pure functions and frozen networks.

Sums over feature vectors are taken in float64, on the CPU, by formulas of our own, because the
features are at hand; what torchmetrics does cleanly (SSIM, MS-SSIM, LPIPS, Inception) is its own.
"""

from gan.metrics.batch import Batch, Images
from gan.metrics.bootstrap import (
    LEAST_IMAGES,
    Sampling,
    draw,
    interval,
    means,
    sampled,
    scarce,
)
from gan.metrics.extractor import Extractor, open_extractor
from gan.metrics.frechet import frechet_distance, frechet_estimate
from gan.metrics.jackknife import Distances, Estimate, distances, interval_around
from gan.metrics.kernel import (
    KernelMatrices,
    kernel_distance,
    kernel_estimate,
    kernel_matrices,
)
from gan.metrics.lpips import Lpips, open_lpips
from gan.metrics.maps import gram_distances, layer_distance, structure_distance
from gan.metrics.pictures import has_torchmetrics, l1, ms_ssim, psnr, ssim

__all__ = [
    "LEAST_IMAGES",
    "Batch",
    "Distances",
    "Estimate",
    "Extractor",
    "Images",
    "KernelMatrices",
    "Lpips",
    "Sampling",
    "distances",
    "draw",
    "frechet_distance",
    "frechet_estimate",
    "gram_distances",
    "has_torchmetrics",
    "interval",
    "interval_around",
    "kernel_distance",
    "kernel_estimate",
    "kernel_matrices",
    "l1",
    "layer_distance",
    "means",
    "ms_ssim",
    "open_extractor",
    "open_lpips",
    "psnr",
    "sampled",
    "scarce",
    "ssim",
    "structure_distance",
]
