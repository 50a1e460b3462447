"""One style: the loss against torchvision and NumPy, one generator, exact resuming."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gan.config import Config
from gan.data.unpaired import OneFolder
from gan.system.signals import Interruption
from gan.training import Run, train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.single_style import SingleStyleTrainer, read_painting
from tests.support import backbone
from tests.support.backbone import gram
from tests.support.commands import translate_folder
from tests.support.launching import write_images
from tests.support.recipes import (
    STYLE,
    assert_accumulation_equals_a_larger_batch,
    assert_rejected,
    assert_resuming_is_exact,
    converted,
    parameters,
    photographs,
    poisoned,
    small,
)
from tests.support.runs import Sections, generator
from tests.support.trainers import all_equal


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs in trainA, no trainB; a painting; weights."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    (folder / "trainB" / "0.png").rename(folder / "painting.png")
    backbone.write_backbone(folder / "weights.pth")
    return folder


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"a": root / "trainA"}, "loss": STYLE,
        "perceptual": backbone.section(root / "weights.pth"),
        "style": {"image": root / "painting.png", "size": 16},
    }  # fmt: skip
    return small(folder, own, sections)


def build(settings: Config) -> SingleStyleTrainer:
    return SingleStyleTrainer(settings, build_accelerator(settings))


def test_the_losses_of_a_step_are_those_of_torchvision_and_numpy(
    root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path))
    a = photographs(1).float() / 127.5 - 1
    with torch.no_grad():
        fake_b = trainer.frame.bare["gen_ab"](a)
    values = trainer.train_step(1, [(photographs(1),)])
    with Image.open(root / "painting.png") as image:
        assert image.size == (20, 24)
        small = image.resize((16, 19), Image.Resampling.BICUBIC)
    painting = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None] / 127.5 - 1
    ours, real, desired = (backbone.maps(images) for images in (fake_b, a, painting))
    style = np.mean([
        np.sum((gram(ours[layer]) - gram(desired[layer])) ** 2) / (4 * ours[layer].shape[1] ** 2)
        for layer in ours
    ])  # fmt: skip
    content = float((ours["features.1"] - real["features.1"]).square().mean())
    assert values["style_ab"].item() == pytest.approx(5 * style, rel=1e-4)
    assert values["perceptual_ab"].item() == pytest.approx(2 * content, rel=1e-4)
    assert {name for name in values if name.endswith("_ab")} == {
        "perceptual_ab", "style_ab", "tv_ab",
    }  # fmt: skip


def test_accumulation_equals_a_larger_batch(root: Path, tmp_path: Path) -> None:
    whole, parts = (build(config(root, tmp_path)) for _ in range(2))
    for trainer in (whole, parts):
        trainer.gram = {layer: tensor.double() for layer, tensor in trainer.gram.items()}
    frozen = (trainer.perceptual.features for trainer in (whole, parts))
    assert_accumulation_equals_a_larger_batch(
        whole, parts, lambda step: (photographs(step, 2),), *frozen
    )


@pytest.mark.parametrize("sections", [
    {"train": {"precision": "bf16", "ema": 0.9}},
    {"loss": {"perceptual": 0.0, "tv": 0.0}},
    {"data": {"channels_a": 1}},
    {"networks": {"norm": "batch", "dropout": True}},
], ids=str)  # fmt: skip
def test_every_switch_trains(sections: dict[str, Any], root: Path, tmp_path: Path) -> None:
    settings = config(root, tmp_path, **sections)
    trainer = build(settings)
    before = parameters(trainer)
    images = photographs(0, 2)[:, : settings.data.channels_a]
    assert trainer.train_step(1, [(images,)])["skipped_steps"] == 0
    assert not all_equal(before, parameters(trainer))


def test_a_step_that_is_not_finite_is_skipped(root: Path, tmp_path: Path) -> None:
    trainer = build(config(root, tmp_path))
    before = parameters(trainer)
    with converted(poisoned):
        assert trainer.train_step(1, [(photographs(0),)])["skipped_in_row"] == 1
    assert all_equal(before, parameters(trainer))


def test_a_run_leaves_one_generator_which_translates_a_folder(root: Path, tmp_path: Path) -> None:
    """data.root works like data.a; a trainB in it is ignored."""
    for name, data in (("a", {}), ("root", {"a": None, "root": root})):
        assert train(config(root, tmp_path / name, data=data, train={"keep_every": 4})).status == 0
    run = tmp_path / "a"
    assert generator(run) == generator(tmp_path / "root")
    assert sorted(path.name for path in run.glob("*.safetensors")) == [
        "gen_ab-epoch004.safetensors", "gen_ab.safetensors",
    ]  # fmt: skip
    with Image.open(run / "samples" / "step-00000020-ab.png") as grid:
        assert grid.size == (2 * 16, 4 * 16)  # real and translated; four photographs
    assert not list((run / "samples").glob("*-ba.png"))
    assert not list((run / "samples").glob("*-scores.png"))  # there is no discriminator
    assert translate_folder(run, root / "trainA", tmp_path / "out") == 0
    assert len(list((tmp_path / "out").iterdir())) == 5


def test_a_finished_run_exports_a_missing_generator_again(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path, train={"max_steps": 2}))
    before = generator(tmp_path)
    (tmp_path / "gen_ab.safetensors").unlink()
    train(config(root, tmp_path, train={"max_steps": 2}))
    assert generator(tmp_path) == before


@pytest.mark.parametrize("workers", [0, 1])
def test_a_resumed_run_is_the_uninterrupted_one(workers: int, root: Path, tmp_path: Path) -> None:
    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "max_steps": stop}
        networks, data = {"dropout": True}, {"workers": workers}
        return config(root, run, train=keys, networks=networks, data=data)

    assert_resuming_is_exact(settings, tmp_path, 2, 3, 6)


def test_nans_in_a_row_go_back_at_half_the_rate(root: Path, tmp_path: Path) -> None:
    settings = {"log_every": 1, "checkpoint_every": 2, "nonfinite_limit": 3}
    run = Run(config(root, tmp_path, train=settings), Interruption())
    step_of, failing = run.trainer.train_step, set(range(5, 8))

    def train_step(step: int, batches: Any) -> Any:
        if step not in failing:
            return step_of(step, batches)
        failing.remove(step)
        with converted(poisoned):
            return step_of(step, batches)

    run.trainer.train_step = train_step  # type: ignore[method-assign]
    assert run.fit() == 0
    assert run.trainer.frame.updates.lr_factor == 0.5


def test_an_epoch_passes_through_the_photographs_once(root: Path, tmp_path: Path) -> None:
    settings = config(root, tmp_path, data={"flip": False, "resize": "square", "load_size": 16})
    files = sorted((root / "trainA").iterdir())
    data = OneFolder(files, settings.data, seed=3)
    shown = [[data[epoch, index][0] for index in range(5)] for epoch in (0, 1)]
    for images in shown:
        assert len({image.numpy().tobytes() for image in images}) == 5
    assert not all_equal(*shown)
    assert all_equal(shown[1], [data[1, index][0] for index in range(5)])


def test_another_painting_or_recipe_is_rejected(root: Path, tmp_path: Path) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved.png"
    train(config(root, run, train={"max_steps": 1}))
    moved.write_bytes((root / "painting.png").read_bytes())
    train(config(root, run, style={"image": moved}, train={"max_steps": 2}))
    other = {"image": root / "trainB" / "1.png"}
    with pytest.raises(ValueError, match=r"style\.image: the file's content has changed"):
        train(config(root, run, style=other, train={"max_steps": 3}))
    discriminator = {"discriminator": "n_layers", "discriminator_layers": 1}
    cyclegan = config(
        root, run, style={"image": None}, data={"b": root / "trainB"},
        run={"allow_changes": True}, networks=discriminator, train={"max_steps": 3},
    )  # fmt: skip
    with pytest.raises(ValueError, match="recipe: single_style -> cyclegan"):
        train(cyclegan)


@pytest.mark.parametrize(("content", "message"), [
    (None, r"style\.image: .*painting\.jpg: No such file"),
    (b"no picture", r"style\.image: .*painting\.jpg"),
])  # fmt: skip
def test_an_unreadable_painting_is_named_before_the_folder(
    content: bytes | None, message: str, root: Path, tmp_path: Path
) -> None:
    painting = tmp_path / "painting.jpg"
    if content is not None:
        painting.write_bytes(content)
    settings = config(
        root, tmp_path / "run", style={"image": painting}, data={"a": tmp_path / "none"}
    )
    with pytest.raises(ValueError, match=message):
        train(settings)


@pytest.mark.parametrize(("sections", "message"), [
    ({"loss": {"style": 0}}, "style.image needs a loss.style above 0"),
    ({"loss": {"perceptual_cycle": 1}}, "set loss.perceptual_cycle to 0"),
    ({"data": {"b": Path("x")}}, "data.b and style.image exclude each other"),
    ({"style": {"image": None}}, "data.a and data.b belong together"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)


def test_a_crop_too_small_for_a_discriminator_is_accepted_for_one_style(
    root: Path, tmp_path: Path
) -> None:
    sections: dict[str, dict[str, Any]] = {"networks": {"discriminator_layers": 6}}
    assert config(root, tmp_path, **sections).recipe == "single_style"


def test_the_painting_is_scaled_by_its_shorter_side(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    Image.new("RGB", (60, 30), (255, 0, 0)).save(path)
    assert read_painting(path, 20, 3).shape == (1, 3, 20, 40)
    assert read_painting(path, None, 1).shape == (1, 1, 30, 60)
