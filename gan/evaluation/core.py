"""Evaluate generators that are given as functions; for `gan evaluate` and training."""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import nn

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS, full_name
from gan.domains import DIRECTIONS, Direction, Domain
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measurable import measurable_in, skipped
from gan.evaluation.measure import Evaluator, Reference, Row, Task
from gan.evaluation.records import Evaluation, ImageScores, Metric
from gan.evaluation.summary import collection_metrics, image_metrics
from gan.metrics import Sampling
from gan.metrics.batch import Around, Generator, unchanged
from gan.networks.layers import in_eval_mode
from gan.system.arithmetic import tf32
from gan.system.processes import Processes

RESIZE = {
    "square": "scaled to the square, aspect not kept",
    "short": "shorter side scaled, middle square",
    "none": "middle square; smaller images scaled up",
}


@dataclass(frozen=True)
class Settings:
    """Settings of an evaluation, other than its images."""

    directions: tuple[Direction, ...] = tuple(DIRECTIONS)
    batch_size: int = 8
    seed: int = 0
    resamples: int = 1000
    """Number of resamples for intervals; 0 for no intervals."""
    progress: bool = False
    """Whether to show a progress bar on a terminal."""


def evaluate(
    generators: Mapping[Direction, Generator],
    folders: Folders,
    data: DataConfig,
    settings: Settings,
    instruments: Instruments,
    processes: Processes = Processes(),  # noqa: B008, frozen
    *,
    around: Around = unchanged,
    references: dict[Domain, Reference | None] | None = None,
) -> Evaluation:
    """Translate the source images and measure the results; return the same on all processes.

    `generators` holds functions by direction. They map batches (N, C, H, W) in [-1, 1] on the
    instruments' device to batches (N, C', H, W) in [-1, 1]. Modules run in eval mode; their mode is
    restored afterwards. With one generator, metrics that need the other one are skipped. `folders`
    comes from open_folders, `instruments` from open_instruments. Images are read with data.resize,
    data.crop_size and data's channels.

    Random numbers depend on settings.seed alone; the global random state is neither used nor
    changed. `around` wraps the generators that receive source images. `references` keeps the
    features of references for further evaluations of the same folders. ValueError if a translation
    or a score is not finite, or if nothing can be measured.
    """
    size, progress = settings.batch_size, settings.progress
    evaluator = Evaluator(instruments, data, size, processes, progress, around)
    references = {} if references is None else references
    found: dict[Direction, tuple[Task, list[Row]]] = {}
    with ExitStack() as stack:
        stack.enter_context(tf32(False))  # translators set their precision themselves
        for generator in generators.values():
            if isinstance(generator, nn.Module):
                stack.enter_context(in_eval_mode(generator))
        for direction in settings.directions:
            ends = DIRECTIONS[direction]
            if ends.source not in folders.sources:
                continue
            forth, back = generators.get(direction), generators.get(ends.opposite)
            known = folders.references.get(ends.target) if forth else None
            if known and ends.target not in references:
                references[ends.target] = evaluator.reference(known, ends.target)
            task = Task(
                forth,
                back,
                ends,
                folders.pairs,
                references.get(ends.target) if known else None,
                measurable_in(direction, generators, folders, data, instruments),
            )
            found[direction] = task, evaluator.measure(folders.sources[ends.source], task)
    metrics: dict[str, Metric] = processes.once(lambda: _all_metrics(found, settings))
    if not metrics:
        raise ValueError(
            "nothing to measure: the model has no generator for these images: check the folders"
        )
    images = _image_scores(found, folders)
    notes = (*folders.notes, *instruments.notes, *skipped(data, folders, instruments))
    return Evaluation(metrics, _describe(folders, data, settings, instruments), images, notes)


def _image_scores(
    found: Mapping[Direction, tuple[Task, list[Row]]], folders: Folders
) -> tuple[ImageScores, ...]:
    """Return the scores of each image that has any, with the image's name in its folder."""
    scores = []
    for direction, (_, rows) in found.items():
        folder = folders.sources[DIRECTIONS[direction].source]
        scores += [
            ImageScores(direction, folder.name(row.file), row.scores) for row in rows if row.scores
        ]
    return tuple(scores)


def _all_metrics(
    found: Mapping[Direction, tuple[Task, list[Row]]], settings: Settings
) -> dict[str, Metric]:
    """Return the metrics of both directions, by their names in metrics.jsonl."""
    sampling = Sampling(settings.seed, settings.resamples)
    all_metrics: dict[str, Metric] = {}
    for direction, (task, rows) in found.items():
        metrics = image_metrics(rows, sampling)
        if task.reference:
            metrics |= collection_metrics(task.metrics, rows, task.reference, sampling)
        all_metrics |= {
            full_name(name, direction): metrics[name] for name in METRICS if name in metrics
        }
    return all_metrics


def _describe(
    folders: Folders, data: DataConfig, settings: Settings, instruments: Instruments
) -> dict[str, Any]:
    """Return the protocol: everything that the numbers depend on, except the model."""
    ranges = {"range_a": data.range_a, "range_b": data.range_b}
    depth = "8 bits, 16 where there is a range" if any(ranges.values()) else "8 bits"
    return {
        "sources": {domain: folder.describe() for domain, folder in folders.sources.items()},
        "references": {domain: folder.describe() for domain, folder in folders.references.items()},
        "pairs": len(folders.pairs) // 2,
        "resize": {
            "size": data.crop_size,
            "how": RESIZE[data.resize],
            "library": f"Pillow {version('pillow')}, bicubic, antialiased",
            "channels": {"a": data.channels_a, "b": data.channels_b},
        }
        | {key: list(values) for key, values in ranges.items() if values},
        "translations": f"rounded to {depth}; reconstructions are made of unrounded ones",
        **instruments.describe(data.crop_size),
        **{name: row.protocol for name, row in METRICS.items() if row.protocol},
        "bootstrap": {
            "level": 0.95,
            "resamples": settings.resamples,
            "collections": "jackknife",
            "seed": settings.seed,
        },
        "batch_size": settings.batch_size,
        "versions": _versions("gan-translation", "torch", "torchvision", "torchmetrics"),
    }


def _versions(*packages: str) -> dict[str, str]:
    """Return the versions of these packages; omit those that are not installed."""
    found = {}
    for package in packages:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found
