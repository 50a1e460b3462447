"""Small runs: their configurations, saved files and planted errors."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gan.config import Config
from gan.training import Run

Sections = dict[str, Mapping[str, Any]]
"""Values of a configuration by section and key."""
TINY = {"generator": "resnet_6blocks", "generator_channels": 2}
SCORED = {"discriminator": "n_layers", "discriminator_layers": 1, "discriminator_channels": 2}
"""Keys of the section networks: a tiny generator, a tiny discriminator."""


def merged(defaults: Sections, sections: Sections) -> Sections:
    """Return the sections of both; keys of the second replace those of the first."""
    return {
        name: {**defaults.get(name, {}), **sections.get(name, {})} for name in defaults | sections
    }


def config(root: Path, run_dir: Path, **sections: Mapping[str, Any]) -> Config:
    """Return a configuration of two epochs of a tiny ResNet and a discriminator of one layer."""
    small: Sections = {
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": TINY | SCORED,
        "train": {"epochs": 1, "decay_epochs": 1, "log_every": 2, "pool_size": 2},
        "run": {"dir": run_dir, "device": "cpu"},
    }
    return Config.model_validate(merged(small, sections))


def generators(folder: Path) -> tuple[bytes, bytes]:
    ab, ba = ((folder / f"gen_{name}.safetensors").read_bytes() for name in ("ab", "ba"))
    return ab, ba


def generator(folder: Path) -> bytes:
    return (folder / "gen_ab.safetensors").read_bytes()


class Poison:
    """Makes the gradients of a run's first generator NaN during some of its steps."""

    def __init__(self, run: Run, steps: range) -> None:
        step_of = run.trainer.train_step

        def train_step(step: int, batches: Any) -> Any:
            if step not in steps:
                return step_of(step, batches)
            generator: Any = run.frame.bare["gen_ab"]
            hook = generator.register_full_backward_pre_hook(
                lambda _, gradient: (gradient[0] * float("nan"),)
            )
            values = step_of(step, batches)
            hook.remove()
            return values

        run.trainer.train_step = train_step  # type: ignore[method-assign]


HOLD = """
import sys
from pathlib import Path
from gan.training.run_folder import claim
lock = claim(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""
"""A process that claims a run's folder until its input ends."""


def pixel_config(root: Path, run: Path, max_steps: int = 4, **train: Any) -> Config:
    """Return a configuration of a few steps of a tiny ResNet and a pixel discriminator."""
    return Config.model_validate({
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {**TINY, "discriminator": "pixel", "discriminator_channels": 2},
        "train": {"max_steps": max_steps, "log_every": 1, "sample_every": 2} | train,
        "run": {"dir": run, "device": "cpu"},
    })  # fmt: skip


def saved_weights(run: Path) -> list[torch.Tensor]:
    """Return the weights of all networks in a run's newest state."""
    newest = sorted((run / "state").glob("step-*"))[-1]
    state: dict[str, Any] = torch.load(newest / "shared.pt", weights_only=True)
    return [tensor for net in state["networks"].values() for tensor in net.values()]
