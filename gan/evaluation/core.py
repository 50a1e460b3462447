"""Evaluation of generators that are given as functions: what `gan evaluate` and training call."""

from collections.abc import Mapping
from contextlib import ExitStack

from torch import nn

from gan.config import DataConfig
from gan.domains import Domain
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measure import Evaluator
from gan.evaluation.protocol import Settings, describe, left_out
from gan.evaluation.records import Evaluation, ImageScores, Metric
from gan.evaluation.rows import Generator, Reference, Row, Task
from gan.evaluation.summary import collection_metrics, image_metrics
from gan.inference.translator import Direction
from gan.metrics import Sampling
from gan.networks.layers import in_eval_mode
from gan.system.processes import Processes

ENDS: dict[Direction, tuple[Domain, Domain]] = {"ab": ("a", "b"), "ba": ("b", "a")}
OPPOSITE: dict[Direction, Direction] = {"ab": "ba", "ba": "ab"}
ORDER = (
    "fid", "kid", "l1", "ssim", "ms_ssim", "psnr", "lpips", "gram", "structure", "cycle",
    "identity",
)  # fmt: skip
"""Of the metrics of a direction."""


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
    bench = Evaluator(instruments, data, settings.batch_size, processes, settings.progress)
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
