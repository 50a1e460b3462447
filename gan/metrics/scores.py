"""The metrics of single images: what each compares. From a batch to (N,)."""

from torch import Tensor

from gan.metrics import pictures
from gan.metrics.batch import Batch
from gan.metrics.maps import gram_distances, layer_distance, structure_distance


def l1(batch: Batch) -> Tensor:
    """Return the distances of translations from their truth."""
    return pictures.l1(batch.fake.pixels, batch.truth.pixels)


def psnr(batch: Batch) -> Tensor:
    """Return the decibels of translations against their truth."""
    return pictures.psnr(batch.fake.pixels, batch.truth.pixels)


def ssim(batch: Batch) -> Tensor:
    """Return the similarity of translations to their truth."""
    return pictures.ssim(batch.fake.pixels, batch.truth.pixels)


def ms_ssim(batch: Batch) -> Tensor:
    """Return the similarity of translations to their truth, at several scales."""
    return pictures.ms_ssim(batch.fake.pixels, batch.truth.pixels)


def lpips(batch: Batch) -> Tensor:
    """Return perceptual distances from the truth: published, or in that style."""
    if batch.lpips:
        return batch.lpips(batch.fake.pixels, batch.truth.pixels)
    return layer_distance(batch.fake.style, batch.truth.style)


def gram(batch: Batch) -> Tensor:
    """Return the distances of translations' textures from those of their domain."""
    return gram_distances(batch.fake.style, batch.grams)


def structure(batch: Batch) -> Tensor:
    """Return how far translations have left the structure of their sources."""
    return structure_distance(batch.fake.content, batch.source.content)


def cycle(batch: Batch) -> Tensor:
    """Return the distances of reconstructions from their sources."""
    return pictures.l1(batch.reconstruction, batch.source.pixels)


def identity(batch: Batch) -> Tensor:
    """Return how much the generator into the sources' own domain changes them."""
    return pictures.l1(batch.identity, batch.source.pixels)
