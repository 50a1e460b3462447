"""Print the parts of bad and of good generators' translations that `gan augment` rejects.

Generators that were trained for 10 to 100 steps, for style only or for another domain count as bad
if their translations are not nearer to the true paintings than the photographs are, by LPIPS or by
L1, means over all test images. Other bad ones are good generators whose output is damaged.

python -m experiments.checks.bad_generators --data DATA --good '[RUN1, RUN2, RUN3]' --foreign RUN
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from jsonargparse import auto_cli
from torch import Tensor

from experiments.checks.bad_translations import (
    Pixels,
    clipped,
    inverted,
    photographs,
    rejected,
    share,
)
from experiments.compare.training import train
from gan.augment.realism import Domain
from gan.images.pixels import from_array, to_array, to_unit
from gan.inference.checks import require_finite
from gan.inference.translator import Translator
from gan.metrics.lpips import open_lpips

Pairs = list[tuple[Pixels, Pixels]]
Spoil = Callable[[Pixels, Sequence[Pixels], int], Pixels]

STEPS = (10, 20, 40, 60, 80, 100)
SQUARES = ["data.resize=square", "data.load_size=72", "data.crop_size=64", "data.workers=1"]
RECIPES = {
    "paper": [*SQUARES, "networks.generator_channels=16", "networks.discriminator_channels=16"],
    "small": [],
}
STYLE_ALONE = ["loss.style=30000", "loss.cycle=0.1", "loss.identity=0", "loss.perceptual=0"]


def blocks(picture: Pixels, side: int) -> Pixels:
    """Return an image as squares of one color."""
    height, width = picture.shape[:2]
    size = max(1, width // side), max(1, height // side)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    mosaic: Pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST)
    return mosaic


def noise(picture: Pixels, sigma: float, number: int) -> Pixels:
    return clipped(picture + np.random.default_rng(number).normal(0, sigma, picture.shape))


SPOILED: dict[str, Spoil] = {
    "inverted": lambda picture, all, number: inverted(picture, number),
    "mosaic of 8 pixels": lambda picture, all, number: blocks(picture, 8),
    "mosaic of 16 pixels": lambda picture, all, number: blocks(picture, 16),
    "noise, 40 levels": lambda picture, all, number: noise(picture, 40, number),
    "noise, 80 levels": lambda picture, all, number: noise(picture, 80, number),
    "collapsed to one picture": lambda picture, all, number: noise(all[0], 2, number),
    "another picture's translation": lambda picture, all, number: all[(number + 7) % len(all)],
    "blurred": lambda picture, all, number: cv2.GaussianBlur(picture, (0, 0), 4),
}


def check(
    data: Path,
    good: list[Path],
    folder: Path = Path("checkpoints/bad_generators"),
    foreign: Path | None = None,
    others: list[Path] | None = None,
    split: str = "test",
    every: int = 2,
    lpips_alex: Path | None = None,
) -> None:
    """Print a table of the parts that the default gates reject.

    Args:
        data: Folder with trainA, trainB and, with equal names, photographs and true paintings.
        good: Runs that are good on these data.
        folder: Folder for the bad generators; existing ones are not trained again.
        foreign: A run of another domain.
        others: More runs, ruined in other ways; the same rule decides whether they are bad.
        split: Split of the photographs and paintings: test or val.
        every: Use every n-th photograph.
        lpips_alex: File with AlexNet's convolutions; not set: torch's cache.
    """
    torch.set_num_threads(1)
    photos, truth = (photographs(data / f"{split}{side}", every) for side in "AB")
    if (domain := Domain.read(data / "trainB")) is None:
        raise ValueError(f"{data / 'trainB'}: too few images")
    distance = open_lpips({"alexnet": lpips_alex}, torch.device("cpu"))["alexnet"]

    def far(pictures: Sequence[Pixels]) -> tuple[float, float]:
        """Return LPIPS and L1 to the truth."""
        pairs = list(zip(pictures, truth, strict=True))
        units = ((to_unit(from_array(p)[None]), to_unit(from_array(t)[None])) for p, t in pairs)
        l1 = np.mean([np.abs(p.astype(float) - t).mean() / 127.5 for p, t in pairs])
        return float(np.mean([float(distance(p, t)) for p, t in units])), float(l1)

    print("| generator | LPIPS | L1 | bad | rejected | by |")
    print("| --- | --- | --- | --- | --- | --- |")
    least = far(photos)
    print(f"| (photographs) | {least[0]:.3f} | {least[1]:.3f} | | | |")
    totals: dict[bool, list[dict[str, str]]] = {True: [], False: []}
    more = [(run.parent.name, Translator.load(run, "ab", "cpu"), "") for run in others or []]
    for name, generator, known in (*more, *generators(data, good, folder, foreign, photos)):
        pictures = translated(generator, photos)
        found = rejected(
            list(zip(photos, pictures, strict=True)), domain, domain.identity(generator)
        )
        lpips, l1 = far(pictures)
        bad = known == "bad" or lpips >= least[0] or l1 >= least[1]
        if bad or known == "good":
            totals[bad] += found
        gates = sorted({gate for each in found for gate in each})
        print(
            f"| {name} | {lpips:.3f} | {l1:.3f} | {'yes' if bad else 'no'} | {share(found):.0%} | "
            f"{', '.join(gates)} |",
            flush=True,
        )
    for bad, found in totals.items():
        print(f"\n{'bad' if bad else 'good'}: {share(found):.1%} of {len(found)} rejected")


def generators(
    data: Path, good: Sequence[Path], folder: Path, foreign: Path | None, photos: Sequence[Pixels]
) -> Iterator[tuple[str, Translator, str]]:
    """Yield names, generators, and `good`, `bad` or an empty text if that is not known."""
    for number, run in enumerate(good, 1):
        yield f"good, {number}", Translator.load(run, "ab", "cpu"), "good"
    best = Translator.load(good[0], "ab", "cpu")
    pictures = translated(best, photos)
    for name, spoil in SPOILED.items():
        yield name, Spoiled(best, spoil, pictures), "bad"
    for recipe, file in trained(data, folder):
        yield recipe, Translator.load(file, "ab", "cpu"), ""
    if foreign is not None:
        yield "of another domain", Translator.load(foreign, "ab", "cpu"), ""


class Spoiled(Translator):
    """A good generator whose translations are damaged, depending on their number."""

    def __init__(self, good: Translator, spoil: Spoil, pictures: Sequence[Pixels]) -> None:
        self.__dict__ |= good.__dict__
        self.good, self.spoil, self.pictures = good, spoil, pictures
        self.count = 0

    def translate_batch(self, pixels: Tensor) -> list[Tensor | None]:
        (picture,) = self.good.translate_batch(pixels)
        own = np.asarray(to_array(require_finite(picture)))
        self.count += 1
        others = [cv2.resize(one, own.shape[1::-1]) for one in self.pictures]
        return [from_array(self.spoil(own, others, self.count - 1))]


def translated(translator: Translator, photos: Sequence[Pixels]) -> list[Pixels]:
    """Return a generator's translations of photographs."""
    found = (translator.translate_batch(from_array(photo)[None])[0] for photo in photos)
    return [np.asarray(to_array(require_finite(each))) for each in found]


def trained(data: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield generators that were trained for too few steps, or for style only."""
    plans = [
        (recipe, f"{recipe}, {steps} steps", steps, keys)
        for recipe, keys in RECIPES.items()
        for steps in STEPS
    ]
    plans.append(("small", "style alone, 200 steps", 200, STYLE_ALONE))
    for recipe, name, steps, keys in plans:
        file = folder / f"{name.replace(', ', '-').replace(' ', '-')}.safetensors"
        if not file.exists():
            run = folder / ("style" if keys is STYLE_ALONE else recipe)
            run.mkdir(parents=True, exist_ok=True)
            own = [f"data.root={data}", f"run.dir={run}", f"train.max_steps={steps}", *keys]
            words = ["--config", recipe, *(f"--{key}" for key in own), "--run.threads=1"]
            train(words, folder / "train.log", "processor")
            shutil.copy(run / "gen_ab.safetensors", file)
        yield name, file


if __name__ == "__main__":
    auto_cli(check, as_positional=False)
