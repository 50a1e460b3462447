"""What the pictures of a folder are like, and how two domains differ beside their style."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gan.inspection.survey import ImageFacts

SMALLER = 1.5
"""Ratio of the median shorter sides from which on a difference of sizes is named."""
LOAD_SIZE = 286
"""Pixels of the shorter side that the paper's recipe resizes to: what is larger gets sharp."""
SQUEEZED = 1.25
"""Ratio of the median aspects."""
FRAMED = 0.25
GREY = 0.5
JPEG = 0.9
"""Differences of shares."""


@dataclass(frozen=True)
class Numbers:
    """Of the readable images of a folder."""

    count: int
    sizes: NDArray[np.int64]
    """(N, 2), width and height."""
    mean: NDArray[np.float64]
    """Of red, green, blue and luminance over all pictures, 0 to 255."""
    deviation: NDArray[np.float64]
    """Within the pictures, on average."""
    saturation: float
    grey: float
    framed: float
    """Shares of the pictures."""
    formats: Counter[str]

    @property
    def short(self) -> float:
        """The median of the shorter sides."""
        return float(np.median(self.sizes.min(1)))

    @property
    def aspect(self) -> float:
        """The median of width / height."""
        return float(np.median(self.sizes[:, 0] / self.sizes[:, 1]))

    @property
    def jpeg(self) -> float:
        """The share of JPEGs."""
        return self.formats["JPEG"] / self.count


def numbers(images: Sequence[ImageFacts]) -> Numbers:
    """The statistics of at least one picture."""
    return Numbers(
        count=len(images),
        sizes=np.array([image.traits.size for image in images]),
        mean=np.mean([image.mean for image in images], axis=0),
        deviation=np.mean([image.deviation for image in images], axis=0),
        saturation=float(np.mean([image.saturation for image in images])),
        grey=float(np.mean([image.grey for image in images])),
        framed=float(np.mean([image.framed for image in images])),
        formats=Counter(image.traits.format for image in images),
    )


def lines(of: Numbers) -> dict[str, str]:
    """The statistics by name, as they are printed."""
    smallest, largest = (
        "x".join(map(str, of.sizes[index(of.sizes.prod(1))])) for index in (np.argmin, np.argmax)
    )
    spread = [f"{m:.0f} ± {d:.0f}" for m, d in zip(of.mean, of.deviation, strict=True)]
    return {
        "images": str(of.count),
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


def differences(a: Numbers, b: Numbers) -> list[str]:
    """Sentences on what tells the domains apart without being style, and will be learned."""
    named = (("A", a), ("B", b))
    said: list[str] = []
    (small_name, small), (large_name, large) = sorted(named, key=lambda pair: pair[1].short)
    if large.short >= SMALLER * small.short and small.short < LOAD_SIZE:
        said.append(
            f"{small_name} is {large.short / small.short:.1f}x smaller than {large_name} (median "
            f"shorter side {small.short:g} and {large.short:g}): where both are resized to one "
            f"size, the blur of upsampling is what the generator into {small_name} will learn"
        )
    (_, narrow), (wide_name, wide) = sorted(named, key=lambda pair: pair[1].aspect)
    if wide.aspect >= SQUEEZED * narrow.aspect:
        said.append(
            f"{wide_name} is wider (median aspect {wide.aspect:.2f} and {narrow.aspect:.2f}): "
            "data.resize square squeezes the domains differently, short does not"
        )
    (_, whole), (barred_name, barred) = sorted(named, key=lambda pair: pair[1].framed)
    if barred.framed - whole.framed >= FRAMED:
        said.append(
            f"{barred.framed:.0%} of {barred_name} have bars of one colour along opposite edges, "
            f"and {whole.framed:.0%} of the other: the generator will paint them; crop them off"
        )
    (_, colored), (grey_name, grey) = sorted(named, key=lambda pair: pair[1].grey)
    if grey.grey - colored.grey >= GREY:
        said.append(
            f"{grey.grey:.0%} of {grey_name} are grey, and {colored.grey:.0%} of the other: losing "
            f"colour is what the generator into {grey_name} learns first, inventing it its inverse"
        )
    (_, other), (jpeg_name, jpeg) = sorted(named, key=lambda pair: pair[1].jpeg)
    if jpeg.jpeg - other.jpeg >= JPEG:
        said.append(
            f"{jpeg_name} is JPEG and the other is not: its blocks and rings are a difference that "
            "discriminators see; save both alike, or resize to well below their size"
        )
    return said
