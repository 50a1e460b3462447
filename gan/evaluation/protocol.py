"""What numbers depend on: printed and stored with them; and what could not be measured."""

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gan.config import DataConfig
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.summary import FID_RESAMPLES, FID_RESAMPLES_LARGE, KID_MOST, LARGE
from gan.images import read_size
from gan.inference.translator import Direction
from gan.metrics.pictures import MS_SSIM_SIDE

RESIZE = {
    "square": "scaled to the square, aspect not kept",
    "short": "shorter side scaled, middle square",
    "none": "middle square; smaller images scaled up",
}


@dataclass(frozen=True)
class Settings:
    """What an evaluation's numbers depend on besides the images."""

    directions: tuple[Direction, ...] = ("ab", "ba")
    batch_size: int = 8
    seed: int = 0
    resamples: int = 1000
    """For the intervals; 0 for none."""
    progress: bool = False
    """Show a bar on a terminal."""


def left_out(data: DataConfig, folders: Folders, instruments: Instruments) -> list[str]:
    """What these images cannot be measured by, and why."""
    notes = []
    every = [*folders.sources.values(), *folders.references.values()]
    if instruments.extractor and min(len(folder.files) for folder in every) < 2:
        notes.append("fid, kid left out where a folder has one image: they need two")
    if len(folders.sources) == 2 and not folders.pairs:
        notes.append("l1, ssim, ms_ssim, psnr, lpips left out: no image has a pair")
    if not folders.pairs:
        return notes
    if instruments.similarity and data.crop_size < MS_SSIM_SIDE:
        notes.append(f"ms_ssim left out: needs {MS_SSIM_SIDE} pixels a side, not {data.crop_size}")
    if not instruments.heads(data.crop_size) and instruments.extractor is None:
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
        "fid": "covariances divide by n - 1",
        "kid": f"unbiased, (x.y/d + 1)^3, not scaled, all pairs of up to {KID_MOST} images",
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
