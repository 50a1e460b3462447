"""Measure how near a translation is to the target domain, and how a generator changes that domain.

An image is described by the mean and standard deviation of its colors, and by its details at
several scales: their strength in smooth and in busy regions, whether they are lighter or darker
than their surroundings, and whether they follow rows and columns. This distinguishes ink lines from
blur, noise, blocks and grids. No network is used, so the measure is independent of a generator's
losses. The distance from a domain is the Mahalanobis distance, divided by the square root of the
number of entries of a description.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from gan.augment.options import AugmentOptions
from gan.config import Config
from gan.config.choices import Range
from gan.domains import DIRECTIONS
from gan.domains import Domain as DomainName
from gan.images import ImageError, list_images, read_pixels
from gan.images.color import LUMA_COLUMN
from gan.images.deep import Array
from gan.images.pixels import from_array, to_array
from gan.inference.translator import Translator
from gan.metrics.structure import LONGER_SIDE, agreement, comparable, field
from gan.networks.files import ranges_of, read_about
from gan.report.standing import open_configuration

Numbers = NDArray[np.float64]

SIDE = 128
"""Limit of the shorter side in pixels; larger images are scaled down before they are compared."""
LEVELS, FINE = 4, 2
"""Number of scales of details, each half the size of the one before. The first FINE also measure
directions, and whether details are lighter or darker than their surroundings."""
MOST = 400
"""Largest number of images of a domain to read, evenly spaced in the sorted list."""
SAMPLES = 12
"""Images of the target domain for measuring identity."""
FINE_BLUR = 0.7
"""Sigma, in pixels, of the blur before edges are found, when identity is measured."""
APART = 1.5
"""Change of a target image, in usual distances, above which identity is reduced."""
LEAST = 10
"""Smallest number of images for measuring a domain."""
USUAL = 0.95
"""The usual distance is this quantile of the distances of a domain's images."""
NEAR = 2
"""Multiple of the usual distance that counts as near enough, since subjects and cameras differ."""
INDEPENDENCE = 0.3
"""Weight of the identity matrix in a domain's correlations: few images estimate them badly."""
SMALLEST = 0.02
"""Smallest standard deviation of a description's numbers: a domain may be all gray."""


