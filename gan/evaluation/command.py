"""The command that evaluates a run."""

import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import torch

from gan.config import DataConfig
from gan.evaluation.core import evaluate
from gan.evaluation.files import METRICS, append_line, images_file, write_images
from gan.evaluation.folders import Folders, Split, open_folders
from gan.evaluation.instruments import open_instruments
from gan.evaluation.protocol import Settings
from gan.evaluation.records import Evaluation
from gan.evaluation.table import report
from gan.features.weights import sha256
from gan.interop import open_generator
from gan.networks.adain import AdainGenerator
from gan.processes import join
from gan.translator import (
    Device,
    Direction,
    Precision,
    Translator,
    find_generator,
    generators_in,
    pick_device,
)


class Model(NamedTuple):
    """The generators of a run, and what their files say."""

    files: dict[Direction, Path]
    translators: dict[Direction, Translator]
    data: DataConfig
    about: dict[str, Any]


def evaluate_model(
    model: Path,
    root: Path,
    features: str | None = None,
    weights: Path | None = None,
    directions: str = "ab,ba",
    split: Split = "test",
    reference: Split | None = None,
    paired: bool = True,
    max_images: int | None = None,
    size: int | None = None,
    batch_size: int = 8,
    device: Device = "auto",
    precision: Precision = "fp32",
    seed: int = 0,
    resamples: int = 1000,
    output: Path | None = None,
) -> int:
    """Measure how good a model's translations are, with intervals and the protocol.

    Prints a table, and adds a line to RUN/metrics.jsonl and the scores of every image to
    RUN/evaluation. Started by `accelerate launch` or torchrun, several processes share the work;
    the numbers do not depend on how many.

    Args:
        model: Run directory, or one of its gen_*.safetensors files.
        root: Folder with testA and testB, or trainA and trainB.
        features: Network whose features are compared: inception as in papers, or any of
            torchvision's, e.g. mobilenet_v2; left out, inception where it is installed.
        weights: File with its weights; left out, the one in torch's cache.
        directions: ab, ba, or both: ab,ba.
        split: Which images are translated: test or train.
        reference: Which images FID, KID and Gram compare with; left out, those of the split.
        paired: Whether equal names in both folders are the same picture in both domains.
        max_images: Only the first so many images of each folder.
        size: Side of the images in pixels; left out, the crop that the model was trained on.
        batch_size: Images at once.
        device: Where to compute; auto takes a GPU where there is one.
        precision: Arithmetic of the generators.
        seed: Of the resamples.
        resamples: For the intervals; 0 for none.
        output: Folder for metrics.jsonl and evaluation; left out, the run directory.
    """
    check_arguments(max_images, size, batch_size, seed, resamples)
    settings = Settings(split_directions(directions), batch_size, seed, resamples, progress=True)
    with warnings.catch_warnings(action="ignore"):  # what libraries say of damaged metadata
        processes = join(cpu=pick_device(device).type == "cpu")
        place = pick_device(device)  # after joining: on GPUs each process has its own
        opened = open_model(model, root, size, place, precision)
        instruments = open_instruments(features, weights, place)
        folders: Folders = processes.once(
            lambda: open_folders(
                opened.data, split, reference, paired=paired, max_images=max_images
            )
        )
        generators = {d: translator.run for d, translator in opened.translators.items()}
        evaluation = evaluate(generators, folders, opened.data, settings, instruments, processes)
    if processes.main:
        present(with_model(evaluation, opened, precision), model, opened.about, output)
    return 0


def check_arguments(
    max_images: int | None, size: int | None, batch_size: int, seed: int, resamples: int
) -> None:
    """ValueError for numbers out of their range."""
    least = {"max_images": 1, "size": 16, "batch_size": 1, "seed": 0, "resamples": 0}
    given = (max_images, size, batch_size, seed, resamples)
    for (name, smallest), value in zip(least.items(), given, strict=True):
        if value is not None and value < smallest:
            raise ValueError(f"{name}: {value}, must be at least {smallest}")


def split_directions(text: str) -> tuple[Direction, ...]:
    """ab,ba as its parts; ValueError for anything else."""
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(parts) <= set(get_args(Direction)):
        raise ValueError(f"directions: {text}, must be ab, ba or ab,ba")
    return cast(tuple[Direction, ...], parts)


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
        if isinstance(network, AdainGenerator):
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
    hashes = {d: {"file": file.name, "sha256": sha256(file)} for d, file in model.files.items()}
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
        images = images_file(folder, step)
        write_images(images, evaluation.images)
        time = datetime.now(UTC).isoformat(timespec="seconds")
        line = {"step": step, "epoch": about.get("epoch"), "time": time} | evaluation.record()
        append_line(folder / METRICS, line)
        where = f"written to {folder / METRICS} and {images}"
    print(f"{model}, step {step}\n\n{report(evaluation)}\n\n{where}")


def run_folder(model: Path) -> Path | None:
    """The run directory that a model is, or lies in."""
    if model.is_dir():
        return model
    return model.parent if (model.parent / "config.yaml").is_file() else None
