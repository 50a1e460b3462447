"""The contrastive recipe: a step as in the authors' code, exact resuming, one generator."""

import functools
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.config import Config
from gan.config.extensions import register_generator
from gan.config.table import load
from gan.config.tables.generators import GENERATORS
from gan.inference.translator import Translator
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.contrast import contrast, draw_positions, nce
from gan.training.recipes.contrastive import ContrastiveTrainer
from tests.support.commands import translate_folder
from tests.support.launching import write_images
from tests.support.recipes import (
    assert_accumulation_equals_a_larger_batch,
    assert_rejected,
    assert_resuming_is_exact,
    small,
)
from tests.support.registering import forget_rows
from tests.support.runs import SCORED, Sections, saved_weights
from tests.support.trainers import all_equal, batch

ALL = 256
"""Number of positions: all of a map of 16 pixels."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five images of A, three of B."""
    return write_images(tmp_path_factory.mktemp("photos"))


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three steps; tests must not change it."""
    run = tmp_path_factory.mktemp("runs") / "trained"
    assert train(config(root, run, train={"max_steps": 3})).status == 0
    return run


@pytest.fixture
def one_block(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Networks with a generator that an extension adds: one residual block."""
    forget_rows(monkeypatch, GENERATORS)
    resnet = functools.partial(load(GENERATORS["resnet_6blocks"].code), blocks=1)
    takes = ("norm", "upsample", "dropout")
    register_generator("mine", resnet, takes=takes, size_multiple=4, encodes=True)
    return {"generator": "mine", "discriminator": "pixel"}


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"root": root}, "networks": {"init_gain": 0.2, **SCORED},
        "loss": {"nce": 3.0, "nce_patches": 10},
        "train": {"recipe": "contrastive", "pool_size": 2},
    }  # fmt: skip
    return small(folder, own, sections)


def build(settings: Config) -> ContrastiveTrainer:
    return ContrastiveTrainer(settings, build_accelerator(settings))


def weights(network: nn.Module) -> list[Tensor]:
    return [tensor.clone() for tensor in network.state_dict().values()]


