"""The steps, on a loss whose minimum is known."""

from functools import partial

import pytest
import torch
from torch import Tensor

from gan.stylize.descent import minimize
from gan.stylize.objective import Terms

GOAL = torch.rand(1, 3, 20, 27, generator=torch.Generator().manual_seed(0)) * 1.6 - 0.8


def quadratic(picture: Tensor, goal: Tensor = GOAL) -> tuple[Terms, Tensor]:
    """Half the squared distance to a picture, and its gradient."""
    total = (picture - goal).square().sum() / 2
    return Terms(total, torch.zeros(()), torch.zeros(()), total), picture - goal


@pytest.mark.parametrize(("optimizer", "steps"), [("lbfgs", 60), ("adam", 400)])
def test_the_minimum_is_found(optimizer: str, steps: int) -> None:
    start, seen = torch.zeros_like(GOAL), []
    found = minimize(start, quadratic, optimizer, steps, lambda terms, _: seen.append(terms))  # type: ignore[arg-type]
    assert (found - GOAL).abs().max() < 0.05  # Adam's rate, which does not fall
    assert len(seen) == pytest.approx(steps, abs=25)  # a line search may end later


def test_lbfgs_needs_fewer_evaluations_than_adam() -> None:
    losses: dict[str, list[float]] = {"lbfgs": [], "adam": []}

    def note(seen: list[float], terms: Terms, _: Tensor) -> None:
        seen.append(terms.total.item())

    for name, seen in losses.items():
        minimize(
            torch.zeros_like(GOAL), quadratic, name, 100,  # type: ignore[arg-type]
            partial(note, seen),
        )  # fmt: skip
    reached = next(i for i, x in enumerate(losses["lbfgs"]) if x <= min(losses["adam"]))
    assert reached < len(losses["adam"]) / 2


def test_a_start_without_a_gradient_is_the_result() -> None:
    found = minimize(GOAL, quadratic, "lbfgs", 5, lambda *_: None)
    assert torch.equal(found, GOAL)


def test_the_result_is_in_range_even_if_the_minimum_is_not() -> None:
    found = minimize(GOAL, lambda x: quadratic(x, 3 * GOAL), "lbfgs", 60, lambda *_: None)
    assert found.abs().max() <= 1
    assert (found - (3 * GOAL).clamp(-1, 1)).abs().mean() < 0.02


def test_nothing_changes_outside() -> None:
    inside = torch.zeros(1, 1, 20, 27)
    inside[..., 5:9, 8:20] = 1
    start = torch.zeros_like(GOAL)
    found = minimize(start, quadratic, "lbfgs", 60, lambda *_: None, inside=inside)
    torch.testing.assert_close(found, GOAL * inside, atol=0.01, rtol=0)
    assert torch.equal(found * (1 - inside), start)
