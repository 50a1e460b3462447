"""What numbers depend on: printed and stored with them."""

from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments

RESIZE = {
    "square": "scaled to the square, aspect not kept",
    "short": "shorter side scaled, middle square",
    "none": "middle square; smaller images scaled up",
}


@dataclass(frozen=True)
class Settings:
    """What an evaluation's numbers depend on besides the images."""

    directions: tuple[Direction, ...] = tuple(DIRECTIONS)
    batch_size: int = 8
    seed: int = 0
    resamples: int = 1000
    """For the intervals; 0 for none."""
    progress: bool = False
    """Show a bar on a terminal."""


def describe(
    folders: Folders, data: DataConfig, settings: Settings, instruments: Instruments
) -> dict[str, Any]:
    """The protocol: what a number depends on, but for the model."""
    return {
        "sources": {domain: folder.describe() for domain, folder in folders.sources.items()},
        "references": {domain: folder.describe() for domain, folder in folders.references.items()},
        "pairs": len(folders.pairs) // 2,
        "resize": {
            "size": data.crop_size,
            "how": RESIZE[data.resize],
            "library": f"Pillow {version('pillow')}, bicubic, antialiased",
            "channels": {"a": data.channels_a, "b": data.channels_b},
        },
        "translations": "rounded to 8 bits; reconstructions are made of unrounded ones",
        **instruments.describe(data.crop_size),
        **{name: row.protocol for name, row in METRICS.items() if row.protocol},
        "bootstrap": {
            "level": 0.95,
            "resamples": settings.resamples,
            "collections": "jackknife",
            "seed": settings.seed,
        },
        "batch_size": settings.batch_size,
        "versions": versions("gan-translation", "torch", "torchvision", "torchmetrics"),
    }


def versions(*packages: str) -> dict[str, str]:
    """Of those that are installed."""
    found = {}
    for package in packages:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
