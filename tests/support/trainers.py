"""Small CycleGAN trainers and batches for them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from gan.config import Config
from gan.training.accelerator import build_accelerator
from gan.training.recipes.base import Batch
from gan.training.recipes.cyclegan import Trainer
from tests.support.runs import SCORED, TINY, Sections, merged


def build(**sections: Mapping[str, Any]) -> Trainer:
    small: Sections = {
        "data": {"crop_size": 16}, "networks": TINY | SCORED, "run": {"device": "cpu"},
    }  # fmt: skip
    config = Config.model_validate(merged(small, sections))
    return Trainer(config, build_accelerator(config))


def batch(seed: int, size: int = 1, channels: tuple[int, int] = (3, 3)) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    a, b = (
        torch.randint(256, (size, count, 16, 16), generator=generator, dtype=torch.uint8)
        for count in channels
    )
    return a, b


def weights(trainer: Trainer) -> list[Tensor]:
    return [tensor.clone() for net in trainer.bare for tensor in net.state_dict().values()]


def gradients(optimizer: torch.optim.Optimizer) -> Tensor:
    """Return all gradients as one vector; biases that a norm cancels have none."""
    parameters = optimizer.param_groups[0]["params"]
    return torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])


def all_equal(ours: list[Tensor], theirs: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(ours, theirs, strict=True))
