"""Registered code is trained, logged, saved, and loaded again with the extension."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gan.config import Config
from gan.config.extensions import load_extensions
from gan.config.tables.adversarial import ADVERSARIAL
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.config.tables.generators import GENERATORS
from gan.config.tables.losses import LOSS_TERMS
from gan.images.pixels import to_unit
from gan.inference.translator import Translator
from gan.networks.assembly import Networks, build_networks
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.doctor.doctor import Doctor
from gan.training.recipes.cyclegan import Trainer
from tests.support.commands import export_model
from tests.support.registering import forget_rows

EXTENSION = '''
import torch
from torch import nn
from torch.nn.functional import avg_pool2d

from gan.config.extensions import (
    register_adversarial, register_discriminator, register_generator, register_loss_term,
)


class Pointwise(nn.Module):
    """Translates every pixel by itself."""

    def __init__(self, *, in_channels, out_channels, channels, dropout):
        super().__init__()
        assert dropout is False
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, out_channels, 1),
            nn.Tanh(),
        )

    def forward(self, x):
        return self.layers(x)


class TwoScales(nn.Module):
    def __init__(self, *, in_channels, channels):
        super().__init__()
        self.scores = nn.ModuleList(nn.Conv2d(in_channels, 1, 3) for _ in range(2))

    def forward(self, x):
        return [score(each) for score, each in zip(self.scores, (x, avg_pool2d(x, 2)))]


def discriminator(real, fake):
    return (real - fake.mean() - 1).square().mean() + (fake - real.mean() + 1).square().mean()


def generator(fake, real):
    return (fake - real.mean() - 1).square().mean() + (real - fake.mean() + 1).square().mean()


def edges(cycle):
    return (cycle.fake.diff(dim=3) - cycle.real.diff(dim=3)).abs().mean()


register_generator("pointwise", Pointwise, takes=("dropout",))
register_discriminator("two_scales", TwoScales)
register_adversarial("relativistic", discriminator, generator, uses_real=True, chance=1)
register_loss_term("edges", edges)
'''


@pytest.fixture
def extension(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The extension's file; what it registers is removed after the test."""
    forget_rows(monkeypatch, GENERATORS, DISCRIMINATORS, ADVERSARIAL, LOSS_TERMS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    file = tmp_path / "an_extension.py"
    file.write_text(EXTENSION)
    yield file
    sys.modules.pop(file.stem, None)


def config(folder: Path, **train: Any) -> Config:
    for number, domain in enumerate("AB"):
        (folder / f"train{domain}").mkdir(exist_ok=True)
        pixels = np.random.default_rng(number).integers(256, size=(20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"train{domain}" / "0.png")
    return Config.model_validate(
        {
            "data": {"root": folder, "load_size": 18, "crop_size": 16, "workers": 0},
            "networks": {
                "generator": "pointwise", "generator_channels": 3, "discriminator": "two_scales",
            },
            "loss": {"adversarial": "relativistic", "terms": {"edges": 2}},
            "train": {"log_every": 1, "doctor_every": 2, "max_steps": 6, "epochs": 6} | train,
            "run": {"dir": folder / "run", "device": "cpu"},
        }
    )  # fmt: skip


def test_an_extension_is_trained_logged_resumed_and_loaded(
    extension: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="no generator pointwise"):
        config(tmp_path)
    load_extensions([str(extension)])
    train(config(tmp_path, max_steps=5))
    train(config(tmp_path, max_steps=6))

    # Two logs of the same second and process may be read in either order.
    events = EventAccumulator(str(tmp_path / "run" / "logs"), purge_orphaned_data=False)
    events.Reload()
    for direction in ("ab", "ba"):
        values = events.Scalars(f"loss/edges_{direction}")
        assert sorted(event.step for event in values) == [1, 2, 3, 4, 5, 6]
        assert all(event.value > 0 for event in values)

    picture = Image.fromarray(np.zeros((17, 19, 3), np.uint8))
    model = tmp_path / "run" / "gen_ab.safetensors"
    translator = Translator.load(model)
    assert not translator.tiles
    assert translator.translate(picture).size == (19, 17)
    assert export_model(model, tmp_path / "g.pt2", "program") == 0
    with pytest.raises(ValueError, match="the reference has no pointwise"):
        export_model(model, tmp_path / "g.pth", "reference")

    monkeypatch.delitem(GENERATORS, "pointwise")
    with pytest.raises(ValueError, match=r"gen_ab\.safetensors: .*no generator pointwise; .*--ext"):
        Translator.load(model)


def test_a_step_of_a_relativistic_form_on_two_scales_is_the_formulas(
    extension: Path, tmp_path: Path
) -> None:
    """The first step's losses from the networks' initial weights, computed directly."""
    load_extensions([str(extension)])
    settings = config(tmp_path, pool_size=0)
    assert Doctor(settings.loss, settings.train).chance == 1
    trainer = Trainer(settings, build_accelerator(settings))
    draws = torch.Generator().manual_seed(0)
    batch = [torch.randint(256, (2, 3, 16, 16), generator=draws, dtype=torch.uint8) for _ in "ab"]
    values = trainer.train_step(1, [batch])

    nets = Networks(**build_networks(settings.networks, 3, 3, seed=0))
    (a, b), mse = map(to_unit, batch), torch.nn.functional.mse_loss
    with torch.no_grad():
        real, fake = nets.disc_b(b), nets.disc_b(nets.gen_ab(a))
        for_gen = for_disc = 0.0
        for r, f in zip(real, fake, strict=True):
            above, below = 1 + r.mean(), f.mean() - 1
            for_gen += float(mse(f, above.expand_as(f)) + mse(r, below.expand_as(r))) / 2
            above, below = 1 + f.mean(), r.mean() - 1
            for_disc += float(mse(r, above.expand_as(r)) + mse(f, below.expand_as(f))) / 2
    assert values["adversarial_ab"].item() == pytest.approx(for_gen, rel=1e-5)
    assert values["discriminator_b"].item() == pytest.approx(for_disc / 2, rel=1e-5)
