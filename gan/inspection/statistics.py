"""Compute statistics of a folder's images, and find differences of two domains beyond style."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from gan.inspection.survey import ImageFacts

LOAD_SIZE = 286
"""Pixels of the shorter side in the paper's recipe: larger images are downsampled to it."""


@dataclass(frozen=True)
class Numbers:
    """Statistics of the readable images of a folder."""

    sizes: NDArray[np.int64]
    """(N, 2), width and height."""
    short: float
    """The median of the shorter sides."""
    aspect: float
    """The median of width / height."""
    mean: NDArray[np.float64]
    """Means of red, green, blue and luminance over all images, 0 to 255."""
    deviation: NDArray[np.float64]
    """Standard deviations of the same within an image, averaged over the images."""
    saturation: float
    grey: float
    framed: float
    jpeg: float
    """Share of images that are JPEG, 0 to 1; `grey` and `framed` are such shares, too."""
    formats: Counter[str]


def numbers(images: Sequence[ImageFacts]) -> Numbers:
    """Return the statistics of one or more images."""
    sizes = np.array([image.traits.size for image in images])
    formats = Counter(image.traits.format for image in images)
    return Numbers(
        sizes=sizes,
        short=float(np.median(sizes.min(1))),
        aspect=float(np.median(sizes[:, 0] / sizes[:, 1])),
        mean=np.mean([image.mean for image in images], axis=0),
        deviation=np.mean([image.deviation for image in images], axis=0),
        saturation=float(np.mean([image.saturation for image in images])),
        grey=float(np.mean([image.grey for image in images])),
        framed=float(np.mean([image.framed for image in images])),
        jpeg=formats["JPEG"] / len(images),
        formats=formats,
    )


def lines(of: Numbers) -> dict[str, str]:
    """Return the statistics by name, formatted for printing."""
    smallest, largest = (
        "x".join(map(str, of.sizes[index(of.sizes.prod(1))])) for index in (np.argmin, np.argmax)
    )
    spread = [f"{m:.0f} ± {d:.0f}" for m, d in zip(of.mean, of.deviation, strict=True)]
    return {
        "images": str(len(of.sizes)),
        "median size": "x".join(f"{side:g}" for side in np.median(of.sizes, axis=0)),
        "smallest, largest": f"{smallest}, {largest}",
        "median aspect": f"{of.aspect:.2f}",
        "luminance": spread[3],
        "red": spread[0],
        "green": spread[1],
        "blue": spread[2],
        "saturation": f"{of.saturation:.2f}",
        "grey": f"{of.grey:.0%}",
        "framed": f"{of.framed:.0%}",
        "formats": ", ".join(f"{kind} {share}" for kind, share in sorted(of.formats.items())),
    }


@dataclass(frozen=True)
class Contrast:
    """A quantity that may distinguish the domains, but is not style."""

    quantity: str
    """An attribute of Numbers."""
    limit: float
    """Smallest ratio of high to low that is reported; for shares, the smallest difference."""
    sentence: str
    """A format string. `low` and `high` are the Numbers of the domains with less and more of the
    quantity, `low_name` and `high_name` are A or B, and `ratio` is that of the shorter sides."""
    share: bool = True
    sharp: float = inf
    """Value of low from which on the difference does not matter."""


CONTRASTS = (
    Contrast(
        "short",
        1.5,
        "{low_name} is {ratio:.1f}x smaller than {high_name} (median shorter side {low.short:g} "
        "and {high.short:g}): if both are resized to one size, the generator into {low_name} will "
        "learn the blur of upsampling",
        share=False,
        sharp=LOAD_SIZE,
    ),
    Contrast(
        "aspect",
        1.25,
        "{high_name} is wider (median aspect {high.aspect:.2f} and {low.aspect:.2f}): data.resize "
        "square squeezes the domains differently, short does not",
        share=False,
    ),
    Contrast(
        "framed",
        0.25,
        "{high.framed:.0%} of {high_name} have bars of one color along opposite edges, and "
        "{low.framed:.0%} of the other: the generator will paint them; crop them off",
    ),
    Contrast(
        "grey",
        0.5,
        "{high.grey:.0%} of {high_name} are gray, and {low.grey:.0%} of the other: the generator "
        "into {high_name} learns first to remove color, and the other generator to invent it",
    ),
    Contrast(
        "jpeg",
        0.9,
        "{high_name} is JPEG and the other is not: discriminators can detect JPEG's blocks and "
        "rings; save both in one format, or resize them to well below their size",
    ),
)


def differences(a: Numbers, b: Numbers) -> Iterator[str]:
    """Yield sentences about differences of the domains that are not style but would be learned."""
    for contrast in CONTRASTS:
        measure = attrgetter(contrast.quantity)
        low, high = sorted((a, b), key=measure)
        least, most, limit = measure(low), measure(high), contrast.limit
        apart = most - least >= limit if contrast.share else most >= limit * least
        if apart and least < contrast.sharp:
            yield contrast.sentence.format(
                low=low,
                high=high,
                low_name="A" if low is a else "B",
                high_name="A" if high is a else "B",
                ratio=high.short / low.short,
            )
