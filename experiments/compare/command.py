"""The command: train and measure recipes, one after the other or in parallel, and compare them."""

import argparse
import hashlib
import json
import platform
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import torch

from experiments.compare.measuring import Judge, kid_of_the_truth, measure
from experiments.compare.sheet import write_sheet
from experiments.compare.table import tables
from experiments.compare.training import Budget, Candidate, train_within
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser
from gan.config import Config
from gan.evaluation.files import append_line
from gan.evaluation.folders import open_folders
from gan.evaluation.instruments import partial_judge
from gan.system.hashing import file_sha256

ABOUT = """\
Train recipes for equal time (--minutes) or for equal steps (--steps), measure them by one
protocol, print a table and write a sheet. A recipe is a file or a name, with changed keys:
small or small.yaml,loss.style=0. The others are compared with the first. Run the same command
again to continue; finished trainings are in the JSON lines of --output."""

MEASURING = Lock()
"""Only one thread opens networks and measures at a time: torch.fx replaces Module.__call__ for all
threads while it traces a network."""


@dataclass(frozen=True)
class Job:
    """A recipe and a seed."""

    candidate: Candidate
    seed: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return the exit status."""
    options = _options(arguments)
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
    options.runs.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads or torch.get_num_threads())
    with ThreadPoolExecutor(options.jobs) as pool:
        records = list(pool.map(partial(_record, options=options, judge=judge), jobs))
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


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line."""
    parser = argparse.ArgumentParser(description=ABOUT)
    add = parser.add_argument
    add("recipes", nargs="+", help="files or names; the others are compared with the first")
    add("--data", type=Path, required=True, help="folder with trainA, trainB and the split")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, default=0, help="time of a training")
    length.add_argument("--steps", type=int, default=0, help="steps of a training")
    add("--seeds", type=int, default=3)
    add("--clock", choices=("processor", "wall"), default="processor", help="clock of --minutes")
    add("--threads", type=int, default=1, help="threads of a training on a CPU; 0: torch's default")
    add("--jobs", type=int, default=1, help="trainings in parallel")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="key for all recipes")
    add("--split", default="test", help="images to translate: test, val or train")
    add("--reference", default="train", help="images with which KID compares")
    add("--direction", default="ab")
    add("--size", type=int, help="side of the measured images; not set: the training's crop_size")
    add("--features", default="alexnet", help="network of KID, not one of a recipe's loss")
    add("--weights", type=Path, help="file with its weights")
    add("--lpips_alex", type=Path, help="file with AlexNet's convolutions")
    add("--lpips_vgg", type=Path, help="file with VGG-16's convolutions")
    add("--best", default="kid", help="metric for choosing the best generator of a run")
    add("--runs", type=Path, default=Path("checkpoints/compare"), help="folder of the trainings")
    add("--output", type=Path, default=Path("experiments/compare/runs.jsonl"))
    return parser.parse_args(arguments)


def _record(job: Job, options: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """Return the record of a training; train and measure it unless it was done before."""
    words = [*job.candidate.words, f"--run.seed={job.seed}"]
    words += [f"--run.threads={options.threads}"] if options.threads else []
    parsed, _ = Parser(COMMANDS["train"], "compare").options(words)
    config = Config.model_validate(parsed)
    if notes := partial_judge(options.features, config.frozen_networks):
        raise ValueError(f"{job.candidate.name}: {notes[0]}")
    folders = open_folders(config.data, "train")
    measured_on = open_folders(config.data, options.split).sources.values()
    data = "+".join(folder.sha256[:8] for folder in (*folders.sources.values(), *measured_on))
    budget = Budget(options.minutes, options.steps, options.clock)
    key = _key(job, config, data, budget)
    protocol = (
        f"{options.data.name} {options.split}, {options.size or config.data.crop_size} pixels, "
        f"{budget}, "
        f"{options.threads or 'all'} threads, {options.direction}; KID: {options.features} against "
        f"{options.reference}; best by {options.best}"
    )
    for record in _records(options.output):
        if record["key"] == key and record["protocol"] == protocol:
            return record
    folder = options.runs / key
    folder.mkdir(parents=True, exist_ok=True)
    pairs = max(len(folder.files) for folder in folders.sources.values())
    steps, seconds = train_within(words, config, pairs, folder, budget)
    with MEASURING:
        measured = _measured(folder / "run", options, judge)
    record = {
        "recipe": job.candidate.name,
        "seed": job.seed,
        "key": key,
        "protocol": protocol,
        "data": data,
        "steps": steps,
        "seconds": round(seconds, 1),
        "machine": f"{platform.machine()}, torch {torch.__version__}",
        **measured,
    }
    append_line(options.output, record)
    print(f"{key}: {steps} steps, {seconds:.0f} s", flush=True)
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


def _measured(run: Path, options: argparse.Namespace, judge: Judge) -> dict[str, Any]:
    """Return a record's entries about a run's generators; ValueError if --best is not measured."""
    instruments = judge.instruments()
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
    """Return the records of earlier trainings."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
