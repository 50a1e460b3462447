"""What the tests of all recipes have in common: images, planted values, the same claims."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from gan.config import Config
from gan.training import train
from gan.training.recipes.base import Batch
from tests.support.runs import TINY, Sections, merged

STYLE = {"perceptual": 2.0, "style": 5.0, "tv": 7.0}
"""Weights of losses, all different."""


def small(folder: Path, *sections: Sections) -> Config:
    """Return a configuration of a few tiny steps on crops of 16 pixels, changed by sections."""
    values: Sections = {
        "data": {"load_size": 18, "crop_size": 16, "workers": 0},
        "networks": TINY,
        "train": {"epochs": 2, "decay_epochs": 2, "log_every": 2},
        "run": {"dir": folder, "device": "cpu"},
    }
    for each in sections:
        values = merged(values, each)
    return Config.model_validate(values)


def photographs(seed: int, count: int = 1) -> Tensor:
    draws = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 3, 16, 16), generator=draws, dtype=torch.uint8)


@contextmanager
def converted(convert: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Let steps see convert(pixels) instead of images in [-1, 1]."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan.training.recipes.base.to_unit", convert)
        yield


def in_double(pixels: Tensor) -> Tensor:
    return pixels.double() / 127.5 - 1


def poisoned(pixels: Tensor) -> Tensor:
    return pixels * float("nan")


def parameters(trainer: Any) -> list[Tensor]:
    """Return copies of the parameters of all networks that a trainer trains."""
    return [p.detach().clone() for net in trainer.frame.bare.values() for p in net.parameters()]


def assert_accumulation_equals_a_larger_batch(
    whole: Any, parts: Any, images: Callable[[int], Batch], *further: nn.Module
) -> None:
    """In float64, so that only the order of sums differs. images: two of each domain, by step."""
    networks = [net for trainer in (whole, parts) for net in trainer.frame.bare.values()]
    for network in (*networks, *further):
        network.double()
    with converted(in_double):
        for step in range(1, 4):
            batch = images(step)
            whole.train_step(step, [batch])
            parts.train_step(step, [tuple(x[at : at + 1] for x in batch) for at in (0, 1)])
    for ours, theirs in zip(parameters(whole), parameters(parts), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)


def assert_resuming_is_exact(
    settings: Callable[[Path, int], Config], folder: Path, *stops: int
) -> dict[str, Any]:
    """Compare a run with interruptions at stops (all but the last) with one without, in every bit.

    `settings` takes the run's folder and its last step. Returns the common state of all processes.
    """
    straight, parts = folder / "straight", folder / "parts"
    train(settings(straight, stops[-1]))
    for stop in stops:
        train(settings(parts, stop))
    files = sorted(straight.glob("gen_*.safetensors"))
    assert files
    for file in files:
        assert file.read_bytes() == (parts / file.name).read_bytes()
    state = Path("state", f"step-{stops[-1]:08}")
    names = [file.name for file in (straight / state).glob("*.pt")]
    assert {"shared.pt", "process-0.pt"} <= {*names}
    found = {
        name: [torch.load(run / state / name, weights_only=True) for run in (straight, parts)]
        for name in names
    }
    for ours, theirs in found.values():
        torch.testing.assert_close(theirs, ours, rtol=0, atol=0)
    shared: dict[str, Any] = found["shared.pt"][0]
    return shared


def assert_rejected(build: Callable[..., Config], sections: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(message)):
        build(**sections)
