"""What numbers depend on: printed and stored with them; and what could not be measured."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS, Need, names_of
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measurable import provided
from gan.images import read_size
from gan.metrics.frechet import FID_RESAMPLES, FID_RESAMPLES_LARGE, LARGE

RESIZE = {
    "square": "scaled to the square, aspect not kept",
    "short": "shorter side scaled, middle square",
    "none": "middle square; smaller images scaled up",
}


OF_A_DIRECTION: set[Need] = {"translation", "opposite", "reference"}
"""Needs that are not said to be unmet: the names of folders and models say it."""


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


def skipped(data: DataConfig, folders: Folders, instruments: Instruments) -> list[str]:
    """Return what these images cannot be measured by, and why."""
    notes, met = [], provided(data, folders, instruments) | OF_A_DIRECTION
    possible = {name: row for name, row in METRICS.items() if row.requires <= met}
    every = [*folders.sources.values(), *folders.references.values()]
    smallest = min(len(folder.files) for folder in every)
    for least in sorted({row.least_images for row in METRICS.values()}):
        names = [name for name, row in possible.items() if row.least_images == least > smallest]
        few = "one image: they need two" if least == 2 else f"less than {least} images"
        notes += [f"{', '.join(names)} left out where a folder has {few}"] if names else []
    if len(folders.sources) == 2 and not folders.pairs:
        notes.append(f"{', '.join(names_of('pairs'))} left out: no image has a pair")
    for name, row in possible.items():
        if row.least_side > data.crop_size:
            sides = f"needs {row.least_side} pixels a side, not {data.crop_size}"
            notes.append(f"{name} left out: {sides}")
    if folders.pairs and "lpips" not in met:
        notes.append("lpips left out: no extractor, and no AlexNet at 64 pixels a side or more")
    if data.resize != "square" and (odd := unlike(folders)):
        notes.append(f"{odd} pairs differ in aspect: their middle squares show different parts")
    return notes


def unlike(folders: Folders) -> int:
    """Pairs whose pictures differ in aspect by more than rounding to pixels does."""
    shapes = [(read_size(one), read_size(other)) for one, other in folders.pairs.items()]
    return sum(abs(w * y - x * h) > max(w, x, h, y) for (w, h), (x, y) in shapes) // 2


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
            "fid_resamples": min(settings.resamples, FID_RESAMPLES),
            f"fid_resamples_above_{LARGE}": min(settings.resamples, FID_RESAMPLES_LARGE),
            "seed": settings.seed,
        },
        "batch_size": settings.batch_size,
        "versions": versions("gan-translation", "torch", "torchvision", "torchmetrics"),
    }


def versions(*packages: str) -> dict[str, str]:
    """Of those that are installed."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
