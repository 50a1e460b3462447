"""The command `gan augment`: translate a labeled dataset to another domain."""

import json
import sys
import tempfile
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gan.augment.dataset import PROVENANCE, REPORT, SHEET, Dataset
from gan.augment.decisions import Decided, decide, losses, outputs, provenance, summary
from gan.augment.formats import dataset_format
from gan.augment.gates import Scores, thresholds
from gan.augment.options import AugmentOptions
from gan.augment.output import (
    FOLDER,
    begin,
    carry,
    check_output,
    line,
    output_settings,
    picture_path,
    record_path,
    remove_staging,
    staged_to_place,
    write_bytes,
)
from gan.augment.parts import begin_part, join_parts
from gan.augment.plan import Task, check_labeled, make_tasks
from gan.augment.realism import Domain, keeps_its_target, target_domain
from gan.augment.round_trip import ScoreAndStage, open_model
from gan.augment.sheet import sheet
from gan.augment.task import load_task_score
from gan.images import Mark, write_image
from gan.images.budget import limit_decoding
from gan.inference.devices import pick_device
from gan.inference.folder.batches import make_batches
from gan.inference.folder.folder import check_tiles, translate_jobs
from gan.inference.folder.pipeline import Pipeline
from gan.inference.folder.plan import Job, size_of
from gan.inference.folder.present import Present
from gan.inference.folder.shards import Shard
from gan.inference.translator import Translator
from gan.interop import find_generator
from gan.system.failures import Failure, say
from gan.system.hashing import file_sha256
from gan.system.output_folder import read_json
from gan.system.processes import Processes, join
from gan.system.remote import REQUESTS, RemotePath
from gan.system.text import printable

NAMED = 20
"""Number of remarks that are printed; augmentation.json lists all."""


def augment(config: AugmentOptions) -> int:
    """Translate a labeled dataset and carry its labels; return the exit status."""
    limit_decoding(config.max_decoded_mb)
    with warnings.catch_warnings(action="ignore"):  # libraries warn about damaged metadata
        processes = join(cpu=pick_device(config.device).type == "cpu")
        dataset: Dataset = processes.once(
            lambda: dataset_format(config.format).read(config.dataset)
        )
        if not config.ablation:
            return _augment(dataset, config, processes)
        # Imported here because it loads albumentations.
        from gan.augment.ablation.command import ablate, check_ablation

        processes.once(lambda: check_ablation(dataset, config))
        status = _augment(dataset, config, processes)
        processes.once(lambda: ablate(dataset, config))
        return status


def _augment(dataset: Dataset, config: AugmentOptions, processes: Processes) -> int:
    """Translate a dataset, all processes together; return the exit status."""
    files = [find_generator(path, config.direction) for path in config.model]
    hashes = [file_sha256(file) for file in files]
    try:
        tasks = make_tasks(dataset, config, config.direction or "new")
        check_labeled(tasks, dataset_format(config.format).rule)
    except ValueError:
        processes.once(lambda: _tell_remarks(dataset))  # they may explain the error
        raise
    targets: list[Domain | None] = processes.once(
        lambda: [target_domain(file, config) for file in files]
    )
    settings: dict[str, Any] = processes.once(
        lambda: output_settings(dataset, config, hashes, targets)
    )
    if processes.once(lambda: check_output(config, settings)):
        return int(processes.once(lambda: _finished_before(config.output)))
    # Everything is checked before anything is written: a second try can use the same output.
    models = [open_model(path, config) for path in config.model]
    for forth, _ in models:
        check_tiles(forth, config.tile)
    identities: list[float | None] = processes.once(
        lambda: [
            target.identity(forth)
            if target and config.identity != "off" and keeps_its_target(file, config)
            else None
            for file, target, (forth, _) in zip(files, targets, models, strict=True)
        ]
    )
    task_score = (
        load_task_score(config.task, config.task_size, pick_device(config.device))
        if config.task is not None
        else None
    )
    shard = Shard.of(config.shard)
    processes.once(lambda: begin(config.output, settings))
    processes.once(lambda: begin_part(config.output, shard))
    processes.once(lambda: _tell(dataset, config, targets))
    failures: dict[Path, str] = {}
    for number, pair in enumerate(models):
        own = [task for task in tasks if task.model == number]
        stage = ScoreAndStage(
            dataset.root,
            {picture_path(config.output, task): task for task in own},
            config.quality,
            task_score,
            targets[number],
            identities[number],
            Mark(hashes[number]) if config.marks else None,
        )
        failures |= translate(dataset, config, *pair, stage, own, processes)
    return int(processes.once(lambda: _end(dataset, config, tasks, failures, hashes, settings)))


def _end(
    dataset: Dataset,
    config: AugmentOptions,
    tasks: Sequence[Task],
    failures: dict[Path, str],
    hashes: Sequence[str],
    settings: dict[str, Any],
) -> int:
    """Complete the output, if no other part is missing; return the exit status."""
    shard = Shard.of(config.shard, config.batch_size, pick_device(config.device).type)
    joined, told = join_parts(config.output, shard, failures)
    if told:
        print(told, file=sys.stderr)
    if joined is None:
        for image, reason in failures.items():
            say(dataset.root / image, reason)
        return 1 if failures else 0
    try:
        _complete(dataset, config, tasks, joined, hashes, settings)
    except FileNotFoundError:
        if not (config.output / REPORT).exists():
            raise  # else another part, which ended at the same time, has completed it
    return 1 if joined else 0


