"""data.degrade in training: degraded inputs and clean targets, exact resuming, off as if absent."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan.config import Config, LossConfig
from gan.config.tables.recipes import RECIPES
from gan.training import train
from gan.training.contrast import contrast
from gan.training.objective import generator_losses, translate
from tests.support.launching import write_images
from tests.support.runs import config, generators

NOISE = {"noise": [5, 40], "jpeg": [10, 90]}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_images(tmp_path_factory.mktemp("photos"))


def test_losses_compare_with_the_clean_images_of_what_the_generators_receive() -> None:
    """Identity generators return their inputs: cycle and identity losses are the degradation."""
    clean = torch.zeros(1, 3, 8, 8)
    inputs = {"a": clean + 0.25, "b": clean + 0.5}
    loss = LossConfig(cycle=1, identity=1)

    def same(images: Tensor) -> Tensor:
        return images

    cycle = translate("ab", same, same, clean, clean, loss, inputs=inputs)  # type: ignore[arg-type]
    losses = generator_losses("ab", cycle, same, loss)
    assert torch.equal(cycle.fake, inputs["a"])
    assert losses["cycle_a"].item() == 0.25
    assert losses["identity_b"].item() == 0.5


def test_contrastive_keys_are_features_of_the_clean_images() -> None:
    """With a generator whose features are its images, keys are clean and queries degraded."""
    a, b = torch.rand(2, 1, 3, 8, 8)

    def generator(images: Tensor, positions: Any, encode_only: bool = False) -> list[Tensor]:
        return [images] if encode_only else [images, images]

    made = contrast(
        generator,
        list,
        a,
        b,
        [],
        LossConfig(nce=1),
        inputs=[a + 1, b + 2],
    )
    assert made.identity is not None
    for patches, clean, shift in ((made.translation, a, 1), (made.identity, b, 2)):
        assert torch.equal(patches.keys[0], clean)
        assert torch.equal(patches.queries[0], clean + shift)


def test_a_resumed_run_is_the_uninterrupted_one_and_off_is_as_if_absent(
    root: Path, tmp_path: Path
) -> None:
    def run(name: str, steps: int, **data: Any) -> tuple[bytes, bytes]:
        train(config(root, tmp_path / name, data=data, train={"max_steps": steps}))
        return generators(tmp_path / name)

    straight = run("straight", 4, degrade=NOISE)
    run("parts", 3, degrade=NOISE)
    assert run("parts", 4, degrade=NOISE) == straight
    plain = run("plain", 4)
    assert run("off", 4, degrade={}) == plain != straight


def test_a_run_without_the_key_is_resumed_only_without_it(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"max_steps": 1}))
    with pytest.raises(ValueError, match=r"data\.degrade"):
        train(config(root, tmp_path, data={"degrade": NOISE}, train={"max_steps": 2}))


def test_a_recipe_that_does_not_support_it_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    row = RECIPES["cyclegan"]
    monkeypatch.setitem(RECIPES, "other", type(row)(row.code, row.title, row.columns))
    with pytest.raises(ValueError, match=r"train\.recipe other does not support data\.degrade"):
        Config.model_validate({"train": {"recipe": "other"}, "data": {"degrade": NOISE}})
