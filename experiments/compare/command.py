"""The command: train and measure recipes, one after the other or in parallel, and compare them."""

import argparse
import datetime
import hashlib
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import torch

from benchmarks.machine import processor
from experiments.compare.measuring import Judge, kid_of_the_truth, measure
from experiments.compare.options import parse
from experiments.compare.sheet import write_sheet
from experiments.compare.table import tables
from experiments.compare.training import Budget, Candidate, stop_trainings, train_within
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser
from gan.config import Config
from gan.evaluation.files import append_line
from gan.evaluation.folders import open_folders
from gan.evaluation.instruments import Instruments, partial_judge
from gan.system.hashing import file_sha256

MEASURING = Lock()
"""Only one thread opens networks and measures at a time: torch.fx replaces Module.__call__ for all
threads while it traces a network."""
RECORD = {"recipe", "seed", "key", "protocol", "steps", "seconds", "best", "truth", "generators"}
"""Entries that every record has."""


@dataclass(frozen=True)
class Job:
    """A recipe and a seed."""

    candidate: Candidate
    seed: int


@dataclass(frozen=True)
class Plan:
    """A training whose configuration and images were read."""

    job: Job
    words: list[str]
    config: Config
    pairs: int
    """Images of the larger domain."""
    data: str
    """Hashes of the images."""
    key: str
    """Name of the training, which does not depend on the machine or on paths."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status.

    ValueError or OSError, before any training, if a recipe, a network or a file is wrong.
    """
    options = parse(arguments)
    judge = Judge(
        options.data,
        options.features,
        options.weights,
        options.lpips_alex,
        options.lpips_vgg,
        options.split,
        options.reference,
        options.direction,
        options.size,
    )
    jobs = [
        Job(Candidate(recipe, [f"data.root={options.data}", *options.set]), seed)
        for seed in range(options.seeds)
        for recipe in options.recipes
    ]
    plans = [_plan(job, options) for job in jobs]
    earlier = _earlier(options.output)
    instruments = judge.instruments()
    if note := _note(plans[0].config, options, instruments):
        print(note, file=sys.stderr)
    options.runs.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    record = partial(
        _record, options=options, earlier=earlier, judge=judge, instruments=instruments
    )
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            records = list(pool.map(record, plans))
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(error, SystemExit):  # SIGTERM; a terminal's SIGINT reaches all
                stop_trainings()
            raise
    names = [Candidate(recipe, ()).name for recipe in options.recipes]
    records.sort(key=lambda record: names.index(record["recipe"]))
    print(tables(records))
    print(f"\n{options.output}")
    folders = {r["recipe"]: options.runs / r["key"] / "run" for r in records if r["seed"] == 0}
    here = {name: folder for name, folder in folders.items() if folder.is_dir()}
    for name in folders.keys() - here.keys():
        print(f"{name}: not on the sheet, because its generators are on another machine")
    if here:
        write_sheet(judge, here, options.runs / "sheet.png")
        print(options.runs / "sheet.png")
    return 0


def _plan(job: Job, options: argparse.Namespace) -> Plan:
    """Read a training's configuration and images; ValueError if they are wrong."""
    words = [*job.candidate.words, f"--run.seed={job.seed}"]
    words += [f"--run.threads={options.threads}"] if options.threads else []
    parsed, _ = Parser(COMMANDS["train"], "compare").options(words)
    config = Config.model_validate(parsed)
    if notes := partial_judge(options.features, config.frozen_networks):
        raise ValueError(f"{job.candidate.name}: {notes[0]}")
    folders = open_folders(config.data, "train").sources.values()
    measured_on = open_folders(config.data, options.split).sources.values()
    data = "+".join(folder.sha256[:8] for folder in (*folders, *measured_on))
    pairs = max(len(folder.files) for folder in folders)
    return Plan(job, words, config, pairs, data, _key(job, config, data, _budget(options)))


def _budget(options: argparse.Namespace) -> Budget:
    return Budget(options.minutes, options.steps, options.clock)


