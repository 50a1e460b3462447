"""Translate labeled digits to a domain without labels, and classify there.

python -m experiments.digits --mnist mnist.npz --folder checkpoints/digits
python -m experiments.digits --mnist mnist.npz --folder checkpoints/plain --semantic 0
python -m experiments.digits --mnist mnist.npz --folder F --direction uci_to_mnist

For every seed: the labeled source and the target are shuffled, and a third of the target is kept
for the test. A CycleGAN of configs/digits.yaml is trained on the source and on the rest of the
target, without the target's labels. The labeled source is translated, and a small classifier is
trained on the translations and tested on the target's third: `translated`. `source_only` is the
same classifier trained on the untranslated source, `target_only` trained on the rest of the target
with its labels; `translated` lies between them. All three are trained with noise, so that they
learn visible features of translations and not hidden ones. All images of both domains are prepared
equally (domains.py). Seeds run in parallel, with one thread each, so that results do not depend on
the number of cores; the output of a training is in FOLDER/SEED/log.txt.

`--semantic` is the weight of the semantic loss, in both directions. Its classifier, `adapted`
(classifiers.py), must recognize both domains. It is trained without the target's labels, from the
source's labels and the target's images, which are assumed to have the source's class frequencies.
`jittered` is trained on the source only, with every digit stretched, shifted and thickened at
random. Both are tested too: they need no translation.

Labels of the target are used only for the test and for target_only: all trainings have a fixed
number of steps, the last weights are used, and nothing is chosen by the test. Two figures need no
labels of the target: `agreement`, the part of the target's images for which the classifier of
translations and the adapted one predict the same digit; and `kept`, the part of translations for
which the adapted one predicts the right digit. `kept` is optimistic, since the semantic loss uses
the same classifier.
"""

import json
import math
import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import redirect_stderr
from dataclasses import dataclass
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any, Literal

import torch
import yaml
from jsonargparse.typing import NonNegativeInt, PositiveInt
from PIL import Image
from torch import Tensor

import gan
from experiments.digits.classifiers import accuracy, adapted_classifier, train_classifier, verdicts
from experiments.digits.domains import (
    Digits,
    Framing,
    jitter,
    prepare,
    read_mnist,
    read_uci,
    read_usps,
)
from gan.images import write_image
from gan.images.pixels import to_array, to_image
from gan.inference.checks import require_finite
from gan.inference.translator import Translator
from gan.semantics import save_classifier

CLASSIFIER = "adapted.safetensors"
COLUMNS = 14
RECIPE = Path(__file__).parents[2] / "configs" / "digits.yaml"

Direction = Literal["mnist_to_uci", "uci_to_mnist"]


@dataclass(frozen=True)
class Task:
    """The data of one seed; the target's labels are used by target_only only."""

    source: Digits
    target: Digits
    test: Digits
    folder: Path
    seed: int


def digits(
    mnist: Path,
    folder: Path,
    direction: Direction = "mnist_to_uci",
    usps: Path | None = None,
    framing: Framing = "whole",
    semantic: float = 1,
    seeds: PositiveInt = 3,
    first: NonNegativeInt = 0,
    processes: PositiveInt = 3,
    recipe: Path = RECIPE,
    steps: PositiveInt | None = None,
) -> None:
    """Print the accuracies of all classifiers; the module's docstring describes them.

    Args:
        mnist: An npz with images and labels, or a folder with IDX files (train-*, gz or not).
        folder: Folder for the images, the runs, a sheet of each run and a JSON file.
        direction: Direction from the labeled domain.
        usps: USPS in LIBSVM's format (bz2 or not), in place of scikit-learn's UCI digits.
        framing: whole uses the whole images; ink crops all digits to their strokes.
        semantic: Weight of the semantic loss, in both directions.
        seeds: Number of seeds; each shuffles, splits, trains and draws independently.
        first: The smallest seed.
        processes: Number of seeds that run in parallel.
        recipe: The CycleGAN's configuration.
        steps: Steps of the CycleGAN, in place of the recipe's train.max_steps.
    """
    files = read_mnist(mnist), read_usps(usps) if usps else read_uci()
    domains = [prepare(digits, framing) for digits in files]
    source, target = domains if direction == "mnist_to_uci" else reversed(domains)
    keys = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    keys["train"]["max_steps"] = steps or keys["train"]["max_steps"]
    began = time.monotonic()
    drawn = range(first, first + seeds)
    tasks = (split(source, target, folder / str(seed), seed) for seed in drawn)
    jobs = ((task, keys, semantic) for task in tasks)
    results = []
    for seed, result in zip(drawn, side_by_side(run, jobs, processes), strict=True):
        print(json.dumps({"seed": seed} | result), flush=True)
        results.append(result)
    figures = summary(results)
    protocol = {
        "direction": direction, "framing": framing, "semantic": semantic, "usps": bool(usps),
        "source": len(source), "target": len(target), "first": first, "recipe": keys,
    }  # fmt: skip
    minutes = round((time.monotonic() - began) / 60, 1)
    machine = {"cores": os.cpu_count(), "processes": processes, "torch": torch.__version__}
    machine |= {"minutes": minutes}
    content = {"protocol": protocol, "machine": machine, "summary": figures, "seeds": results}
    (folder / "digits.json").write_text(json.dumps(content, indent=1))
    print(f"{table(figures)}\n{minutes} minutes")


def side_by_side(
    work: Callable[..., Any], jobs: Iterable[tuple[Any, ...]], processes: int
) -> Iterator[Any]:
    """Yield work(*job) for all jobs in order, in parallel processes with one thread each."""
    spawn = get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, serve) as pool:
        try:
            for future in [pool.submit(work, *job) for job in jobs]:
                yield future.result()
        except BaseException:  # a failure or Ctrl-C: do not wait for the other processes
            for process in active_children():
                process.kill()
            raise


