"""Arbitrary styles: each result against its own painting, exact resuming, use with a style."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.cli.main import main
from gan.config import Config
from gan.inference.style import read_style
from gan.inference.translator import Translator
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.arbitrary_style import ArbitraryStyleTrainer
from tests.support import backbone
from tests.support.backbone import gram
from tests.support.commands import translate_folder
from tests.support.launching import write_images
from tests.support.recipes import (
    STYLE,
    assert_accumulation_equals_a_larger_batch,
    assert_rejected,
    assert_resuming_is_exact,
    small,
)
from tests.support.runs import SCORED, Sections
from tests.support.trainers import all_equal, batch


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five photographs, three paintings, weights."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    backbone.write_backbone(folder / "weights.pth")
    return folder


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three steps; tests must not change it."""
    run = tmp_path_factory.mktemp("runs") / "trained"
    assert train(config(root, run, train={"max_steps": 3})).status == 0
    return run


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"root": root, "resize": "short"}, "loss": STYLE,
        "networks": {"generator": "adain", "init_gain": 0.2, **SCORED},
        "perceptual": backbone.section(root / "weights.pth"), "train": {"pool_size": 2},
    }  # fmt: skip
    return small(folder, own, sections)


def build(settings: Config) -> ArbitraryStyleTrainer:
    return ArbitraryStyleTrainer(settings, build_accelerator(settings))


def weights(network: torch.nn.Module) -> list[Tensor]:
    return [tensor.clone() for tensor in network.state_dict().values()]


def test_the_losses_of_a_step_are_those_of_torchvision_and_numpy(
    root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path))
    a, b = (images.float() / 127.5 - 1 for images in batch(1, 2))
    gen_ab, disc_b = trainer.frame.bare.values()
    with torch.no_grad():
        fake_b = gen_ab(a, b)
        on_real, on_fake = disc_b(b), disc_b(fake_b)
        fooled = (on_fake - 1).square().mean()
        told = (on_real - 1).square().mean() + on_fake.square().mean()
    values = trainer.train_step(1, [batch(1, 2)])
    ours, photographs, paintings = (backbone.maps(images) for images in (fake_b, a, b))
    style = np.mean([
        np.sum((gram(ours[at]) - gram(paintings[at])) ** 2) / 2 / (4 * ours[at].shape[1] ** 2)
        for at in ours
    ])  # fmt: skip
    content = float((ours["features.1"] - photographs["features.1"]).square().mean())
    assert values["style_ab"].item() == pytest.approx(5 * style, rel=1e-4)
    assert values["perceptual_ab"].item() == pytest.approx(2 * content, rel=1e-4)
    assert values["adversarial_ab"].item() == pytest.approx(fooled.item(), rel=1e-4)
    assert values["discriminator_b"].item() == pytest.approx(told.item() / 2, rel=1e-4)


def test_a_step_moves_both_networks_and_nothing_else(root: Path, tmp_path: Path) -> None:
    trainer = build(config(root, tmp_path))
    networks = (*trainer.frame.bare.values(), trainer.perceptual.features)
    before = [weights(network) for network in networks]
    trainer.train_step(1, [batch(0)])
    unmoved = [all_equal(old, weights(net)) for old, net in zip(before, networks, strict=True)]
    assert unmoved == [False, False, True]


@pytest.mark.parametrize("sections", [
    {"train": {"precision": "bf16", "ema": 0.9}},
    {"loss": {"perceptual": 0.0, "tv": 0.0, "adversarial": "wgan_gp"}},
    {"data": {"channels_a": 1}},
    {"networks": {"norm": "batch", "dropout": True, "upsample": "resize"}},
], ids=str)  # fmt: skip
def test_every_switch_trains(sections: dict[str, Any], root: Path, tmp_path: Path) -> None:
    settings = config(root, tmp_path, **sections)
    trainer = build(settings)
    before = weights(trainer.frame.bare["gen_ab"])
    images = batch(0, 2, (settings.data.channels_a, settings.data.channels_b))
    assert trainer.train_step(1, [images])["skipped_steps"] == 0
    assert not all_equal(before, weights(trainer.frame.bare["gen_ab"]))


def test_accumulation_equals_a_larger_batch(root: Path, tmp_path: Path) -> None:
    whole, parts = (build(config(root, tmp_path, train={"pool_size": 0})) for _ in range(2))
    frozen = (trainer.perceptual.features for trainer in (whole, parts))
    assert_accumulation_equals_a_larger_batch(whole, parts, lambda step: batch(step, 2), *frozen)


