"""Evaluation of generators that are given as functions: what `gan evaluate` and training call."""

from collections.abc import Mapping
from contextlib import ExitStack

from torch import nn

from gan.config import DataConfig
from gan.config.tables.metrics import METRICS, full_name
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.folders import Folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measurable import measurable_in, skipped
from gan.evaluation.measure import Evaluator, Generator, Row, Task
from gan.evaluation.protocol import Settings, describe
from gan.evaluation.records import Evaluation, ImageScores, Metric
from gan.evaluation.summary import collection_metrics, image_metrics
from gan.metrics import Sampling
from gan.networks.layers import in_eval_mode
from gan.system.arithmetic import tf32
from gan.system.processes import Processes


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
    data's channels. One generator is enough; what needs the other is skipped. No random state but
    the settings' own is used. ValueError where a translation is not finite, or nothing at all can
    be measured.
    """
    evaluator = Evaluator(instruments, data, settings.batch_size, processes, settings.progress)
    rows: dict[Direction, list[Row]] = {}
    tasks: dict[Direction, Task] = {}
    with ExitStack() as stack:
        stack.enter_context(tf32(False))  # translators have a precision of their own
        for generator in generators.values():
            if isinstance(generator, nn.Module):
                stack.enter_context(in_eval_mode(generator))
        for direction in settings.directions:
            ends = DIRECTIONS[direction]
            if ends.source not in folders.sources:
                continue
            names = measurable_in(direction, generators, folders, data, instruments)
            forth, back = generators.get(direction), generators.get(ends.opposite)
            known = folders.references.get(ends.target) if forth else None
            reference = evaluator.reference(known, data.channels(ends.target)) if known else None
            channels = data.channels(ends.source), data.channels(ends.target)
            tasks[direction] = Task(forth, back, channels, folders.pairs, reference, names)
            rows[direction] = evaluator.measure(folders.sources[ends.source], tasks[direction])
    sampling = Sampling(settings.seed, settings.resamples)
    metrics: dict[str, Metric] = processes.once(lambda: _all_metrics(rows, tasks, sampling))
    if not metrics:
        raise ValueError("nothing to measure: the model has no generator for these images")
    images = [
        ImageScores(
            direction, folders.sources[DIRECTIONS[direction].source].name(row.file), row.scores
        )
        for direction, measured in rows.items()
        for row in measured
        if row.scores
    ]
    notes = [*folders.notes, *instruments.notes, *skipped(data, folders, instruments)]
    protocol = describe(folders, data, settings, instruments)
    return Evaluation(metrics, protocol, tuple(images), tuple(notes))


def _all_metrics(
    rows: Mapping[Direction, list[Row]],
    tasks: Mapping[Direction, Task],
    sampling: Sampling,
) -> dict[str, Metric]:
    """Return the metrics of both directions by the names of metrics.jsonl."""
    metrics: dict[str, Metric] = {}
    for direction, measured in rows.items():
        task, found = tasks[direction], image_metrics(measured, sampling)
        if task.reference:
            found |= collection_metrics(task.metrics, measured, task.reference, sampling)
        for name in filter(found.__contains__, METRICS):
            metrics[full_name(name, direction)] = found[name]
    return metrics