def _finished_before(output: Path) -> int:
    """Return the exit status of a finished run; print how many images failed."""
    remove_staging(output)
    where = output / PROVENANCE
    lines = map(json.loads, where.read_bytes().splitlines() if where.exists() else [])
    failures = {each["source"] for each in lines if each["decision"] == "failed"}
    print(f"{output}: finished before, nothing to do", file=sys.stderr)
    if failures:
        print(f"{len(failures)} images could not be translated: see {where}", file=sys.stderr)
    return 1 if failures else 0


def _tell(dataset: Dataset, config: AugmentOptions, targets: Sequence[Domain | None]) -> None:
    """Print remarks about a dataset, its splits, and models whose realism is not measured."""
    _tell_remarks(dataset)
    if not any(item.splits for item in dataset.items):
        print("no splits found: all images are translated", file=sys.stderr)
    if config.realism != "off" and config.style is None:
        for model, target in zip(config.model, targets, strict=True):
            if target is None:
                say(model, "realism is not measured: its training images are missing; add --target")


def _tell_remarks(dataset: Dataset) -> None:
    """Print the first remarks about a dataset."""
    for remark in dataset.remarks[:NAMED]:
        say(remark.source, remark.reason)
    if len(dataset.remarks) > NAMED:
        print(f"and {len(dataset.remarks) - NAMED} more, in {REPORT}", file=sys.stderr)


def translate(
    dataset: Dataset,
    config: AugmentOptions,
    forth: Translator,
    back: Translator | None,
    stage: ScoreAndStage,
    tasks: Sequence[Task],
    processes: Processes,
) -> dict[Path, str]:
    """Translate one model's tasks, all processes together; return failed sources with reasons."""
    if not tasks:
        return {}
    # Once for all processes: files written by one must not change the jobs of another.
    jobs, failures = processes.once(lambda: _find_jobs(dataset, config, tasks))
    shard = Shard.of(config.shard)
    if shard.count > 1:  # of batches of the whole, so that no picture's rounding depends on it
        batches = make_batches(jobs, config.batch_size, forth.device.type)
        jobs = [job for batch in shard.take(batches) for job in batch]
        failures = [*shard.take(failures)]
    remote = isinstance(config.output, RemotePath)  # files of tiles are on a disk
    scratch = Path(tempfile.gettempdir()) if remote else config.output / FOLDER
    pipeline = Pipeline(forth, config.max_megapixels, config.tile, scratch, stage, back)
    failures += translate_jobs(pipeline, jobs, config.batch_size, processes, name_failures=False)
    return {failed.source.relative_to(dataset.root): failed.reason for failed in failures}


def _find_jobs(
    dataset: Dataset, config: AugmentOptions, tasks: Sequence[Task]
) -> tuple[list[Job], list[Failure]]:
    """Return a job for every image whose size can be read, and the failures of the others.

    The target of a job is its staged file, or None if that has scores already.
    """
    sources = [dataset.root / task.item.image for task in tasks]
    with ThreadPoolExecutor() as threads:
        sizes = list(threads.map(lambda source: size_of(source, config.max_megapixels), sources))
    places = [picture_path(config.output, task) for task in tasks]
    there = Present([config.output])
    jobs = [
        Job(source, size, None if there.exists(record_path(place)) else place)
        for place, source, size in zip(places, sources, sizes, strict=True)
        if not isinstance(size, Failure)
    ]
    return jobs, [size for size in sizes if isinstance(size, Failure)]


def _complete(
    dataset: Dataset,
    config: AugmentOptions,
    tasks: Sequence[Task],
    failures: dict[Path, str],
    hashes: Sequence[str],
    settings: dict[str, Any],
) -> None:
    """Accept or reject the staged translations, complete the dataset, and write the report last.

    If the process is killed, the next one finds all scores, and all translations, staged or in
    place.
    """
    root, target = dataset.root, config.output
    translated = [task for task in tasks if task.item.image not in failures]
    with ThreadPoolExecutor(REQUESTS) as threads:
        records = threads.map(
            lambda task: read_json(record_path(picture_path(target, task))), translated
        )
        scores: dict[Path, Scores] = {
            task.output: record for task, record in zip(translated, records, strict=True)
        }
    limits = thresholds(config.gates(), list(scores.values()))
    decided = decide(tasks, scores, failures, limits)
    for image, reason in failures.items():
        say(root / image, reason)
    write_image(sheet(decided, root, lambda each: _present(target, each)), target / SHEET)
    accepted = {each.task.output for each in decided if each.decision == "accepted"}
    staged_to_place(target, [task for task in tasks if task.output in accepted])
    format = dataset_format(config.format)
    names = outputs(dataset, decided, config, format.class_of)
    carry(dataset, format, names, accepted, target, config.link)
    told = provenance(decided, config, hashes, names)
    write_bytes(target / PROVENANCE, b"".join(map(line, told)))
    remarks = [
        [remark.source.relative_to(root).as_posix(), remark.reason] for remark in dataset.remarks
    ]
    write_bytes(target / REPORT, line(settings | {"thresholds": limits, "remarks": remarks}))
    remove_staging(target)
    print(printable(summary(decided, config)), file=sys.stderr)
    for warning in losses(dataset, decided, names, format.class_of):
        print(printable(f"warning: {warning}"), file=sys.stderr)


def _present(target: Path, each: Decided) -> Path:
    """Return the path of a translation: staged or, in a resumed run, already in the output."""
    staged = picture_path(target, each.task)
    return staged if staged.exists() else target / each.task.output