def test_a_resumed_run_is_the_uninterrupted_one(root: Path, tmp_path: Path) -> None:
    """So two equal runs are bit-equal too, including pools and averages."""

    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "max_steps": stop}
        return config(root, run, train=keys, networks={"dropout": True})

    assert_resuming_is_exact(settings, tmp_path, 2, 3, 6)


def test_a_run_leaves_one_generator_and_a_grid_of_contents_styles_and_results(
    trained: Path,
) -> None:
    assert [path.name for path in trained.glob("*.safetensors")] == ["gen_ab.safetensors"]
    grid, scores = sorted((trained / "samples").iterdir(), reverse=True)
    assert scores.name == f"{grid.stem}-scores.png"
    with Image.open(grid) as image:
        assert image.size == (3 * 16, 4 * 16)  # four photographs, the first of three styles twice


def test_a_folder_is_translated_in_the_style_of_a_picture(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    results = []
    for style in ("0", "1"):
        painting = root / "trainB" / f"{style}.png"
        out = tmp_path / style
        assert translate_folder(trained, root / "trainA", out, style=painting) == 0
        assert sorted(path.name for path in out.iterdir()) == [f"{n}.png" for n in range(5)]
        translator = Translator.load(trained, style=painting)
        assert not translator.tiles
        with Image.open(root / "trainA" / "3.png") as image, Image.open(out / "3.png") as ours:
            assert ours.size == image.size
            assert np.array_equal(np.asarray(translator.translate(image)), np.asarray(ours))
            results.append(np.asarray(ours))
    first, second = results
    assert not np.array_equal(first, second)


def test_the_style_picture_is_scaled_to_the_size_of_the_training_paintings(
    trained: Path, tmp_path: Path
) -> None:
    for size, scaled in {(3, 2): (18, 27), (200, 400): (36, 18), (18, 18): (18, 18)}.items():
        path = tmp_path / "style.png"
        Image.new("RGB", size, (255, 0, 0)).save(path)
        image = read_style(path, trained, 3, {"resize": "short", "load_size": 18})
        assert image.shape == (1, 3, *scaled)
        assert Translator.load(trained, style=path).translate(Image.new("L", (17, 30))).size == (
            17, 30,
        )  # fmt: skip


def test_without_scaling_in_training_a_style_must_be_large_enough(tmp_path: Path) -> None:
    path = tmp_path / "style.png"
    Image.new("RGB", (40, 15)).save(path)
    with pytest.raises(ValueError, match=r"style\.png: 40x15 pixels: both sides must be at least"):
        read_style(path, tmp_path, 3, {"resize": "none", "load_size": 18})


@pytest.mark.parametrize(("style", "message"), [
    ("missing", "gen_ab.safetensors: requires a style image, such as --style"),
    ("none.png", "none.png: No such file"),
    ("text.png", "text.png: not an image"),
])  # fmt: skip
def test_a_missing_or_bad_style_is_rejected_in_one_line(
    style: str, message: str, trained: Path, root: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "text.png").write_text("no picture")
    options = ["--model", str(trained), "--input", str(root / "trainA")]
    options += ["--output", str(tmp_path / "out")]
    options += [] if style == "missing" else ["--style", str(tmp_path / style)]
    assert main(["translate", *options]) == 1
    printed = capsys.readouterr().err.strip()
    assert message in printed
    assert "\n" not in printed
    assert not (tmp_path / "out").exists()


def test_a_style_for_a_generator_that_takes_none_is_rejected(
    generator_file: Path, root: Path
) -> None:
    with pytest.raises(ValueError, match=r"gen_ab\.safetensors: does not take a style image"):
        Translator.load(generator_file, style=root / "trainB" / "0.png")


@pytest.mark.parametrize(("sections", "message"), [
    ({"loss": {"style": 0}}, "networks.generator adain needs a loss.style above 0"),
    ({"loss": {"perceptual_cycle": 1}}, "set loss.perceptual_cycle to 0"),
    ({"style": {"image": Path("x.png")}}, "remove style.image"),
    ({"data": {"root": None, "a": Path("x")}}, "data.a and data.b belong together"),
    ({"networks": {"discriminator_layers": 6}}, "must be at least 192"),
    ({"data": {"crop_size": 18}}, "must be a multiple of 4"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)
