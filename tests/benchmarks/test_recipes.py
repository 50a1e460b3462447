"""Comparing the steps of recipes: real steps are trained, and the ratio is right."""

import json
from types import SimpleNamespace

import pytest

import benchmarks.recipes
from benchmarks.recipes import Timed, recipes

TINY = [
    "data.load_size=32", "data.crop_size=32", "networks.generator=resnet_6blocks",
    "networks.generator_channels=2", "networks.discriminator_channels=2",
]  # fmt: skip


def test_the_ratio_is_the_quotient_of_the_steps_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A step of the first recipe takes 2 s; a step of the second, with two pairs, 3 s."""
    now = 0.0
    taken: dict[str, int] = {}
    real = Timed.step

    def step(self: Timed) -> None:
        nonlocal now
        real(self)
        now += {"paper": 2.0}.get(self.name, 3.0)
        taken[self.name] = taken.get(self.name, 0) + 1

    monkeypatch.setattr(Timed, "step", step)
    clock = SimpleNamespace(process_time=lambda: now)
    monkeypatch.setattr(benchmarks.recipes, "time", clock)
    two = "contrastive,train.batch_size=2,loss.nce_patches=4"
    recipes(["paper", two], TINY, rounds=2, steps=2, device="cpu")
    printed = json.loads(capsys.readouterr().out)["recipes"]
    assert printed["paper"] == {"seconds": 2.0, "ratio": 1.0, "quartiles": [1.0, 1.0]}
    assert printed[two] == {"seconds": 1.5, "ratio": 0.75, "quartiles": [0.75, 0.75]}
    assert taken == {"paper": 3 + 2 * 2, two: 3 + 2 * 2}


def test_a_wrong_key_is_named() -> None:
    with pytest.raises(ValueError, match=r"no key loss\.identiy"):
        recipes(["paper", "paper,loss.identiy=0"], TINY, device="cpu")
