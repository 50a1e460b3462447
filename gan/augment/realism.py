"""How near a translation is to the target domain, and what a generator makes of that domain itself.

A picture is described by the mean and the spread of its colors, and at several scales by how strong
its details are in calm and in busy places, whether they are lighter or darker than what is around,
and whether they keep to rows and columns: what tells ink lines from blur, noise, blocks and grids.
No network takes part, so the measure is independent of all that trained a generator. How far a
description is from those of a domain's images is Mahalanobis' distance, a mean over its numbers.
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
"""Pixels of the shorter side at which pictures are compared; larger ones are scaled down."""
LEVELS, FINE = 4, 2
"""Scales of details, each half of the one before; those that have directions."""
MOST = 400
"""Images of a domain that are read, spread evenly over its names."""
SAMPLES = 12
"""Images that a generator is asked to leave as they are."""
FINE_BLUR = 0.7
"""Pixels (sigma) before edges are taken, where the original is known."""
APART = 1.5
"""Times the usual distance: as far as a good generator moves an image of its target domain."""
LEAST = 10
"""Images without which a domain is not known."""
USUAL = 0.95
"""Share of a domain's own images that count as usual."""
NEAR = 2
"""Times that distance: near enough, as other subjects and other machines may be."""
INDEPENDENCE = 0.3
"""Weight of no correlation at all in the correlations of a domain: it has few images."""
SMALLEST = 0.02
"""Of the spreads of a description's numbers: a domain may be all gray."""


def describe(pixels: Array) -> Numbers:
    """Return what a picture (H, W, 1 or 3) of 8 or 16 bits looks like: 26 numbers."""
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
    """Return the details of a plane at its scale, and the rest at half of it."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1)
    return plane - smooth, smooth[::2, ::2]


def _strengths(values: Any, *shares: float) -> list[float]:
    """Return logarithms of quantiles; a gray level counts as nothing."""
    return [float(np.log(np.quantile(values, share) + 0.004)) for share in shares]


def _along_axes(plane: Any) -> float:
    """Return the share of gradients that follow rows or columns, 0 to 1."""
    if min(plane.shape) < 2:
        return 0.0
    across, down = np.diff(plane, axis=1)[:-1] ** 2, np.diff(plane, axis=0)[:, :-1] ** 2
    return float(np.abs(across - down).sum() / ((across + down).sum() + 1e-6))


@dataclass(frozen=True)
class Statistics:
    """Mean, spread and correlations of descriptions."""

    mean: Numbers
    spread: Numbers
    weights: Numbers
    """The inverse of the correlations."""

    @classmethod
    def of(cls, descriptions: Sequence[Numbers]) -> Self:
        """Return those of two descriptions or more."""
        rows = np.stack(descriptions)
        spread = np.maximum(rows.std(axis=0), SMALLEST)
        unit = (rows - rows.mean(axis=0)) / spread
        own = np.eye(rows.shape[1])
        correlation = (1 - INDEPENDENCE) * (unit.T @ unit / len(rows)) + INDEPENDENCE * own
        return cls(rows.mean(axis=0), spread, np.linalg.inv(correlation))

    def distance(self, description: Numbers, other: Numbers | None = None) -> float:
        """Return how far a description is from the mean, about 1 for one of the same domain, or
        from another description."""
        unit = (description - (self.mean if other is None else other)) / self.spread
        return float(np.sqrt(unit @ self.weights @ unit / len(unit)))


@dataclass(frozen=True)
class Domain:
    """What the images of a domain look like, and how far from that they usually are."""

    statistics: Statistics
    usual: float
    samples: tuple[Array, ...] = ()
    """Some of its images, 8 bits, as large as pictures are compared."""

    @classmethod
    def of(cls, descriptions: Sequence[Numbers], samples: Sequence[Array] = ()) -> Self:
        """Know a domain by descriptions of its images; each half is measured by the other."""
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
        """Know a domain by a folder of its images; None where too few can be read.

        values is the range of their numbers.
        """
        files = list_images(folder)
        files = files[:: -(-len(files) // MOST) or 1]
        descriptions, samples = [], []
        for number, path in enumerate(files):
            try:
                pixels = read_pixels(path, draft_size=LONGER_SIDE, values=values)
            except ImageError:
                continue  # training and gan inspect name it
            descriptions.append(describe(pixels))
            if number % (-(-len(files) // SAMPLES)) == 0:
                samples.append(comparable(pixels))
        return cls.of(descriptions, samples) if len(descriptions) >= LEAST else None

    @property
    def fingerprint(self) -> str:
        """Return what changes with the images."""
        return hashlib.sha256(self.statistics.mean.tobytes()).hexdigest()[:16]

    def identity(self, translator: Translator) -> float | None:
        """Return how well a generator into this domain leaves the domain's own images as they are.

        -1 to 1: the correlation of fine edges, less where it looks different from the original;
        the median over some images. None where the generator takes other channels than it gives.
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
        """Return which part of the way from its source to this domain a translation has gone.

        1 where it is near enough, 0 where it is not nearer than its source. A source that is near
        by itself need not be brought nearer.
        """
        before, after = (self.statistics.distance(describe(each)) for each in (source, translation))
        near = NEAR * self.usual
        return float(np.clip(1 - (after - near) / (max(before, 2 * near) - near), 0, 1))


def target_domain(file: Path, config: AugmentOptions) -> Domain | None:
    """Know the domain into which a generator translates; None where its images are not there.

    They are those of config.target or, where it names none, of the run in whose folder the file
    lies. ValueError where config.target has too few images.
    """
    measured = {config.realism, config.identity} != {"off"}
    if not measured or config.style is not None:
        return None
    _, values = ranges_of(read_about(file), file)
    if config.target is not None:
        if (found := Domain.read(config.target, values)) is None:
            raise ValueError(f"target: {config.target}: at least {LEAST} images are needed")
        return found
    if (run := _run_of(file, config)) is None:
        return None
    with suppress(ValueError, OSError):
        return Domain.read(run.config.data.train_folder(run.target), values)
    return None


def keeps_its_target(file: Path, config: AugmentOptions) -> bool:
    """Return whether a generator was trained to leave images of its target domain as they are."""
    if (run := _run_of(file, config)) is None:
        return False
    loss = run.config.loss
    if run.config.recipe == "contrastive":
        return loss.nce_identity
    return run.config.recipe == "cyclegan" and bool(loss.weight("identity", run.target))


@dataclass(frozen=True)
class _Run:
    """The run that a generator lies in."""

    config: Config
    target: DomainName


def _run_of(file: Path, config: AugmentOptions) -> _Run | None:
    """Return the run in whose folder a generator lies; None where there is none."""
    direction = read_about(file).get("direction", config.direction)
    if direction not in DIRECTIONS or not (file.parent / "config.yaml").is_file():
        return None
    return _Run(open_configuration(file.parent).config, DIRECTIONS[direction].target)
