"""Train runs that are ruined in known ways, and healthy ones, and print their doctors' findings.

python -m experiments.checks.ruined_runs --data '[PHOTO2OCHRE, datasets/demo]' --folder /tmp/ruined

The doctor's limits were set with the runs of TUNED and with healthy ones; RUINED was tried
afterwards. The exit status is 1 if a ruined run ends without an expected finding, or a healthy run
with any.
"""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from jsonargparse import auto_cli

from experiments.checks.drawn import write_inverter
from gan.config import Config
from gan.system.signals import Interruption
from gan.training import Run
from gan.training.observers.doctor import DoctorObserver

CONFIGS = Path(__file__).parents[2] / "configs"
SQUARES = {"data.resize": "square", "data.load_size": 72, "data.crop_size": 64}
PAPER = SQUARES | {"networks.generator_channels": 16, "networks.discriminator_channels": 16}
INVERTER = {
    "networks.generator": "resnet_6blocks", "networks.generator_channels": 24,
    "networks.norm": "none", "networks.upsample": "deconv",
}  # fmt: skip
ALONE = {"loss.cycle": 0, "loss.identity": 0, "loss.perceptual": 0, "loss.style": 0}

Keys = dict[str, Any]
Pixels = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Plan:
    """The configuration of a run, and its expected findings."""

    keys: Keys = field(default_factory=dict)
    words: tuple[str, ...] = ()
    """Findings, at least one of which must be open at the end; empty for a healthy run."""
    recipe: str = "small"
    change: Callable[[Path, Path], Keys] | None = None
    """Writes files for the run, given the data and a folder; returns more keys."""


def noise_for_paintings(data: Path, folder: Path) -> Keys:
    """Write noise images as domain B, as if the wrong folder were given."""
    rng = np.random.default_rng(0)
    for number in range(50):
        _write(folder / "trainB" / f"{number}.png", rng.integers(0, 256, (72, 72, 3), np.uint8))
    return {"data.root": None, "data.a": data / "trainA", "data.b": folder / "trainB"}


def inverting_weights(data: Path, folder: Path) -> Keys:
    """Write a generator that inverts images, as initial weights of both directions."""
    return {
        f"networks.weights_{at}": write_inverter(folder / f"{at}.safetensors", 6, at)
        for at in ("ab", "ba")
    }


def augmented(transform: str, **arguments: Any) -> Keys:
    """Return the keys for a transform of albumentations in data.augment."""
    return {"data.augment": [{transform: arguments}]}


HEALTHY = {
    "small": Plan(),
    "the paper's, 16 channels": Plan(PAPER, recipe="paper"),
    "demo": Plan(recipe="demo"),
    "contrastive": Plan(
        SQUARES | {"networks.generator_channels": 16, "networks.discriminator_channels": 16},
        recipe="contrastive",
    ),
}
"""Healthy runs, each trained on every folder of data."""

TUNED = {
    "rate 0.02, cycle 0.1, identity 0": Plan(
        {"optim.lr": 0.02, "loss.cycle": 0.1, "loss.identity": 0}, ("lost", "clipped", "collapsed")
    ),
    "style 30,000 and little else": Plan(
        ALONE | {"loss.style": 30_000, "loss.cycle": 0.1}, ("lost",)
    ),
    "tv 300": Plan({"loss.tv": 300}, ("blurred", "lost", "collapsed")),
}

RUINED = {
    "a rate of 0.1": Plan(PAPER | {"optim.lr": 0.1}, ("lost", "clipped", "collapsed"), "paper"),
    "initial weights 50 times as large": Plan(
        PAPER | {"networks.init_gain": 1, "optim.lr": 0.01}, ("lost", "clipped"), "paper"
    ),
    "the adversarial loss alone": Plan(ALONE, ("lost", "collapsed", "inverted", "clipped")),
    "noise in the second folder": Plan(words=("lost",), change=noise_for_paintings),
    "begun from negatives": Plan(
        INVERTER | {"optim.lr": 5e-5, "loss.identity": 0}, ("inverted",), change=inverting_weights
    ),
    "a critic without its penalty": Plan(
        PAPER | {"loss.adversarial": "wgan_gp", "loss.gradient_penalty": 0},
        ("stretched", "lost", "clipped", "checkerboard"),
        "paper",
    ),
    "discriminators at 60 times the rate": Plan(
        {"optim.discriminator_lr": 0.05}, ("blind", "beaten", "saturated", "lost")
    ),
    "blurred by data.augment": Plan(
        augmented("GaussianBlur", blur_limit=[9, 9], sigma_limit=[3, 3], p=1), ("blurred",)
    ),
    "noise by data.augment": Plan(augmented("GaussNoise", std_range=[0.15, 0.15], p=1), ("grain",)),
    "sharpened by data.augment": Plan(
        augmented("UnsharpMask", blur_limit=[7, 7], alpha=[1, 1], threshold=0, p=1), ("halos",)
    ),
    "no norm, a rate of 0.01": Plan(
        {"networks.norm": "none", "optim.lr": 0.01}, ("lost", "clipped", "collapsed", "exploding")
    ),
    "a rate of 1e-7": Plan({"optim.lr": 1e-7}, ("lost",)),
}


def check(
    data: list[Path],
    folder: Path = Path("checkpoints/ruined"),
    steps: int = 500,
    only: list[str] | None = None,
    tuned: bool = False,
) -> int:
    """Train all runs and print a line for each.

    Args:
        data: Folders with trainA, trainB, testA and testB; ruined runs use the first.
        folder: Folder for the runs; existing runs are trained again.
        steps: Steps of each run.
        only: Names of the runs to train; not set: all.
        tuned: Train the runs with which limits were set instead of the others.
    """
    failed = False
    for name, plan in (TUNED if tuned else RUINED).items():
        if only is None or name in only:
            found = run(name, plan, data[0], folder, steps)
            failed |= not found & set(plan.words)
    for root in data:
        for name, plan in HEALTHY.items():
            if only is None or name in only:
                failed |= bool(run(f"{name} on {root.name}", plan, root, folder, steps))
    return int(failed)


def run(name: str, plan: Plan, data: Path, folder: Path, steps: int) -> set[str]:
    """Train one run; print and return the findings that are open at its end."""
    place = folder / "".join(c if c.isalnum() else "-" for c in name)
    more = plan.change(data, place / "made") if plan.change else {}
    found = fit(plan, data, place / "run", steps, more)
    print(f"| {name} | {'; '.join(found) or 'nothing'} |", flush=True)
    return {each.split()[0] for each in found}


def fit(plan: Plan, data: Path, folder: Path, steps: int, more: Keys) -> Sequence[str]:
    """Train a run; return the findings open at its end, with their places and first steps."""
    sections: dict[str, dict[str, Any]] = yaml.safe_load(
        (CONFIGS / f"{plan.recipe}.yaml").read_text(encoding="utf-8")
    )
    keys = {
        "data.root": data, "data.workers": 0, "run.dir": folder, "run.device": "cpu",
        "run.threads": 1, "train.max_steps": steps, "train.sample_every": steps,
        "train.checkpoint_every": steps, "train.log_every": 10,
    }  # fmt: skip
    for key, value in (keys | plan.keys | more).items():
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = value
    if folder.exists():
        shutil.rmtree(folder)
    with Interruption() as interruption:
        run = Run(Config.model_validate(sections), interruption)
        run.fit()
    observer = run.observers["doctor"]
    assert isinstance(observer, DoctorObserver)
    opened = observer.doctor.open
    return [f"{name} {where} from {found.step}" for (name, where), found in opened.items()]


def _write(path: Path, pixels: Pixels) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
