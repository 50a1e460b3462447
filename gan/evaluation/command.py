"""The command `gan evaluate`."""

import warnings
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch

from gan.config import DataConfig
from gan.config.choices import Precision
from gan.config.tables.generators import generator_row
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.answers import summarize
from gan.evaluation.core import Settings, evaluate
from gan.evaluation.files import METRICS_FILE, write_evaluation
from gan.evaluation.folders import Folders, open_folders
from gan.evaluation.instruments import open_instruments, partial_judge
from gan.evaluation.options import EvaluateOptions
from gan.evaluation.records import Evaluation
from gan.evaluation.robust import Condition, conditions, record, table
from gan.evaluation.table import details
from gan.inference.devices import pick_device
from gan.inference.translator import Translator
from gan.interop import find_generator, generators_in, open_generator
from gan.networks.files import ranges_of
from gan.system.atomic import check_writable
from gan.system.hashing import file_sha256
from gan.system.memory import out_of_memory_as_value_error
from gan.system.processes import join
from gan.system.text import printable

LESS = "lower --batch_size or --size"
"""Advice for an evaluation that exceeds the memory."""


class Model(NamedTuple):
    """The generators of a run or a file, and the facts that their files record."""

    files: dict[Direction, Path]
    translators: dict[Direction, Translator]
    data: DataConfig
    about: dict[str, Any]


def evaluate_model(options: EvaluateOptions) -> int:
    """Measure a model's translations, print a table and write the record; return the exit status.

    ValueError, with the option or file, if one is invalid; OSError if the record cannot be written.
    """
    folder = options.output or _run_folder(options.model)
    if folder:
        check_writable(folder / METRICS_FILE, replaced=False)  # before any work
    wanted = _split_directions(options.directions)
    settings = Settings(
        wanted or tuple(DIRECTIONS),
        options.batch_size,
        options.seed,
        options.resamples,
        progress=True,
    )
    with (
        warnings.catch_warnings(action="ignore"),  # libraries warn about damaged metadata
        out_of_memory_as_value_error(LESS),
    ):
        processes = join(cpu=pick_device(options.device).type == "cpu")
        place = pick_device(options.device)  # after joining: each process has its own GPU
        opened = open_model(options.model, options.root, options.size, place, options.precision)
        _check_directions(options.model, opened, wanted)
        lpips = {"alexnet": options.lpips_alex, "vgg16": options.lpips_vgg}
        instruments = open_instruments(options.features, options.weights, place, lpips=lpips)
        folders: Folders = processes.once(
            lambda: open_folders(
                opened.data,
                options.split,
                options.reference,
                paired=options.paired,
                max_images=options.max_images,
            )
        )
        measure = partial(
            evaluate,
            {d: translator.run for d, translator in opened.translators.items()},
            folders,
            opened.data,
            settings,
            instruments,
            processes,
            references={},
        )
        evaluation = measure()
        chosen = conditions(opened.data) if options.robust else ()
        degraded = {each: measure(around=each.around) for each in chosen}
    if processes.main:
        _present(evaluation, degraded, opened, options, folder)
    return 0


def _split_directions(text: str | None) -> tuple[Direction, ...]:
    """Parse "ab", "ba" or "ab,ba" into directions; () for None, ValueError for other text."""
    if text is None:
        return ()
    parts = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(parts) <= set(DIRECTIONS):
        raise ValueError(f"directions: must be ab, ba or ab,ba, not {text}")
    return cast(tuple[Direction, ...], parts)


def _check_directions(model: Path, opened: Model, wanted: Iterable[Direction]) -> None:
    """Raise ValueError if a requested direction has no generator."""
    for direction in wanted:
        if direction not in opened.files:
            missing = (
                f"{model / f'gen_{direction}.safetensors'}: no such file"
                if model.is_dir()
                else f"{model}: this generator is for {', '.join(opened.files)}"
            )
            raise ValueError(f"{missing}; nothing to measure for --directions {direction}")


def open_model(
    path: Path, root: Path, size: int | None, device: torch.device, precision: Precision
) -> Model:
    """Load the generators of a run directory, or the one in a generator's file.

    ValueError if there are none, if one takes a style image or has several styles, or if `size` is
    None and the file does not record the crop size of its training.
    """
    files = _generator_files(path)
    translators: dict[Direction, Translator] = {}
    facts: dict[str, Any] = {}
    sides: dict[str, Any] = {}
    for name, file in files.items():
        opened = open_generator(file)
        network, spec, about = opened.network, opened.spec, opened.about
        if generator_row(spec["kind"]).fixed_kind is not None:
            raise ValueError(
                f"{file}: has several styles; to measure one, write its file with gan export "
                "--format safetensors --style_index NUMBER, and evaluate that"
            )
        if generator_row(spec["kind"]).takes_style:
            raise ValueError(
                f"{file}: requires a style image, which gan evaluate does not support: run gan "
                "translate with --style, and look at the results"
            )
        ranges = ranges_of(about, file)
        translators[name] = Translator(
            network, spec["in_channels"], device, precision, ranges=ranges
        )
        sides |= {
            f"channels_{name[0]}": spec["in_channels"],
            f"channels_{name[1]}": spec["out_channels"],
            f"range_{name[0]}": ranges[0],
            f"range_{name[1]}": ranges[1],
        }
        facts = facts or about
    side = size or facts.get("crop_size")
    if side is None:
        raise ValueError(f"{path}: does not record the size of its training images: set --size")
    data = DataConfig.model_validate(
        {"root": root, "resize": facts.get("resize", "square"), "crop_size": side}
        | {"load_size": max(side, facts.get("load_size", side))}
        | sides
    )
    return Model(files, translators, data, facts)


def _generator_files(path: Path) -> dict[Direction, Path]:
    """Return the generator files at a path, by direction."""
    if path.is_dir():
        return generators_in(path) or {"ab": find_generator(path, None)}
    file = find_generator(path, None)
    return {open_generator(file).about.get("direction", "ab"): file}


def _present(
    evaluation: Evaluation,
    degraded: Mapping[Condition, Evaluation],
    opened: Model,
    options: EvaluateOptions,
    folder: Path | None,
) -> None:
    """Add the model to the evaluation; print it and, if there is a folder, write it there."""
    models = {d: {"file": f.name, "sha256": file_sha256(f)} for d, f in opened.files.items()}
    trained_by = opened.about.get("trained_by")  # from a file that others may have written
    evaluation = evaluation.of_model(
        {"models": models, "precision": options.precision},
        partial_judge(options.features, trained_by if isinstance(trained_by, list) else ()),
    )
    about, model = opened.about, options.model
    step = about.get("step", 0)
    if folder is None:
        where = f"not written: {model} is not in a run; name a folder with --output"
    else:
        more = {"robust": record(degraded)} if degraded else {}
        images = write_evaluation(folder, step, about.get("epoch"), evaluation, more)
        where = f"written to {folder / METRICS_FILE} and {folder / images}"
    where += "" if options.verbose else "; --verbose prints the protocol"
    blocks = [printable(f"{model}, step {step}"), summarize(evaluation)]
    blocks += [table(evaluation, degraded)] if degraded else []
    blocks += [details(evaluation)] if options.verbose else []
    print("\n\n".join([*blocks, printable(where)]))


def _run_folder(model: Path) -> Path | None:
    """Return `model` if it is a folder, else its folder if that is a run directory, else None."""
    if model.is_dir():
        return model
    return model.parent if (model.parent / "config.yaml").is_file() else None
