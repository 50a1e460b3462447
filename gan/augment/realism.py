"""How near a translation is to the images of the target domain, by colors and textures alone.

A picture is described by the mean and the spread of its colors, and at several scales by how strong
its details are, how sparse, and whether they are lighter or darker than what is around: what tells
ink lines from blur, noise, blocks and grids. No network takes part, so that none that has trained a
generator judges it. How far a description is from those of a domain's images is Mahalanobis'
distance, a mean over its numbers.
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
from gan.augment.scores import comparable
from gan.config.choices import Range
from gan.domains import DIRECTIONS
from gan.images import ImageError, list_images, read_pixels
from gan.images.color import LUMA_COLUMN
from gan.images.deep import Array
from gan.networks.files import ranges_of, read_about
from gan.report.standing import open_configuration

Numbers = NDArray[np.float64]

SIDE = 128
"""Pixels of the shorter side at which pictures are compared; larger ones are scaled down."""
LEVELS = 4
"""Scales of details, each half of the one before."""
MOST = 400
"""Images of a domain that are read, spread evenly over its names."""
LEAST = 10
"""Images without which a domain is not known."""
USUAL = 0.95
"""Share of a domain's own images that count as usual."""
NEAR = 2
"""Times that distance: near enough, as other subjects and other machines may be."""
INDEPENDENCE = 0.3
"""Weight of no correlation at all in the correlations of a domain: it has few images."""
SMALLEST = 0.02
"""Of the spreads of a description's numbers: a domain may be all grey."""


def describe(pixels: Array) -> Numbers:
    """Return what a picture (H, W, 1 or 3) of 8 or 16 bits looks like: 20 numbers."""
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
        numbers.append(np.log(_root_mean_square(_details(plane)[0]) + 1e-3))
    for _ in range(LEVELS):
        band, luma = _details(luma)
        strength = _root_mean_square(band)
        numbers += [
            np.log(strength + 2e-3),
            float(np.abs(band).mean()) / (strength + 1e-4),
            0.2 * float((band**3).mean()) / (strength**3 + 1e-7),
        ]
    return np.array(numbers)


def _details(plane: Any) -> tuple[Any, Any]:
    """Return the details of a plane at its scale, and the rest at half of it."""
    smooth = cv2.GaussianBlur(plane, (0, 0), 1)
    return plane - smooth, smooth[::2, ::2]


def _root_mean_square(values: Any) -> float:
    return float(np.sqrt((values**2).mean()))


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

    def distance(self, description: Numbers) -> float:
        """Return how far a description is: about 1 for one of the same domain."""
        unit = (description - self.mean) / self.spread
        return float(np.sqrt(unit @ self.weights @ unit / len(unit)))


@dataclass(frozen=True)
class Domain:
    """What the images of a domain look like, and how far from that they usually are."""

    statistics: Statistics
    usual: float

    @classmethod
    def of(cls, descriptions: Sequence[Numbers]) -> Self:
        """Know a domain by descriptions of its images; each half is measured by the other."""
        halves = descriptions[::2], descriptions[1::2]
        distances = [
            Statistics.of(one).distance(description)
            for one, other in (halves, halves[::-1])
            for description in other
        ]
        return cls(Statistics.of(descriptions), float(np.quantile(distances, USUAL)))

    @classmethod
    def read(cls, folder: Path, values: Range | None = None) -> Self | None:
        """Know a domain by a folder of its images; None where too few can be read.

        values is the range of their numbers.
        """
        files = list_images(folder)
        descriptions = []
        for path in files[:: -(-len(files) // MOST) or 1]:
            try:
                descriptions.append(describe(read_pixels(path, draft_size=SIDE, values=values)))
            except ImageError:
                continue  # training and gan inspect name it
        return cls.of(descriptions) if len(descriptions) >= LEAST else None

    @property
    def fingerprint(self) -> str:
        """Return what changes with the images."""
        return hashlib.sha256(self.statistics.mean.tobytes()).hexdigest()[:16]

    def realism(self, source: Array, translation: Array) -> float:
        """Return which part of the way from its source to this domain a translation has gone.

        1 where it is near enough, 0 where it is no nearer than its source. A source that is near by
        itself need not be brought nearer.
        """
        before, after = (self.statistics.distance(describe(each)) for each in (source, translation))
        near = NEAR * self.usual
        return float(np.clip(1 - (after - near) / (max(before, 2 * near) - near), 0, 1))


def target_domain(file: Path, config: AugmentOptions) -> Domain | None:
    """Know the domain into which a generator translates; None where its images are not there.

    They are those of config.target or, where it names none, of the run in whose folder the file
    lies. ValueError where config.target has too few images.
    """
    if config.realism == "off" or config.style is not None:
        return None
    about = read_about(file)
    _, values = ranges_of(about, file)
    if config.target is not None:
        if (found := Domain.read(config.target, values)) is None:
            raise ValueError(f"target: {config.target}: at least {LEAST} images are needed")
        return found
    direction = about.get("direction", config.direction)
    if direction not in DIRECTIONS or not (file.parent / "config.yaml").is_file():
        return None
    data = open_configuration(file.parent).config.data
    with suppress(ValueError, OSError):
        return Domain.read(data.train_folder(DIRECTIONS[direction].target), values)
    return None
