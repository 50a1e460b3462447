"""Loss targets of a frozen network: against torchvision and NumPy, computed once, the same
however a step is split."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.config import Config
from gan.training.perceptual import LossTargetsBuilder, PerceptualNetwork, RunningGrams
from tests.support import backbone

CPU = torch.device("cpu")
ALL = {"perceptual": 1.0, "perceptual_cycle": 1.0, "style": 1.0}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_backbone(tmp_path_factory.mktemp("backbone") / "random.pth")


def config(weights: Path, loss: dict[str, float], **train: Any) -> Config:
    return Config.model_validate(
        {"perceptual": backbone.section(weights), "loss": loss, "train": train}
    )


def images(seed: int, count: int = 1) -> Tensor:
    return torch.rand(count, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def same(tensor: Tensor) -> Tensor:
    return tensor


def builder(settings: Config, share: Callable[[Tensor], Tensor] = same) -> LossTargetsBuilder:
    return LossTargetsBuilder(settings.perceptual, PerceptualNetwork(settings, CPU), share)


def grams_by_numpy(pictures: Tensor) -> dict[str, Any]:
    grams = {}
    for layer, maps in backbone.maps(pictures).items():
        rows = maps.flatten(2).numpy()
        grams[layer] = np.einsum("nik,njk->ij", rows, rows) / len(rows) / rows.shape[2]
    return grams


def test_targets_of_a_step_are_the_maps_and_grams_of_its_images(weights: Path) -> None:
    a, b = images(0, 2), images(1, 2)
    (targets,) = builder(config(weights, ALL)).loss_targets([(a, b)])
    for content, gram, real in (
        (targets.content["a"], targets.gram["a"], a),
        (targets.content["b"], targets.gram["b"], b),
    ):
        assert content.keys() == {"features.1"}
        torch.testing.assert_close(
            content["features.1"].double(), backbone.maps(real)["features.1"], rtol=1e-4, atol=1e-5
        )
        assert gram.keys() == {"features.0", "features.1"}
        for layer, expected in grams_by_numpy(real).items():
            np.testing.assert_allclose(gram[layer][0].numpy(), expected, rtol=1e-4, atol=1e-5)
        assert not any(tensor.requires_grad for tensor in (*content.values(), *gram.values()))


@pytest.mark.parametrize(("loss", "expected"), [
    ({"style": 1.0}, ["features.0", "features.1"]),
    ({"perceptual": 1.0}, ["features.1"]),
    ({"perceptual_cycle": 1.0}, ["features.1"]),
], ids=str)  # fmt: skip
def test_layers_that_no_term_compares_are_not_computed(
    loss: dict[str, float], expected: list[str], weights: Path
) -> None:
    assert sorted(PerceptualNetwork(config(weights, loss), CPU)(images(0))) == expected


def test_every_real_image_is_run_once(weights: Path) -> None:
    settings = config(weights, ALL)
    targets, network = builder(settings), PerceptualNetwork(settings, CPU)
    seen: list[Tensor] = []
    network.features.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    targets.network = network
    batches = [(images(0), images(1)), (images(2), images(3))]
    targets.loss_targets(batches)
    assert [id(image) for image in seen] == [id(image) for batch in batches for image in batch]


def test_all_batches_and_processes_of_a_step_have_the_same_grams(weights: Path) -> None:
    """One batch of four, four batches, and two processes with two batches each."""
    settings = config(weights, {"style": 1.0})
    whole, parts = builder(settings), builder(settings)
    expected: list[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        expected.append(tensor)
        return tensor

    other, mine = builder(settings, keep), builder(settings)
    for step in range(3):
        a, b = images(2 * step, 4), images(2 * step + 1, 4)
        split = [(a[i : i + 1], b[i : i + 1]) for i in range(4)]
        (one,), four = whole.loss_targets([(a, b)]), parts.loss_targets(split)
        expected.clear()
        other.loss_targets(split[2:])
        theirs = iter(expected)
        mine.share = lambda tensor, theirs=theirs: (tensor + next(theirs)) / 2  # type: ignore[misc]
        two = mine.loss_targets(split[:2])
        for targets in (*four, *two):
            for layer, gram in one.gram["a"].items():
                # float32 convolutions of one image and of four round differently
                torch.testing.assert_close(targets.gram["a"][layer], gram, rtol=1e-5, atol=1e-6)


def test_averages_weight_the_first_steps_equally_and_then_decay() -> None:
    grams, rng = RunningGrams(0.9), np.random.default_rng(0)
    steps = rng.standard_normal((30, 1, 2, 2))
    expected = steps[0]
    for number, step in enumerate(steps, start=1):
        weight = max(0.1, 1 / number)
        expected = (1 - weight) * expected + weight * step
        actual = grams.update({"layer": torch.from_numpy(step)})["layer"].numpy()
        np.testing.assert_allclose(actual, expected, rtol=1e-12)
        if number <= 10:
            np.testing.assert_allclose(actual, steps[:number].mean(axis=0), rtol=1e-12)


def test_without_decay_the_present_images_alone_count() -> None:
    grams = RunningGrams(0.0)
    for step in range(4):
        fresh = torch.full((1, 2, 2), float(step))
        assert torch.equal(grams.update({"layer": fresh})["layer"], fresh)


def test_values_that_are_not_finite_are_excluded_from_averages() -> None:
    grams = RunningGrams(0.5)
    before = grams.update({"layer": torch.ones(1, 2, 2)})["layer"]
    broken = {"layer": torch.full((1, 2, 2), torch.inf)}
    assert torch.equal(grams.update(broken)["layer"], before)
    late = RunningGrams(0.5)
    late.update(broken)
    assert torch.equal(late.update({"layer": before})["layer"], before)


def test_a_layer_that_joins_later_begins_with_its_own_matrices() -> None:
    grams, one = RunningGrams(0.9), torch.ones(1, 2, 2)
    for _ in range(20):
        grams.update({"old": one})
    assert grams.update({"new": 5 * one}).keys() == {"new"}
    assert torch.equal(grams.update({"new": 5 * one})["new"], 5 * one)


def test_frozen_weights_are_cast_once_without_a_change_of_numbers(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(weights, ALL, precision="bf16")
    once = PerceptualNetwork(settings, CPU)
    monkeypatch.setattr("gan.training.perceptual.cast_weights", lambda *_: None)
    always = PerceptualNetwork(settings, CPU)
    assert {p.dtype for p in always.features.parameters()} == {torch.float32}
    assert torch.bfloat16 in {p.dtype for p in once.features.parameters()}
    for layer, maps in always(images(0)).items():
        assert maps.dtype == torch.float32
        assert torch.equal(once(images(0))[layer], maps)
    single = PerceptualNetwork(config(weights, ALL), CPU)(images(0))["features.1"]
    assert not torch.equal(once(images(0))["features.1"], single)


def test_the_fingerprint_is_that_of_the_weights_and_not_of_their_file(
    weights: Path, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.pth"
    torch.save(backbone.random_blocks().state_dict(), whole)
    other = backbone.write_backbone(tmp_path / "other.pth", seed=1)
    ours, same_weights, theirs = (
        PerceptualNetwork(config(path, ALL, precision=precision), CPU).fingerprint
        for path, precision in ((weights, "fp32"), (whole, "bf16"), (other, "fp32"))
    )
    assert ours == same_weights != theirs