def _earlier(path: Path) -> list[dict[str, Any]]:
    """Return the records of --output; OSError or ValueError if it cannot be read and appended."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise OSError(f"--output {path}: {error.strerror or error}") from error
    return _records(path)


def _note(config: Config, options: argparse.Namespace, instruments: Instruments) -> str | None:
    """Return a note if lpips is measured, and not with its published weights."""
    side = options.size or config.data.crop_size
    if (
        "alexnet" in instruments.lpips_at(side)
        or not open_folders(config.data, options.split).pairs
    ):
        return None
    return (
        f"note: lpips is a distance in layers of {options.features} with equal weights here; the "
        "published one needs torchmetrics, 64 pixels and AlexNet's weights (--lpips_alex FILE)"
    )


def _protocol(plan: Plan, options: argparse.Namespace, instruments: Instruments) -> str:
    """Return a text of how a training is measured; records with the same one can be compared."""
    side = options.size or plan.config.data.crop_size
    lpips = ", ".join(sorted(instruments.lpips_at(side)))
    return (
        f"{options.data.name} {options.split}, {side} pixels, {_budget(options)}, "
        f"{options.threads or 'all'} threads, {options.direction}; KID: {options.features} against "
        f"{options.reference}; LPIPS: {lpips or 'not published'}; best by {options.best}"
    )


def _record(
    plan: Plan,
    options: argparse.Namespace,
    earlier: list[dict[str, Any]],
    judge: Judge,
    instruments: Instruments,
) -> dict[str, Any]:
    """Return the record of a training; train and measure it unless it was done before."""
    protocol = _protocol(plan, options, instruments)
    for record in earlier:
        if record["key"] == plan.key and record["protocol"] == protocol:
            return record
    folder = options.runs / plan.key
    folder.mkdir(parents=True, exist_ok=True)
    steps, seconds = train_within(plan.words, plan.config, plan.pairs, folder, _budget(options))
    with MEASURING:
        measured = _measured(folder / "run", options, judge, instruments)
    record = {
        "recipe": plan.job.candidate.name,
        "seed": plan.job.seed,
        "key": plan.key,
        "protocol": protocol,
        "data": plan.data,
        "set": options.set,
        "steps": steps,
        "seconds": round(seconds, 1),
        "machine": f"{processor()}, torch {torch.__version__}",
        "date": datetime.date.today().isoformat(),
        **measured,
    }
    append_line(options.output, record)
    print(f"{plan.key}: {steps} steps, {seconds:.0f} s", flush=True)
    return record


def _key(job: Job, config: Config, data: str, budget: Budget) -> str:
    """Return the name of a training, which does not depend on the machine or on paths."""
    contents = _by_content(config.model_dump(exclude={"run": {"dir"}, "data": {"root"}}))
    told = json.dumps([contents, data, str(budget)], sort_keys=True, default=str)
    key = f"{job.candidate.name[:40]}-{job.seed}-{hashlib.sha256(told.encode()).hexdigest()[:10]}"
    return key.replace("/", "_")


def _by_content(value: Any) -> Any:
    """Return a value with paths of files replaced by their SHA-256, at any depth."""
    if isinstance(value, dict):
        return {key: _by_content(item) for key, item in value.items()}
    return file_sha256(value) if isinstance(value, Path) and value.is_file() else value


def _measured(
    run: Path, options: argparse.Namespace, judge: Judge, instruments: Instruments
) -> dict[str, Any]:
    """Return a record's entries about a run's generators; ValueError if --best is not measured."""
    files = {
        path.stem.partition("-")[2] or "last": path
        for path in sorted(run.glob(f"gen_{options.direction}*.safetensors"))
    }
    generators = {}
    for name, path in files.items():
        generators[name] = measure(run if name == "last" else path, judge, instruments)
    metric = f"{options.best}_{options.direction}"
    if metric not in generators["last"]:
        known = ", ".join(name for name in generators["last"] if name != "artifacts")
        raise ValueError(
            f"--best {options.best}: {metric} is not measured; measured: {known or 'nothing'}"
        )
    return {
        "best": min(generators, key=lambda name: generators[name][metric]["value"]),
        "truth": kid_of_the_truth(files["last"], judge, instruments),
        "sha256": file_sha256(files["last"]),
        "generators": generators,
    }


def _records(path: Path) -> list[dict[str, Any]]:
    """Return the records of earlier trainings.

    An incomplete line, which a killed call leaves, is skipped with a note: that training is
    measured again. ValueError, with its number, if a line is something else than a record.
    """
    records = []
    lines = path.read_bytes().splitlines() if path.exists() else []
    for number, line in enumerate(lines, start=1):
        place = f"--output {path}: line {number}"
        try:
            record = json.loads(line)
        except ValueError:
            print(f"note: {place} is incomplete and is skipped", file=sys.stderr)
            continue
        if not isinstance(record, dict) or RECORD - record.keys():
            raise ValueError(f"{place} is not the record of a training: name another file")
        records.append(record)
    return records
