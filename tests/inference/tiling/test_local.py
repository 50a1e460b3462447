"""Layers on some lines give the same lines as layers on the whole map."""

import random
from collections.abc import Callable

import pytest
import torch
from torch import nn

from gan.inference.tiling.local import Span, chain_lines, chain_spans, run_chain
from gan.inference.tiling.stages import as_local
from gan.networks.layers import ReflectionPad

LAYERS: dict[str, Callable[[], nn.Module]] = {
    "mirror 3": lambda: ReflectionPad(3),
    "mirror 1": lambda: ReflectionPad(1),
    "convolution 7": lambda: nn.Conv2d(2, 3, 7),
    "halving": lambda: nn.Conv2d(2, 3, 3, stride=2, padding=1),
    "transposed": lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
    "transposed, U-Net's": lambda: nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1),
    "nearest": lambda: nn.Upsample(scale_factor=2, mode="nearest"),
}

ROUNDING = 1e-5
"""Tolerance for sums of 98 products of about one, in float32, in two orders."""


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_any_lines_of_a_layer_are_those_of_the_whole(name: str, transposed: bool) -> None:
    torch.manual_seed(0)
    dice = random.Random(0)
    layer = LAYERS[name]()
    local = as_local(layer, transposed)
    for _ in range(60):
        lines = dice.randint(7, 20)
        x = torch.randn(1, 2, lines, 9)
        with torch.no_grad():
            whole = layer(x.mT).mT if transposed else layer(x)
            assert local.lines(lines) == whole.shape[-2]
            start = dice.randrange(whole.shape[-2])
            want = Span(start, dice.randint(start + 1, whole.shape[-2]))
            reach = local.reach(want, lines)
            assert reach == reach.clipped(lines)
            part = local.run(reach.of(x, Span(0, lines)), want, lines)
        assert part.shape == (*whole.shape[:2], len(want), whole.shape[-1])
        assert (part - whole[..., want.start : want.stop, :]).abs().max() < ROUNDING


@pytest.mark.parametrize("name", LAYERS)
def test_inside_a_map_the_reach_is_what_changes_the_output(name: str) -> None:
    """A line with NaN changes the wanted lines if and only if it is in reach."""
    local = as_local(LAYERS[name](), False)
    want = Span(10, 13)
    reach = local.reach(want, 40)
    for line in range(40):
        x = torch.zeros(1, 2, 40, 9)
        x[..., line, :] = torch.nan
        with torch.no_grad():
            part = run_chain([local], reach.of(x, Span(0, 40)), want, 40)
        assert part.isnan().any() == (reach.start <= line < reach.stop)


def test_a_chain_takes_the_halo_of_all_its_layers() -> None:
    """3 for the 7x7 convolution, whose lines are then halved: 2 want + 7."""
    chain = [as_local(layer, False) for layer in (ReflectionPad(3), nn.Conv2d(1, 1, 7))]
    chain.append(as_local(nn.Conv2d(1, 1, 3, stride=2, padding=1), False))
    assert chain_lines(chain, 100) == 50
    assert chain_spans(chain, Span(20, 21), 100)[0] == Span(36, 45)
    assert chain_spans(chain, Span(0, 50), 100)[0] == Span(0, 100)
