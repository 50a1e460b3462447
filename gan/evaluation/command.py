"""The command that evaluates a run."""

import warnings
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import torch

from gan.config import DataConfig
from gan.config.choices import Split
from gan.config.evaluate import MOST_RESAMPLES
from gan.config.tables.generators import generator_row
from gan.evaluation.core import ENDS, evaluate
from gan.evaluation.files import METRICS, append_line, write_images
from gan.evaluation.folders import Folders, open_folders
from gan.evaluation.instruments import open_instruments
from gan.evaluation.protocol import Settings
from gan.evaluation.records import Evaluation
from gan.evaluation.table import report
from gan.inference.translator import (
    Device,
    Direction,
    Precision,
    Translator,
    pick_device,
)
from gan.interop import find_generator, generators_in, open_generator
from gan.system.atomic import check_writable
from gan.system.hashing import file_sha256
from gan.system.memory import out_of_memory_as_value_error
from gan.system.processes import join
from gan.system.text import printable

RANGES: dict[str, tuple[int, int | None]] = {
    "max_images": (1, None),
    "size": (16, 4096),
    "batch_size": (1, None),
    "seed": (0, 2**63 - 1),
    "resamples": (0, MOST_RESAMPLES),
}
"""Least and most of the options that are numbers; torch's generators take no larger seeds."""
LESS = "lower --batch_size or --size"
"""What to do where memory is short."""


class Model(NamedTuple):
    """The generators of a run, and what their files say."""

    files: dict[Direction, Path]
    translators: dict[Direction, Translator]
    data: DataConfig
    about: dict[str, Any]


def measure(
    *,
    model: Path,
    root: Path,
    features: str | None,
    weights: Path | None,
    directions: str | None,
    split: Split,
    reference: Split | None,
    paired: bool,
    max_images: int | None,
    size: int | None,
    batch_size: int,
    device: Device,
    precision: Precision,
    seed: int,
    resamples: int,
    output: Path | None,
) -> int:
    """Do what `evaluate_model` of entry.py says; ValueError as there."""
    check_arguments(max_images, size, batch_size, seed, resamples)
    check_output(output or run_folder(model))
    wanted = split_directions(directions)
    settings = Settings(wanted or tuple(ENDS), batch_size, seed, resamples, progress=True)
    find = partial(open_folders, paired=paired, max_images=max_images)
    with (
        warnings.catch_warnings(action="ignore"),
        out_of_memory_as_value_error(LESS),
    ):  # of damaged metadata
        processes = join(cpu=pick_device(device).type == "cpu")
        place = pick_device(device)  # after joining: on GPUs each process has its own
        opened = open_model(model, root, size, place, precision)
        check_directions(model, opened, wanted)
        instruments = open_instruments(features, weights, place)
        folders: Folders = processes.once(lambda: find(opened.data, split, reference))
        generators = {d: translator.run for d, translator in opened.translators.items()}
        evaluation = evaluate(generators, folders, opened.data, settings, instruments, processes)
    if processes.main:
        present(with_model(evaluation, opened, precision), model, opened.about, output)
    return 0


def check_arguments(
    max_images: int | None, size: int | None, batch_size: int, seed: int, resamples: int
) -> None:
    """ValueError for numbers out of their range."""
    given = (max_images, size, batch_size, seed, resamples)
    for (name, (least, most)), value in zip(RANGES.items(), given, strict=True):
        if value is not None and value < least:
            raise ValueError(f"{name}: {value}, must be at least {least}")
        if value is not None and most is not None and value > most:
            shown = value if value < 10**20 else "a number of many digits"
            raise ValueError(f"{name}: {shown}, must be at most {most}")


def check_output(folder: Path | None) -> None:
    """OSError where metrics.jsonl cannot be written, while nothing is lost by it."""
    if folder:
        check_writable(folder / METRICS, replaced=False)


def split_directions(text: str | None) -> tuple[Direction, ...]:
    """ab,ba as its parts, () where it is left out; ValueError for anything else."""
    if text is None:
        return ()
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(parts) <= set(get_args(Direction)):
        raise ValueError(f"directions: {text}, must be ab, ba or ab,ba")
    return cast(tuple[Direction, ...], parts)


def check_directions(model: Path, opened: Model, wanted: Iterable[Direction]) -> None:
    """ValueError where a direction that is asked for has no generator."""
    for direction in wanted:
        if direction not in opened.files:
            missing = (
                f"{model / f'gen_{direction}.safetensors'}: no such file"
                if model.is_dir()
                else f"{model}: this generator is for {', '.join(opened.files)}"
            )
            raise ValueError(
                f"{missing}; so there is nothing to measure for --directions {direction}"
            )


def open_model(
    path: Path, root: Path, size: int | None, device: torch.device, precision: Precision
) -> Model:
    """Load the generators; ValueError for what is no model, or one that is shown its style."""
    files = generator_files(path)
    translators: dict[Direction, Translator] = {}
    facts: dict[str, Any] = {}
    channels: dict[str, int] = {}
    for name, file in files.items():
        opened = open_generator(file)
        network, spec, about = opened.network, opened.spec, opened.about
        if generator_row(spec["kind"]).takes_style:
            raise ValueError(
                f"{file}: takes its style from a second picture, so it has no translation of its "
                "own that could be measured; translate with --style, and compare the results"
            )
        translators[name] = Translator(network, spec["in_channels"], device, precision)
        channels[f"channels_{name[0]}"] = spec["in_channels"]
        channels[f"channels_{name[1]}"] = spec["out_channels"]
        facts = facts or about
    side = size or facts.get("crop_size")
    if side is None:
        raise ValueError(f"{path}: does not say at which size it was trained: give --size")
    data = DataConfig.model_validate(
        {"root": root, "resize": facts.get("resize", "square"), "crop_size": side}
        | {"load_size": max(side, facts.get("load_size", side))}
        | channels
    )
    return Model(files, translators, data, facts)


def generator_files(path: Path) -> dict[Direction, Path]:
    """The generators that a path means, by direction."""
    if path.is_dir():
        return generators_in(path) or {"ab": find_generator(path, None)}
    file = find_generator(path, None)
    return {open_generator(file).about.get("direction", "ab"): file}


def with_model(evaluation: Evaluation, model: Model, precision: Precision) -> Evaluation:
    """The evaluation with the model in its protocol."""
    hashes = {
        d: {"file": file.name, "sha256": file_sha256(file)} for d, file in model.files.items()
    }
    protocol = {"models": hashes, "precision": precision} | evaluation.protocol
    return replace(evaluation, protocol=protocol)


def present(
    evaluation: Evaluation, model: Path, about: dict[str, Any], output: Path | None
) -> None:
    """Write the evaluation where it belongs, and print it."""
    step, folder = about.get("step", 0), output or run_folder(model)
    if folder is None:
        where = f"not written: {model} is no run's; name a folder with --output"
    else:
        images = write_images(folder, step, evaluation.images)
        time = datetime.now(UTC).isoformat(timespec="seconds")
        line = {"step": step, "epoch": about.get("epoch"), "time": time, "images": images}
        append_line(folder / METRICS, line | evaluation.record())
        where = f"written to {folder / METRICS} and {folder / images}"
    print(f"{printable(f'{model}, step {step}')}\n\n{report(evaluation)}\n\n{printable(where)}")


def run_folder(model: Path) -> Path | None:
    """The run directory that a model is, or lies in."""
    if model.is_dir():
        return model
    return model.parent if (model.parent / "config.yaml").is_file() else None