def nce_by_hooks(trainer: ContrastiveTrainer, source: Tensor, made: Tensor) -> float:
    """Return the authors' loss: images encoded apart, all positions, -10 on the diagonal."""
    gen_ab: Any = trainer.frame.bare["gen_ab"]
    heads: Any = trainer.frame.bare["heads_ab"]
    blocks = [layer for layer in gen_ab.model if type(layer).__name__ == "ResidualBlock"]
    layers = [layer for layer in gen_ab.model if isinstance(layer, nn.Conv2d)][1:3]
    layers += [blocks[0], blocks[len(blocks) // 2]]
    encoded: list[list[Tensor]] = []
    for x in (made, source):
        seen = [x]
        hooks = [
            layer.register_forward_hook(lambda *call, to=seen: to.append(call[2]))
            for layer in layers
        ]
        gen_ab(x)
        encoded.append(seen)
        for hook in hooks:
            hook.remove()
    losses = []
    for query, key, head in zip(*encoded, heads.heads, strict=True):
        for image in range(len(made)):
            q, k = (head(each[image].flatten(1).T) for each in (query, key))
            q, k = (each / each.norm(dim=1, keepdim=True) for each in (q, k))
            negatives = (q @ k.T).fill_diagonal_(-10)
            logits = torch.cat([(q * k).sum(dim=1, keepdim=True), negatives], dim=1) / 0.07
            target = torch.zeros(len(q), dtype=torch.long)
            losses.append(nn.CrossEntropyLoss()(logits, target) * len(made) ** -1)
    return float(torch.stack(losses).sum()) / 5


@pytest.mark.parametrize("together", [True, False])
def test_the_losses_of_a_step_are_those_of_the_authors_code(
    together: bool, root: Path, tmp_path: Path
) -> None:
    keys = {"nce_patches": ALL, "tv": 0.5}
    trainer = build(config(root, tmp_path, loss=keys, train={"batch_passes": together}))
    a, b = (images.float() / 127.5 - 1 for images in batch(1, 2))
    gen_ab, disc_b, _ = trainer.frame.bare.values()
    with torch.no_grad():
        fake_b, idt_b = gen_ab(a), gen_ab(b)
        translation, identity = nce_by_hooks(trainer, a, fake_b), nce_by_hooks(trainer, b, idt_b)
        on_real, on_fake = disc_b(b), disc_b(fake_b)
    values = trainer.train_step(1, [batch(1, 2)])
    fooled = (on_fake - 1).square().mean()
    told = (on_real - 1).square().mean() + on_fake.square().mean()
    assert values["nce_ab"].item() == pytest.approx(3 * translation / 2, rel=1e-4)
    assert values["nce_identity_b"].item() == pytest.approx(3 * identity / 2, rel=1e-4)
    assert values["adversarial_ab"].item() == pytest.approx(fooled.item(), rel=1e-4)
    assert values["discriminator_b"].item() == pytest.approx(told.item() / 2, rel=1e-4)
    assert values["tv_ab"] > 0


def test_without_the_identity_the_translations_have_the_whole_weight(
    root: Path, tmp_path: Path
) -> None:
    keys = {"nce_patches": ALL, "nce_identity": False}
    both, one = (build(config(root, tmp_path, loss=loss)) for loss in ({"nce_patches": ALL}, keys))
    with_identity, without = (trainer.train_step(1, [batch(1)]) for trainer in (both, one))
    assert without["nce_ab"].item() == pytest.approx(2 * with_identity["nce_ab"].item(), rel=1e-5)
    assert "nce_identity_b" not in without


def test_gradients_reach_generator_and_heads_through_the_translation_alone(
    root: Path, tmp_path: Path
) -> None:
    """Keys have no gradient, so the remaining gradient moves the queries only."""
    trainer = build(config(root, tmp_path))
    gen_ab, _, heads_ab = trainer.frame.bare.values()
    a, b = (images.float() / 127.5 - 1 for images in batch(1))
    positions = draw_positions(trainer.feature_maps, a, 10)
    loss = trainer.frame.config.loss
    made = contrast(gen_ab, heads_ab, a, b, positions, loss)
    assert made.identity is not None
    for patches in (made.translation, made.identity):
        assert all(query.requires_grad for query in patches.queries)
        assert not any(key.requires_grad for key in patches.keys)
    nce(made.translation, 0.07).backward()
    for network in (gen_ab, heads_ab):
        received = [p.grad for p in network.parameters() if p.requires_grad]
        assert all(gradient is not None and gradient.isfinite().all() for gradient in received)
        assert any(gradient.any() for gradient in received if gradient is not None)


def test_positions_are_different_and_a_function_of_seed_process_and_step(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[list[Tensor]] = []

    def note(*arguments: Any) -> list[Tensor]:
        drawn.append(draw_positions(*arguments))
        return drawn[-1]

    monkeypatch.setattr("gan.training.recipes.contrastive.draw_positions", note)
    trainer = build(config(root, tmp_path))
    for step in (1, 2, 1):
        trainer.train_step(step, [batch(step)])
    first, second, again = drawn
    assert [len(at) for at in first] == [10] * 5
    assert all(at.max() < size for at, size in zip(first, (256, 64, 16, 16, 16), strict=True))
    assert all(len(at.unique()) == len(at) for at in first)
    assert all_equal(first, again)
    assert not all_equal(first, second)
    assert [len(at) for at in draw_positions(trainer.feature_maps, torch.zeros(1, 3, 16, 16), 99)
            ] == [99, 64, 16, 16, 16]  # fmt: skip


@pytest.mark.parametrize("sections", [
    {"train": {"precision": "bf16", "ema": 0.9}},
    {"train": {"recompute": True, "channels_last": True}},
    {"loss": {"adversarial": "wgan_gp", "nce_identity": False}},
    {"data": {"channels_a": 1, "channels_b": 1}},
    {"networks": {"norm": "batch", "dropout": True, "upsample": "resize"}},
    {"networks": {"norm": "none", "upsample": "blur", "downsample": "blur"}},
], ids=str)  # fmt: skip
def test_every_switch_trains_all_three_networks(
    sections: dict[str, dict[str, Any]], root: Path, tmp_path: Path
) -> None:
    settings = config(root, tmp_path, **sections)
    trainer = build(settings)
    before = [weights(network) for network in trainer.frame.bare.values()]
    images = batch(0, 2, (settings.data.channels_a, settings.data.channels_b))
    assert trainer.train_step(1, [images])["skipped_steps"] == 0
    for old, network in zip(before, trainer.frame.bare.values(), strict=True):
        assert not all_equal(old, weights(network))


def test_accumulation_equals_a_larger_batch(root: Path, tmp_path: Path) -> None:
    keys = {"loss": {"nce_patches": ALL}, "train": {"pool_size": 0}}
    whole, parts = (build(config(root, tmp_path, **keys)) for _ in range(2))
    assert_accumulation_equals_a_larger_batch(whole, parts, lambda step: batch(step, 2))


def test_a_resumed_run_is_the_uninterrupted_one(root: Path, tmp_path: Path) -> None:
    """In every bit, including heads and their optimizer, pool, averages and random positions."""

    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "max_steps": stop}
        return config(root, run, train=keys, networks={"dropout": True})

    state = assert_resuming_is_exact(settings, tmp_path, 2, 3, 6)
    assert set(state["networks"]) == {"gen_ab", "disc_b", "heads_ab"}
    assert set(state["averages"]) == {"gen_ab"}
    assert "heads_optimizer" in state


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here")
def test_a_compiled_run_is_the_plain_one_within_rounding_and_resumes_exactly(
    one_block: dict[str, str], root: Path, tmp_path: Path
) -> None:
    """Adam turns rounding of gradients that are 0 into steps of 2e-4: four of them at most."""
    for name, stops in (("plain", (4,)), ("whole", (4,)), ("parts", (2, 4))):
        for stop in stops:
            keys = {"compile": name != "plain", "max_steps": stop}
            train(config(root, tmp_path / name, networks=one_block, train=keys))
    plain, whole, parts = (saved_weights(tmp_path / name) for name in ("plain", "whole", "parts"))
    for one, compiled, resumed in zip(plain, whole, parts, strict=True):
        torch.testing.assert_close(compiled, one, rtol=0, atol=8 * 2e-4)
        assert torch.equal(compiled, resumed)
    assert not all_equal(plain, whole)  # it was turned on


def test_a_run_leaves_one_generator_that_translates_a_folder(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    assert [path.name for path in trained.glob("*.safetensors")] == ["gen_ab.safetensors"]
    grid, scores = sorted((trained / "samples").iterdir(), reverse=True)
    assert scores.name == f"{grid.stem}-scores.png"
    with Image.open(grid) as image:
        assert image.size == (2 * 16, 4 * 16)  # images of A, translations
    assert translate_folder(trained, root / "trainA", tmp_path / "out") == 0
    translator = Translator.load(trained)
    with Image.open(root / "trainA/3.png") as image, Image.open(tmp_path / "out/3.png") as ours:
        assert np.array_equal(np.asarray(translator.translate(image)), np.asarray(ours))


@pytest.mark.parametrize(("sections", "message"), [
    ({"loss": {"nce": 0}}, "train.recipe contrastive needs a loss.nce above 0"),
    ({"loss": {"nce_patches": 1}}, "loss.nce_patches"),
    ({"loss": {"nce_temperature": 0}}, "loss.nce_temperature"),
    ({"loss": {"style": 1}}, "train.recipe contrastive does not use loss.style: set it to 0, or"),
    ({"loss": {"perceptual": 1}}, "does not use loss.perceptual: set it to 0, or train.recipe to"),
    ({"networks": {"generator": "unet_128"}, "data": {"crop_size": 128, "load_size": 128}},
     "which unet_128 does not return: set networks.generator to resnet_9blocks or resnet_6blocks"),
    ({"data": {"channels_b": 1}}, "data.channels_a and data.channels_b must be equal (3 and 1"),
    ({"train": {"recipe": "cyclegan"}}, "does not use loss.nce: set it to 0, or train.recipe to c"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)


def test_a_generator_of_an_extension_can_be_trained_if_it_encodes(
    one_block: dict[str, str], root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path, networks=one_block))
    assert len(trainer.feature_maps) == 4
    assert trainer.train_step(1, [batch(0)])["skipped_steps"] == 0
