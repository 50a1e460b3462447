"""Evaluation of generators that are given as functions: what `gan evaluate` and training call."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import nn

from gan.config import DataConfig, Domain
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measure import Bench
from gan.evaluation.records import Evaluation, ImageScores, Metric
from gan.evaluation.rows import Generator, Reference, Row, Task
from gan.evaluation.summary import (
    FID_RESAMPLES,
    FID_RESAMPLES_LARGE,
    KID_MOST,
    LARGE,
    collection_metrics,
    image_metrics,
)
from gan.images import read_size
from gan.metrics import Sampling
from gan.metrics.pictures import MS_SSIM_SIDE
from gan.processes import Processes
from gan.sampling import in_eval_mode
from gan.translator import Direction

ENDS: dict[Direction, tuple[Domain, Domain]] = {"ab": ("a", "b"), "ba": ("b", "a")}
OPPOSITE: dict[Direction, Direction] = {"ab": "ba", "ba": "ab"}
ORDER = (
    "fid", "kid", "l1", "ssim", "ms_ssim", "psnr", "lpips", "gram", "structure", "cycle",
    "identity",
)  # fmt: skip
"""Of the metrics of a direction."""
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


def evaluate(
    generators: Mapping[Direction, Generator],
    folders: Folders,
    data: DataConfig,
    settings: Settings,
    instruments: Instruments,
    processes: Processes = Processes(),  # noqa: B008, frozen
) -> Evaluation:
    """Translate the source images and measure the results; the same on all processes.

    Generators are functions of batches on the instruments' device; networks are run in eval mode
    and left in the mode that they were in. Images are read at data.resize and data.crop_size, with
    data's channels. One generator is enough; what needs the other is left out. No random state but
    the settings' own is used. ValueError where a translation is not finite, or nothing at all can
    be measured.
    """
    bench = Bench(instruments, data, settings.batch_size, processes, settings.progress)
    rows: dict[Direction, list[Row]] = {}
    references: dict[Direction, Reference | None] = {}
    with ExitStack() as stack:
        for generator in generators.values():
            if isinstance(generator, nn.Module):
                stack.enter_context(in_eval_mode(generator))
        for direction in settings.directions:
            source, target = ENDS[direction]
            if source not in folders.sources:
                continue
            forth, back = generators.get(direction), generators.get(OPPOSITE[direction])
            known = folders.references.get(target) if forth else None
            reference = bench.look(known, data.channels(target)) if known else None
            channels = data.channels(source), data.channels(target)
            task = Task(forth, back, channels, folders.pairs, reference)
            references[direction] = reference
            rows[direction] = bench.measure(folders.sources[source], task)
    sampling = Sampling(settings.seed, settings.resamples)
    metrics: dict[str, Metric] = processes.once(lambda: all_metrics(rows, references, sampling))
    if not metrics:
        raise ValueError("nothing to measure: the model has no generator for these images")
    images = [
        ImageScores(direction, folders.sources[ENDS[direction][0]].name(row.file), row.scores)
        for direction, measured in rows.items()
        for row in measured
        if row.scores
    ]
    notes = [*folders.notes, *instruments.notes, *left_out(data, folders, instruments)]
    protocol = describe(folders, data, settings, instruments)
    return Evaluation(metrics, protocol, tuple(images), tuple(notes))


def all_metrics(
    rows: Mapping[Direction, list[Row]],
    references: Mapping[Direction, Reference | None],
    sampling: Sampling,
) -> dict[str, Metric]:
    """The metrics of both directions by the names of metrics.jsonl."""
    metrics: dict[str, Metric] = {}
    for direction, measured in rows.items():
        found: dict[str, Metric] = {}
        reference = references[direction]
        if reference and measured[0].features is not None:
            found |= collection_metrics(measured, reference, sampling)
        found |= image_metrics(measured, sampling)
        for name in filter(found.__contains__, ORDER):
            end = ENDS[direction][0] if name in ("cycle", "identity") else direction
            metrics[f"{name}_{end}"] = found[name]
    return metrics


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