def describe(pixels: Array) -> Numbers:
    """Return the description (26,) of an image (H, W, 1 or 3) of 8 or 16 bits."""
    shown = comparable(pixels)
    height, width = shown.shape[:2]
    scale = SIDE / min(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        shown = cast(Any, cv2.resize(shown, size, interpolation=cv2.INTER_AREA))
    colors = shown.astype(np.float32) / 255
    luma = (colors @ LUMA_COLUMN)[:, :, 0]
    planes = [luma, colors[:, :, 0] - luma, colors[:, :, 2] - luma]
    numbers = [float(part(plane)) for part in (np.mean, np.std) for plane in planes]
    for plane in planes[1:]:
        numbers += _strengths(np.abs(_details(plane)[0]), 0.5, 0.98)
    for level in range(LEVELS):
        if level < FINE:
            numbers.append(_along_axes(luma))
        band, luma = _details(luma)
        numbers += _strengths(np.sqrt(cv2.GaussianBlur(band**2, (0, 0), 1.5)), 0.1, 0.5, 0.95)
        if level < FINE:
            power = float((band**2).mean())
            numbers.append(0.2 * float((band**3).mean()) / (power**1.5 + 1e-7))
    return np.array(numbers)


def _details(plane: Any) -> tuple[Any, Any]:
    """Return a plane's details, and the smoothed plane at half the size."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1)
    return plane - smooth, smooth[::2, ::2]


def _strengths(values: Any, *shares: float) -> list[float]:
    """Return log(q + one gray level) of the quantile q at each share, 0 to 1."""
    return [float(np.log(np.quantile(values, share) + 0.004)) for share in shares]


def _along_axes(plane: Any) -> float:
    """Return how much the gradients follow rows or columns, 0 to 1."""
    if min(plane.shape) < 2:
        return 0.0
    across, down = np.diff(plane, axis=1)[:-1] ** 2, np.diff(plane, axis=0)[:, :-1] ** 2
    return float(np.abs(across - down).sum() / ((across + down).sum() + 1e-6))


@dataclass(frozen=True)
class Statistics:
    """Mean, standard deviations and correlations of descriptions."""

    mean: Numbers
    spread: Numbers
    weights: Numbers
    """The inverse of the correlations."""

    @classmethod
    def of(cls, descriptions: Sequence[Numbers]) -> Self:
        """Return the statistics of two or more descriptions."""
        rows = np.stack(descriptions)
        spread = np.maximum(rows.std(axis=0), SMALLEST)
        unit = (rows - rows.mean(axis=0)) / spread
        own = np.eye(rows.shape[1])
        correlation = (1 - INDEPENDENCE) * (unit.T @ unit / len(rows)) + INDEPENDENCE * own
        return cls(rows.mean(axis=0), spread, np.linalg.inv(correlation))

    def distance(self, description: Numbers, other: Numbers | None = None) -> float:
        """Return the distance of a description from the mean, or from another description.

        It is about 1 for an image of the same domain.
        """
        unit = (description - (self.mean if other is None else other)) / self.spread
        return float(np.sqrt(unit @ self.weights @ unit / len(unit)))


@dataclass(frozen=True)
class Domain:
    """The statistics of a domain's images, and their usual distance from the mean."""

    statistics: Statistics
    usual: float
    samples: tuple[Array, ...] = ()
    """Some of its images, 8-bit RGB, of the size at which images are compared."""

    @classmethod
    def of(cls, descriptions: Sequence[Numbers], samples: Sequence[Array] = ()) -> Self:
        """Return the domain from its images' descriptions.

        For the usual distance, each half's images are measured with the other half's statistics.
        """
        halves = descriptions[::2], descriptions[1::2]
        distances = [
            Statistics.of(one).distance(description)
            for one, other in (halves, halves[::-1])
            for description in other
        ]
        usual = float(np.quantile(distances, USUAL))
        return cls(Statistics.of(descriptions), usual, tuple(samples))

    @classmethod
    def read(cls, folder: Path, values: Range | None = None) -> Self | None:
        """Return the domain of a folder's images; None if fewer than LEAST can be read.

        `values` are the numbers that mean black and white in the files; None for the usual ones.
        """
        files = list_images(folder)
        files = files[:: -(-len(files) // MOST) or 1]
        descriptions, samples = [], []
        for number, path in enumerate(files):
            try:
                pixels = read_pixels(path, draft_size=LONGER_SIDE, values=values)
            except ImageError:
                continue  # training and gan inspect report it
            descriptions.append(describe(pixels))
            if number % (-(-len(files) // SAMPLES)) == 0:
                samples.append(comparable(pixels))
        return cls.of(descriptions, samples) if len(descriptions) >= LEAST else None

    @property
    def fingerprint(self) -> str:
        """A hash that changes with the images."""
        return hashlib.sha256(self.statistics.mean.tobytes()).hexdigest()[:16]

    def identity(self, translator: Translator) -> float | None:
        """Return how well a generator into this domain preserves the domain's images, -1 to 1.

        It is the median over some images of the correlation of fine edges, reduced if the output
        looks different from the original. -1 if an output is not finite. None if inputs and outputs
        differ in their channels, or no image has edges.
        """
        found = []
        for sample in self.samples:
            pixels = sample if translator.channels == 3 else sample[:, :, :1]
            (result,) = translator.translate_batch(from_array(pixels)[None])
            if result is None:
                return -1.0
            kept = to_array(result)
            if kept.shape != pixels.shape:
                return None
            agreed = agreement(field(sample, FINE_BLUR), field(comparable(kept), FINE_BLUR))
            if agreed is not None:
                apart = self.statistics.distance(describe(kept), describe(pixels))
                found.append(agreed * min(1.0, APART * self.usual / max(apart, 1e-6)))
        return float(np.median(found)) if found else None

    def realism(self, source: Array, translation: Array) -> float:
        """Return how much nearer to this domain a translation is than its source, 0 to 1.

        1 if it is near enough, 0 if it is not nearer than its source. If the source is near enough
        already, the translation need not be nearer.
        """
        before, after = (self.statistics.distance(describe(each)) for each in (source, translation))
        near = NEAR * self.usual
        return float(np.clip(1 - (after - near) / (max(before, 2 * near) - near), 0, 1))


def target_domain(file: Path, config: AugmentOptions) -> Domain | None:
    """Return a generator's target domain; None if it is not needed or its images are missing.

    The images are those of config.target or, if that is not set, the training images of the run
    that contains `file`. ValueError if config.target has too few images.
    """
    measured = {config.realism, config.identity} != {"off"}
    if not measured or config.style is not None:
        return None
    _, values = ranges_of(read_about(file), file)
    if config.target is not None:
        if (found := Domain.read(config.target, values)) is None:
            raise ValueError(f"target: {config.target}: at least {LEAST} images are required")
        return found
    if (run := _run_of(file, config)) is None:
        return None
    with suppress(ValueError, OSError):
        return Domain.read(run.config.data.train_folder(run.target), values)
    return None


def keeps_its_target(file: Path, config: AugmentOptions) -> bool:
    """Return whether a generator was trained to preserve images of its target domain."""
    if (run := _run_of(file, config)) is None:
        return False
    loss = run.config.loss
    if run.config.recipe == "contrastive":
        return loss.nce_identity
    return run.config.recipe == "cyclegan" and bool(loss.weight("identity", run.target))


@dataclass(frozen=True)
class _Run:
    """The configuration of a generator's run, and the generator's target domain."""

    config: Config
    target: DomainName


def _run_of(file: Path, config: AugmentOptions) -> _Run | None:
    """Return the run that contains a generator's file, or None."""
    direction = read_about(file).get("direction", config.direction)
    if direction not in DIRECTIONS or not (file.parent / "config.yaml").is_file():
        return None
    return _Run(open_configuration(file.parent).config, DIRECTIONS[direction].target)