def serve() -> None:
    """Use one thread in this process, and end it when its parent process ends."""

    def follow() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    torch.set_num_threads(1)
    Thread(target=follow, daemon=True).start()


def run(task: Task, recipe: dict[str, Any], semantic: float) -> dict[str, float]:
    """Return a seed's accuracies and other figures in percent, and seconds."""
    began = time.monotonic()
    source_only = train_classifier(task.source, task.seed)
    jittered = train_classifier(task.source, task.seed, jitter)
    adapted = adapted_classifier(task.source, task.target.images, task.seed)
    save_classifier(adapted, task.folder / CLASSIFIER, {"seed": task.seed})
    write_folders(task)
    ready = time.monotonic()
    train(gan.Config.model_validate(settings(task, recipe, semantic)), task.folder / "log.txt")
    trained = time.monotonic()
    forth, back = (translated(task.folder / "run", way, task) for way in ("ab", "ba"))
    learned = train_classifier(Digits(forth, task.source.labels), task.seed)
    target_only = train_classifier(task.target, task.seed)
    write_image(sheet(task, forth, back), task.folder / "sheet.png")
    expected = Digits(task.target.images, verdicts(adapted, task.target.images))
    return {
        "source_only": accuracy(source_only, task.test),
        "translated": accuracy(learned, task.test),
        "target_only": accuracy(target_only, task.test),
        "jittered": accuracy(jittered, task.test),
        "adapted": accuracy(adapted, task.test),
        "agreement": accuracy(learned, expected),
        "kept": accuracy(adapted, Digits(forth, task.source.labels)),
        "seconds_training": trained - ready,
        "seconds": time.monotonic() - began,
    }


# The translation


def split(source: Digits, target: Digits, folder: Path, seed: int) -> Task:
    """Shuffle both domains by the seed, and keep a third of the target for the test."""
    draws = torch.Generator().manual_seed(seed)
    source, target = (
        domain[torch.randperm(len(domain), generator=draws)] for domain in (source, target)
    )
    test = len(target) // 3
    return Task(source, target[test:], target[:test], folder, seed)


def write_folders(task: Task) -> None:
    """Write the source to trainA/CLASS, and the target without its test and classes to trainB."""
    shutil.rmtree(task.folder / "data", ignore_errors=True)
    folders = [f"trainA/{int(label)}" for label in task.source.labels]
    folders += ["trainB"] * len(task.target)
    paths = [task.folder / "data" / name / f"{i:05d}.png" for i, name in enumerate(folders)]
    images = [to_image(image) for image in (*task.source.images, *task.target.images)]
    with ThreadPoolExecutor(16) as threads:  # more than cores, because they wait for the disk
        list(threads.map(write_image, images, paths))


def settings(task: Task, recipe: dict[str, Any], semantic: float) -> dict[str, Any]:
    """Return the configuration of a seed: full learning rate for half of the epochs, then decay."""
    pairs = max(len(task.source), len(task.target))
    passes = math.ceil(recipe["train"]["max_steps"] * recipe["train"]["batch_size"] / pairs)
    own = {
        "data": {"root": task.folder / "data"},
        "loss": {"semantic": semantic},
        "semantic": {"classifier": task.folder / CLASSIFIER if semantic else None},
        "train": {"epochs": math.ceil(passes / 2), "decay_epochs": passes // 2},
        "run": {"dir": task.folder / "run", "seed": task.seed},
    }
    return {key: recipe.get(key, {}) | own.get(key, {}) for key in recipe.keys() | own.keys()}


def train(config: gan.Config, log: Path) -> None:
    """Train, with all output written to the log."""
    with log.open("w", encoding="utf-8") as file, redirect_stderr(file):
        result = gan.train(config)
    if result.status:
        raise SystemExit(f"the training was stopped: {result.ended}; see {log}")


def translated(run: Path, way: Literal["ab", "ba"], task: Task) -> Tensor:
    """Return the translated source (ab), or the translated target without its test (ba)."""
    translator = Translator.load(run, way)
    images = (task.source if way == "ab" else task.target).images
    results = [image for part in images.split(500) for image in translator.translate_batch(part)]
    return torch.stack([require_finite(image) for image in results])


def sheet(task: Task, forth: Tensor, back: Tensor) -> Image.Image:
    """Return four rows, enlarged six times: source, its translations, target, its translations."""
    rows = (task.source.images, forth, task.target.images, back)
    page = to_array(torch.cat([torch.cat(list(row[:COLUMNS]), dim=2) for row in rows], dim=1))
    return Image.fromarray(page[:, :, 0].repeat(6, axis=0).repeat(6, axis=1))


# The figures


def summary(results: list[dict[str, float]]) -> dict[str, list[float]]:
    """Return mean and standard deviation over the seeds of every figure, and of gap_closed in %."""
    for result in results:
        gap = result["target_only"] - result["source_only"] or math.nan
        result["gap_closed"] = 100 * (result["translated"] - result["source_only"]) / gap
    columns = {name: [result[name] for result in results] for name in results[0]}
    spread = statistics.stdev if len(results) > 1 else lambda values: 0.0
    return {name: [statistics.mean(x), spread(x)] for name, x in columns.items()}


def table(figures: dict[str, list[float]]) -> str:
    """Return a table with a line for each figure."""
    return "\n".join(f"{name:17} {mean:6.1f} ± {dev:.1f}" for name, (mean, dev) in figures.items())
