"""Train ten steps on the same images, split into processes, batches or accumulation.

    torchrun --nproc_per_node 2 tests/support/drivers/split.py ROOT FOLDER

writes FOLDER/CASE.pt for every case: each step's losses and the final weights.
"""

import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn

from gan.config import Config
from gan.config.tables.recipes import RECIPES
from gan.networks.assembly import build_networks
from gan.networks.projection import build_heads
from gan.system.signals import Interruption
from gan.training import Run
from tests.support import backbone

CASES = {
    "float64": (torch.float64, 2e-4),
    "float32_small_steps": (torch.float32, 1e-6),
    "perception": (torch.float64, 2e-4),
    "one_style": (torch.float64, 2e-4),
    "reference": (torch.float64, 2e-4),
    "many_styles": (torch.float64, 2e-4),
    "semantic": (torch.float64, 2e-4),
    "projected": (torch.float64, 2e-4),
    "contrastive": (torch.float64, 2e-4),
    "decoder": (torch.float64, 2e-4),
}
"""Precision and learning rate."""
GENERATORS = {
    "reference": "adain", "many_styles": "conditional_6blocks", "decoder": "vgg_3levels",
}  # fmt: skip
"""Generators of cases that train another one than the ResNet."""

DEGRADED = ("perception", "one_style", "reference", "contrastive")
"""Cases with data.degrade: one of each recipe that supports it."""

TERMS = {"perceptual": 1.0, "style": 1.0, "tv": 1.0}
"""Of the cases with feature maps; in the first of them on top of the usual ones."""


def train(root: Path, folder: Path, case: str, processes: int, **split: int) -> dict[str, Any]:
    """Train a case without randomness and return its losses and weights."""
    dtype, lr = CASES[case]
    seeing: dict[str, Any] = {"loss": TERMS, "perceptual": backbone.section(root / "backbone.pth")}
    more: dict[str, dict[str, Any]] = {
        "perception": seeing | {"loss": TERMS | {"perceptual_cycle": 1.0}},
        "one_style": seeing | {"style": {"image": root / "painting.png", "size": 16}},
        "reference": seeing,
        "many_styles": seeing | {"style": {"size": 16}},
        "semantic": {
            "loss": {"semantic": 1.0},
            "semantic": {"classifier": root / "classifier.safetensors"},
        },
        # All positions of every feature map.
        "contrastive": {"loss": {"nce": 1.0, "tv": 1.0}},
        "decoder": {
            "loss": {"pixel": 1.0, "perceptual": 1.0},
            "perceptual": {"backbone": "vgg16", "weights": root / "vgg.pth"},
        },
    }
    projected = {"discriminator": "projected", "discriminator_weights": root / "network.pth"}
    config = Config.model_validate(
        {
            "data": {
                "root": root, "load_size": 16, "crop_size": 16, "flip": False, "workers": 0,
                "degrade": {"noise": [0, 40], "blur": [1, 2]} if case in DEGRADED else {},
            },
            "networks": {
                "generator": GENERATORS.get(case, "resnet_6blocks"),
                "generator_channels": 4,
                "discriminator": "n_layers", "discriminator_layers": 1,
                "discriminator_channels": 4,
                **(projected if case == "projected" else {}),
            },
            "optim": {"lr": lr},
            "train": {"pool_size": 0, "max_steps": 10, "log_every": 10}
            | ({"recipe": case} if case in RECIPES else {})
            | split,
            "run": {"dir": folder / f"run-{case}-{processes}-{split}", "device": "cpu"},
        }
        | more.get(case, {})
    )  # fmt: skip

    def build(*args: Any, **kwargs: Any) -> dict[str, nn.Module]:
        return {name: net.to(dtype) for name, net in build_networks(*args, **kwargs).items()}

    def heads(*args: Any, **kwargs: Any) -> nn.Module:
        return build_heads(*args, **kwargs).to(dtype)

    def to_unit(pixels: Tensor) -> Tensor:
        return pixels.to(dtype) / 127.5 - 1

    with (
        patch("gan.training.recipes.base.build_networks", build),
        patch("gan.training.recipes.contrastive.build_heads", heads),
        patch("gan.training.recipes.single_style.to_unit", to_unit),
        patch("gan.training.perceptual.cast_weights", lambda features, _: features.to(dtype)),
        patch("gan.semantics.frozen.check_logits", lambda network, *_: network.to(dtype)),
    ):
        run = Run(config, Interruption())
    assert run.accelerator.num_processes == processes, run.accelerator.num_processes
    losses: list[dict[str, float]] = []
    step_of = run.trainer.train_step

    def train_step(step: int, batches: Any) -> dict[str, Tensor]:
        values = step_of(step, batches)
        means = run.accelerator.reduce(torch.stack([v.double() for v in values.values()]), "mean")
        losses.append(dict(zip(values, means.tolist(), strict=True)))
        return values

    with (
        patch.object(run.trainer, "train_step", train_step),
        patch.dict(run.observers, clear=True),  # samples are of float32
        patch("gan.training.recipes.base.to_unit", to_unit),
    ):
        assert run.fit() == 0
    return {
        "losses": losses,
        "weights": [net.state_dict() for net in run.updates.networks.values()],
    }


if __name__ == "__main__":
    for name in CASES:
        result = train(Path(sys.argv[1]), Path(sys.argv[2]), name, processes=2)
        torch.save(result, Path(sys.argv[2]) / f"{name}.pt")
