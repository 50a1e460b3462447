"""The step with a frozen classifier: computed twice, free if turned off; whole runs."""

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan.config import Config
from gan.training import train
from gan.training.recipes.cyclegan import Trainer
from tests.support.classifying import classifier, write_classes, write_classifier
from tests.support.recipes import assert_rejected, assert_resuming_is_exact
from tests.support.runs import config
from tests.support.trainers import all_equal, batch, build, weights


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classifier(tmp_path_factory.mktemp("classifier") / "untrained.safetensors")


def keeping(file: Path, **loss: float) -> Trainer:
    return build(semantic={"classifier": file}, loss=loss)


def steps(trainer: Trainer, count: int = 3) -> list[dict[str, Tensor]]:
    return [trainer.train_step(step, [batch(step, 2)]) for step in range(1, count + 1)]


def test_both_terms_are_the_cross_entropy_of_the_translations(file: Path) -> None:
    trainer, network = keeping(file, semantic=2.0, semantic_ba=3.0), classifier()
    a, b = (pixels.float() / 127.5 - 1 for pixels in batch(1, 2))
    expected = {}
    with torch.no_grad():
        for name, weight, generator, real in (
            ("semantic_ab", 2, trainer.bare.gen_ab, a),
            ("semantic_ba", 3, trainer.bare.gen_ba, b),
        ):
            probabilities = network(generator(real)).double().softmax(dim=1)
            goal = network(real).argmax(dim=1)
            expected[name] = -weight * probabilities[range(2), goal].log().mean().item()
    values = steps(trainer, 1)[0]
    for name, value in expected.items():
        assert values[name].item() == pytest.approx(value, rel=1e-4), name


def test_it_changes_the_weights_and_at_zero_does_nothing(file: Path) -> None:
    """At zero the file is not even read: it does not exist."""
    absent, on = build(), keeping(file, semantic=1.0)
    off = keeping(file.with_name("none.safetensors"), semantic=0.0)
    for trainer in (absent, off, on):
        values = steps(trainer)
        assert ("semantic_ab" in values[0]) == (trainer is on)
    assert off.classifier is None
    assert all_equal(weights(absent), weights(off))
    assert not all_equal(weights(absent), weights(on))


def test_one_direction_can_be_excluded(file: Path) -> None:
    values = steps(keeping(file, semantic_ab=1.0), 1)[0]
    assert "semantic_ab" in values
    assert "semantic_ba" not in values


def test_the_classifier_does_not_change_and_the_loss_falls(file: Path) -> None:
    """Only the generators can lower it: on one batch, with few other terms, they do."""
    trainer = build(
        semantic={"classifier": file}, loss={"semantic": 100.0, "cycle": 0, "identity": 0},
        optim={"lr": 2e-3},
    )  # fmt: skip
    assert trainer.classifier is not None
    network = trainer.classifier.network
    before = [tensor.clone() for tensor in network.state_dict().values()]
    values = [trainer.train_step(step, [batch(1, 2)]) for step in range(1, 16)]
    assert all_equal(before, list(network.state_dict().values()))
    assert values[-1]["semantic_ab"] < values[0]["semantic_ab"]


def test_it_trains_in_low_precision(file: Path) -> None:
    trainer = build(
        semantic={"classifier": file}, loss={"semantic": 1.0}, train={"precision": "bf16"}
    )
    values = steps(trainer, 1)[0]
    assert all(torch.isfinite(value) for value in values.values())
    assert values["semantic_ab"].dtype == torch.float32


@pytest.mark.parametrize(("sections", "message"), [
    ({"data": {"channels_a": 1}, "loss": {"identity": 0, "semantic": 1}},
     "loss.semantic needs data.channels_a == data.channels_b (1 and 3 given)"),
    ({"style": {"image": "x.png"}, "loss": {"style": 1, "semantic_ab": 1}},
     "loss.semantic is for two generators"),
    ({"networks": {"generator": "adain"}, "loss": {"style": 1, "semantic": 1}},
     "loss.semantic is for two generators"),
])  # fmt: skip
def test_it_is_rejected_for_one_generator_and_unequal_channels(
    sections: dict[str, Any], message: str
) -> None:
    assert_rejected(lambda **given: Config.model_validate(given), sections, message)


# Whole runs


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classes(tmp_path_factory.mktemp("classes"), count=4)


def labeled(root: Path, run: Path, stop: int, file: Path | None = None) -> Config:
    return config(
        root, run, loss={"semantic": 1.0}, semantic={"steps": 3, "classifier": file},
        train={"max_steps": stop, "epochs": 9},
    )  # fmt: skip


def test_a_resumed_run_is_bit_equal_and_reuses_its_classifier(root: Path, tmp_path: Path) -> None:
    assert_resuming_is_exact(partial(labeled, root), tmp_path, 2, 5)
    contents = [(tmp_path / run / "classifier.safetensors").read_bytes()
                for run in ("parts", "straight")]  # fmt: skip
    assert contents[0] == contents[1]


def test_a_lost_classifier_is_trained_again_and_another_is_rejected(
    root: Path, tmp_path: Path
) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved.safetensors"
    train(labeled(root, run, 1))
    shutil.move(run / "classifier.safetensors", moved)
    train(labeled(root, run, 2))
    train(labeled(root, run, 3, file=moved))
    other = write_classifier(tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"semantic\.classifier: the file's content has changed"):
        train(labeled(root, run, 4, file=other))


def test_images_outside_class_folders_are_named_before_anything_is_written(
    root: Path, tmp_path: Path
) -> None:
    swapped = labeled(root, tmp_path / "run", 1).model_dump()
    swapped["data"] |= {"root": None, "a": root / "trainB", "b": root / "trainA"}
    with pytest.raises(ValueError, match="not in a class folder"):
        train(Config.model_validate(swapped))
    assert not (tmp_path / "run").exists()
