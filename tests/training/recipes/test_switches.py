"""The effect of switches for speed and memory on fifty steps, and exact resuming with them.

They are compared with exact arithmetic, here float64. A single step from equal weights is as exact
as the precision of its numbers. Over fifty steps rounding grows, since Adam makes whole steps of
the rest of a gradient that should be zero: plain float32 shows how far, on this processor.
"""

import copy
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan.training import train
from gan.training.accelerator import compile_networks
from tests.support.pictures import Photos
from tests.support.recipes import converted, in_double
from tests.support.runs import pixel_config, saved_weights
from tests.support.trainers import batch, build, gradients

COMPILED = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here"),
]
SWITCHES = [
    pytest.param({"batch_passes": False}, id="one by one"),
    pytest.param({"precision": "bf16"}, id="bf16"),
    pytest.param({"fused": True}, id="fused"),
    pytest.param({"compile": True}, id="compile", marks=COMPILED),
    pytest.param({"precision": "bf16", "compile": True}, id="bf16, compile", marks=COMPILED),
]
STEPS = 50
COMPARED = (1, 6, 11, 16, 21)
"""Steps that are compared singly, before the pools of past translations are full."""
LIMITS = {
    # Rounding may flip the sign of an L1 term at its kink. Other formulas round elsewhere: with
    # those of "fused" one step flips a sign that changes the gradients by 2e-2.
    "fp32": {"losses": 1e-6, "generators": 1e-2, "discriminators": 1e-4},
    "fused": {"losses": 1e-6, "generators": 5e-2, "discriminators": 1e-4},
    # It flips many signs, and the generators' gradients are the rest after these nearly cancel.
    "bf16": {"losses": 2**-7, "discriminators": 2**-3},
}
"""Largest relative errors of a step: a few units of the last place in sums of this depth."""


class Stepper:
    """A trainer, with the losses and gradients of its steps on fixed images."""

    def __init__(self, **train: Any) -> None:
        networks = {"generator_channels": 8, "discriminator_channels": 8}
        self.trainer = build(networks=networks, train=train)
        if train.get("compile"):
            updates, device = self.trainer.frame.updates, self.trainer.frame.accelerator.device
            assert compile_networks(updates.networks.values(), device) is None
        self.seen: dict[str, Tensor] = {}
        for name, optimizer in self.trainer.frame.updates.optimizers.items():
            optimizer.register_step_pre_hook(partial(self.note, name))

    def note(self, name: str, optimizer: torch.optim.Optimizer, *_: Any) -> None:
        self.seen[name] = gradients(optimizer).double()

    def step(self, number: int) -> dict[str, Tensor]:
        """Run a step; return its losses, all generators' and all discriminators' gradients."""
        values = self.trainer.train_step(number, [batch(number, 2)])
        other = ("score", "gradient", "skipped")
        losses = [value for name, value in values.items() if not name.startswith(other)]
        assert len(losses) == 8
        return {"losses": torch.stack(losses).double(), **self.seen}


@dataclass(frozen=True)
class Exact:
    """A run in float64: its steps, and the networks before some of them."""

    steps: list[dict[str, Tensor]]
    before: dict[int, list[dict[str, Tensor]]]

    def distance(self, losses: list[Tensor]) -> Tensor:
        """Return the distance of each of the eight losses from the exact one, a mean over steps."""
        expected = torch.stack([step["losses"] for step in self.steps])
        return (torch.stack(losses) / expected - 1).square().mean(dim=0).sqrt()


@pytest.fixture(scope="module")
def exact() -> Exact:
    stepper, run = Stepper(), Exact([], {})
    nets = [net.double() for net in stepper.trainer.bare]
    with converted(in_double):
        for number in range(1, STEPS + 1):
            if number in COMPARED:
                run.before[number] = [copy.deepcopy(net.state_dict()) for net in nets]
            run.steps.append(stepper.step(number))
    return run


def fifty_steps(**switch: Any) -> list[Tensor]:
    stepper = Stepper(**switch)
    return [stepper.step(number)["losses"] for number in range(1, STEPS + 1)]


@pytest.fixture(scope="module")
def plain() -> list[Tensor]:
    """The losses of plain float32."""
    return fifty_steps()


@pytest.mark.parametrize("switch", [pytest.param({}, id="plain"), *SWITCHES])
def test_a_step_is_as_exact_as_the_precision_of_its_numbers(
    switch: dict[str, Any], exact: Exact
) -> None:
    stepper, precision = Stepper(**switch), switch.get("precision", "fp32")
    limits = LIMITS["fused" if switch.get("fused") else precision]
    found = []
    for number, states in exact.before.items():
        for net, state in zip(stepper.trainer.bare, states, strict=True):
            net.load_state_dict(state)
        ours, theirs = stepper.step(number), exact.steps[number - 1]
        errors = {name: (ours[name] - theirs[name]).norm() / theirs[name].norm() for name in ours}
        errors["losses"] = (ours["losses"] / theirs["losses"] - 1).abs().max()
        for name, limit in limits.items():
            assert errors[name] <= limit, f"{name} of step {number}"
        found.append(errors["generators"])
    # Most steps flip no sign.
    assert precision == "bf16" or torch.stack(found).median() <= 1e-3


@pytest.mark.parametrize("switch", SWITCHES)
def test_fifty_steps_drift_no_further_from_exact_ones_than_plain_float32(
    switch: dict[str, Any], exact: Exact, plain: list[Tensor]
) -> None:
    """By the mean over the eight losses; chance alone does not give a factor of 2."""
    changed = fifty_steps(**switch)
    assert exact.distance(changed).mean() <= 2 * exact.distance(plain).mean()
    if switch != {"batch_passes": False}:
        assert not all(map(torch.equal, changed, plain))  # it was turned on


@pytest.mark.parametrize(
    "switch",
    [
        {"batch_passes": False}, {"channels_last": True}, {"precision": "bf16"},
        {"recompute": True}, {"precision": "bf16", "recompute": True, "channels_last": True},
        {"fused": True}, {"precision": "bf16", "recompute": True, "fused": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_run_resumes_exactly_with_each_switch(
    switch: dict[str, Any], photos: Photos, tmp_path: Path
) -> None:
    """compile has its test in test_run_compile.py."""
    photos("data/trainA")
    root = photos("data/trainB").parent
    train(pixel_config(root, tmp_path / "whole", **switch))
    for stop in (2, 4):
        train(pixel_config(root, tmp_path / "parts", max_steps=stop, **switch))
    whole, parts = saved_weights(tmp_path / "whole"), saved_weights(tmp_path / "parts")
    assert all(map(torch.equal, whole, parts))
