"""The step with terms of a frozen network: each computed twice, free if turned off."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.config import Config
from gan.features.projected import ProjectedDiscriminator
from gan.training.accelerator import build_accelerator
from gan.training.recipes.cyclegan import Trainer
from tests.support import backbone
from tests.support.backbone import gram
from tests.support.recipes import converted, poisoned
from tests.support.trainers import all_equal, batch, build, weights

TERMS = {"perceptual": 2.0, "perceptual_cycle": 3.0, "style": 5.0, "tv": 7.0}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_backbone(tmp_path_factory.mktemp("backbone") / "random.pth")


def train(trainer: Trainer, steps: int = 3) -> list[dict[str, Tensor]]:
    return [trainer.train_step(step, [batch(step)]) for step in range(1, steps + 1)]


def test_every_term_of_a_step_is_that_of_torchvision_and_numpy(file: Path) -> None:
    trainer = build(perceptual=backbone.section(file), loss=TERMS)
    a, b = (pixels.float() / 127.5 - 1 for pixels in batch(1))
    with torch.no_grad():
        fake_b, fake_a = trainer.bare.gen_ab(a), trainer.bare.gen_ba(b)
        rec_a, rec_b = trainer.bare.gen_ba(fake_b), trainer.bare.gen_ab(fake_a)
    values = trainer.train_step(1, [batch(1)])

    def content(ours: Tensor, real: Tensor) -> float:
        ours, real = (backbone.maps(images)["features.1"] for images in (ours, real))
        return float((ours - real).square().mean())

    def style(ours: Tensor, real: Tensor) -> float:
        pairs = zip(backbone.maps(ours).values(), backbone.maps(real).values(), strict=True)
        distances = [np.sum((gram(x) - gram(y)) ** 2) / (4 * x.shape[1] ** 2) for x, y in pairs]
        return float(np.mean(distances))

    expected = {
        "perceptual_ab": 2 * content(fake_b, a), "perceptual_ba": 2 * content(fake_a, b),
        "perceptual_cycle_a": 3 * content(rec_a, a), "perceptual_cycle_b": 3 * content(rec_b, b),
        "style_ab": 5 * style(fake_b, b), "style_ba": 5 * style(fake_a, a),
    }  # fmt: skip
    for name, value in expected.items():
        assert values[name].item() == pytest.approx(value, rel=1e-4), name
    assert {"tv_ab", "tv_ba"} < values.keys()


@pytest.mark.parametrize("term", TERMS)
def test_a_term_changes_the_weights_and_at_zero_does_nothing(term: str, file: Path) -> None:
    """At zero the file is not even read: it does not exist."""
    absent, on = build(), build(perceptual=backbone.section(file), loss={term: TERMS[term]})
    off = build(perceptual=backbone.section(file.with_name("none.pth")), loss={term: 0.0})
    for trainer in (absent, off, on):
        values = train(trainer)
        assert any(name.startswith(term) for name in values[0]) == (trainer is on)
    assert off.perception.network is None
    assert all_equal(weights(absent), weights(off))
    assert not all_equal(weights(absent), weights(on))


def test_the_frozen_network_does_not_change(file: Path) -> None:
    trainer = build(perceptual=backbone.section(file), loss=TERMS)
    assert trainer.perception.network is not None
    network = trainer.perception.network.features
    before = [tensor.clone() for tensor in network.state_dict().values()]
    train(trainer)
    assert all_equal(before, list(network.state_dict().values()))
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("sections", [
    {"train": {"precision": "bf16"}},
    {"data": {"channels_a": 1}, "loss": TERMS | {"identity": 0}},
], ids=str)  # fmt: skip
def test_terms_train_in_low_precision_and_between_gray_and_color(
    sections: dict[str, dict[str, Any]], file: Path
) -> None:
    trainer = build(**({"perceptual": backbone.section(file), "loss": TERMS} | sections))
    data = trainer.frame.config.data
    values = trainer.train_step(1, [batch(0, 2, (data.channels_a, data.channels_b))])
    assert all(torch.isfinite(value) for value in values.values())
    assert all(value.dtype == torch.float32 for value in values.values())
    assert values["skipped_steps"] == 0


def test_a_step_that_is_not_finite_does_not_change_the_gram_averages(file: Path) -> None:
    trainer = build(perceptual=backbone.section(file), loss=TERMS)
    trainer.train_step(1, [batch(0)])
    before = dict(trainer.perception.grams["a"].values)
    with converted(poisoned):
        assert trainer.train_step(2, [batch(1)])["skipped_steps"] == 1
    after = trainer.perception.grams["a"].values
    assert all(torch.equal(before[layer], after[layer]) for layer in before)


@pytest.mark.parametrize(("changes", "message"), [
    ({"backbone": "vgg91"}, r"perceptual\.backbone: vgg91 is not one of"),
    ({"style_layers": ["features.77"]}, r"mobilenet_v2: .*features\.77"),
    ({"weights": "none.pth"}, r"none\.pth: cannot be read as weights"),
])  # fmt: skip
def test_errors_of_the_frozen_network_are_named(
    changes: dict[str, Any], message: str, file: Path
) -> None:
    section = backbone.section(file) | changes
    config = Config.model_validate(
        {"perceptual": section, "loss": {"style": 1}, "run": {"device": "cpu"}}
    )
    with pytest.raises(ValueError, match=message):
        Trainer(config, build_accelerator(config))


def recorded_passes(trainer: Trainer) -> list[str]:
    """Return a list that records from now on which frozen networks run."""
    calls: list[str] = []
    assert trainer.perception.network is not None
    trainer.perception.network.features.network.register_forward_hook(
        lambda *_: calls.append("terms")
    )
    for disc in trainer.bare.discriminators:
        assert isinstance(disc, ProjectedDiscriminator)
        disc.frozen[0].network.register_forward_hook(lambda *_: calls.append("discriminators"))
    return calls


@pytest.mark.parametrize("term", ["perceptual", "style"])
def test_terms_and_discriminators_share_the_passes_of_one_frozen_network(
    term: str, tmp_path: Path
) -> None:
    """With a copy of the file under another name they do not: the same step, computed twice."""
    file = backbone.write_network(tmp_path / "weights.pth")
    copy = tmp_path / "copy.pth"
    copy.write_bytes(file.read_bytes())
    values, passes = [], []
    for weights_of_discriminators in (file, copy):
        trainer = build(
            perceptual=backbone.section(file), loss={term: TERMS[term]}, data={"crop_size": 32},
            networks={
                "discriminator": "projected", "discriminator_weights": weights_of_discriminators,
            },
        )  # fmt: skip
        calls = recorded_passes(trainer)
        images = tuple(x.repeat_interleave(2, 2).repeat_interleave(2, 3) for x in batch(1))
        values.append(trainer.train_step(1, [images]))
        passes.append((calls.count("terms"), calls.count("discriminators")))
    # Real images, translations, and both again for the discriminators; else translations twice.
    assert passes == [(2 + 2 + 2, 0), (2 + 2, 2 + 2)]
    shared, apart = values
    assert shared.keys() == apart.keys()
    assert [float(x) for x in shared.values()] == pytest.approx(
        [float(x) for x in apart.values()], rel=1e-4
    )
