"""What the passes over images hand each other."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor

from gan.config.choices import Channels
from gan.config.tables.metrics import METRICS

Generator = Callable[[Tensor], Tensor]
"""(N, C, H, W) in [-1, 1] on the device to (N, C', H, W)."""


@dataclass(frozen=True)
class Reference:
    """What the extractor says of a collection."""

    features: Tensor
    """(n, d), float64."""
    grams: dict[str, Tensor]
    """Mean Gram matrices (1, C, C) by layer, on the device."""


@dataclass
class Row:
    """The numbers of one source image, and its features."""

    place: int
    file: Path
    scores: dict[str, float] = field(default_factory=dict)
    unchanged: dict[str, float] = field(default_factory=dict)
    features: Tensor | None = None
    """Of the translation, (d)."""
    own: Tensor | None = None
    """Of the source image."""
    finite: bool = True
    """Whether its translation is."""

    @property
    def broken(self) -> bool:
        """Whether any network made NaN of it."""
        return not self.finite or not all(map(math.isfinite, self.scores.values()))


@dataclass(frozen=True)
class Task:
    """What is done to a folder's images: `forth` translates them, `back` translates back."""

    forth: Generator | None
    back: Generator | None
    channels: tuple[Channels, Channels]
    """Of the images, and of their translations."""
    pairs: Mapping[Path, Path]
    reference: Reference | None
    metrics: Sequence[str]
    """What is measured."""

    def scores(self, *, pairs: bool) -> list[str]:
        """Return the metrics of single images, with or without a truth, as they are written."""
        names = [
            name
            for name in self.metrics
            if METRICS[name].of == "image" and ("pairs" in METRICS[name].needs) == pairs
        ]
        return sorted(names, key=lambda name: METRICS[name].stage)
