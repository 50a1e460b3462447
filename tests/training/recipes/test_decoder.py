"""The decoder's recipe: its loss by hand, the frozen encoder, exact resuming, its files."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from gan.config import Config
from gan.inference.translator import Translator
from gan.networks.files import load_generator
from gan.stylize import StylizeOptions, stylize
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.decoder import DecoderTrainer, decoding_terms, levels_of
from tests.support.commands import convert, translate_folder
from tests.support.decoders import random_network, write_vgg
from tests.support.launching import write_images
from tests.support.recipes import (
    assert_accumulation_equals_a_larger_batch,
    assert_rejected,
    assert_resuming_is_exact,
    parameters,
    photographs,
    small,
)
from tests.support.runs import Sections
from tests.support.trainers import all_equal

ROOT = Path(__file__).parents[3]
CHANNELS = 2


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs in trainA, weights of a narrow VGG."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    write_vgg(folder / "vgg.pth", CHANNELS)
    return folder


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"a": root / "trainA"},
        "networks": {"generator": "vgg_3levels", "generator_channels": CHANNELS},
        "loss": {"pixel": 4.0, "perceptual": 3.0},
        "perceptual": {"backbone": "vgg16", "weights": root / "vgg.pth"},
        "train": {"recipe": "decoder"},
    }  # fmt: skip
    return small(folder, own, sections)


def build(settings: Config) -> DecoderTrainer:
    return DecoderTrainer(settings, build_accelerator(settings))


def encoder(trainer: DecoderTrainer) -> list[Tensor]:
    """Return copies of the encoder's weights, in the network and in its average."""
    networks = (trainer.frame.bare["gen_ab"], trainer.frame.generators["ab"])
    return [w.clone() for net in networks for w in net.encoder.state_dict().values()]  # type: ignore[union-attr]


def relative(ours: Tensor, theirs: Tensor) -> NDArray[np.float64]:
    """Return |ours - theirs|^2 / |theirs|^2 of each image, by NumPy in float64."""
    x, y = (each.detach().double().flatten(1).numpy() for each in (ours, theirs))
    ratios: NDArray[np.float64] = np.square(x - y).sum(1) / np.square(y).sum(1)
    return ratios


def test_the_loss_of_a_decoder_of_zeros_is_the_closed_form() -> None:
    """Its maps are 0, at a relative distance of 1; its picture is gray."""
    network = random_network()
    for weights in network.parameters():
        nn.init.zeros_(weights)
    crops = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    maps, decodings = network(crops, [3])
    terms = decoding_terms(crops, maps, decodings)
    gray = network.encode(torch.zeros_like(crops), 3)
    apart = [relative(ours, theirs).mean() for ours, theirs in zip(gray, maps, strict=True)]
    assert terms["pixel", "ab"]().item() == pytest.approx(crops.square().mean().item(), rel=1e-5)
    assert terms["perceptual", "ab"]().item() == pytest.approx(np.mean(apart) + 1, rel=1e-5)


def test_the_losses_of_a_fourth_step_are_means_over_two_levels(root: Path, tmp_path: Path) -> None:
    trainer = build(config(root, tmp_path))
    network: Any = trainer.frame.bare["gen_ab"]
    a = photographs(1, 2).float() / 127.5 - 1
    pixel, perceptual = [], []
    with torch.no_grad():
        maps = network.encode(a, 3)
        for level in (3, 1):
            *inner, picture = network.decode(maps[level - 1], level)
            pixel.append((picture - a).square().mean().item())
            seen = zip(network.encode(picture, 3), maps, strict=True)
            perceptual.append(np.mean([relative(*pair).mean() for pair in seen]))
            between = [*zip(reversed(inner), maps, strict=False)]
            if between:
                perceptual[-1] += np.mean([relative(*pair).mean() for pair in between])
    values = trainer.train_step(4, [(photographs(1, 2),)])
    assert values["pixel_ab"].item() == pytest.approx(4 * np.mean(pixel), rel=1e-4)
    assert values["perceptual_ab"].item() == pytest.approx(3 * np.mean(perceptual), rel=1e-4)
    assert {name for name in values if name.endswith("_ab")} == {"pixel_ab", "perceptual_ab"}


def test_every_fourth_step_also_decodes_from_another_level_in_turn() -> None:
    taken = [levels_of(step, 4) for step in range(1, 61)]
    assert all(levels[0] == 4 for levels in taken)
    others = [levels[1] for levels in taken if len(levels) == 2]
    assert others == [1, 2, 3] * 5
    assert {len(levels_of(step, 1)) for step in range(1, 9)} == {1}


def test_the_encoder_stays_as_its_file_has_it_and_the_decoder_moves(
    root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path, train={"ema": 0.9}))
    saved = torch.load(root / "vgg.pth")
    first = [saved[f"features.{n}.{kind}"] for n in (0, 2, 5, 7, 10) for kind in ("weight", "bias")]
    before = parameters(trainer)
    for step in range(1, 6):
        trainer.train_step(step, [(photographs(step, 2),)])
    assert all_equal(first + first, encoder(trainer))
    assert not any(map(torch.equal, before, parameters(trainer)))
    (optimizer,) = trainer.frame.updates.optimizers.values()
    trained = {id(p) for p in trainer.frame.bare["gen_ab"].stages.parameters()}  # type: ignore[union-attr]
    assert {id(p) for p in optimizer.param_groups[0]["params"]} == trained


def test_accumulated_gradients_are_those_of_a_larger_batch(root: Path, tmp_path: Path) -> None:
    whole, parts = (build(config(root, tmp_path)) for _ in range(2))
    assert_accumulation_equals_a_larger_batch(whole, parts, lambda step: (photographs(step, 2),))


def test_a_resumed_run_is_the_uninterrupted_one(root: Path, tmp_path: Path) -> None:
    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "max_steps": stop, "epochs": 9}
        return config(root, run, train=keys)

    assert_resuming_is_exact(settings, tmp_path, 3, 5)


def test_other_weights_of_the_encoder_are_rejected_on_resuming(root: Path, tmp_path: Path) -> None:
    train(config(root, tmp_path / "run", train={"max_steps": 1}))
    state = {name: each.flip(0) for name, each in torch.load(root / "vgg.pth").items()}
    torch.save(state, tmp_path / "other.pth")
    other = {"weights": tmp_path / "other.pth"}
    with pytest.raises(ValueError, match=r"perceptual\.weights: the file's content has changed"):
        train(config(root, tmp_path / "run", perceptual=other, train={"max_steps": 2}))


def test_training_reduces_the_loss(root: Path, tmp_path: Path) -> None:
    optim = {"lr": 3e-2, "beta1": 0.9}
    trainer = build(config(root, tmp_path, optim=optim, networks={"init_gain": 0.2}))
    values = [trainer.train_step(step, [(photographs(7, 4),)]) for step in range(1, 102)]
    first, last = (values[at]["perceptual_ab"].item() for at in (0, 100))
    assert last < 0.7 * first


def test_a_run_of_the_configuration_file_reconstructs_and_stylizes(
    root: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    file = yaml.safe_load((ROOT / "configs" / "wct.yaml").read_text(encoding="utf-8"))
    tiny: Sections = {
        "data": {"a": root / "trainA", "load_size": 18, "crop_size": 16},
        "networks": {"generator_channels": CHANNELS},
        "perceptual": {"weights": root / "vgg.pth"}, "train": {"max_steps": 1},
        "run": {"dir": run},
    }  # fmt: skip
    assert train(small(run, file, tiny)).status == 0
    assert [path.name for path in run.glob("*.safetensors")] == ["gen_ab.safetensors"]
    (grid,) = (run / "samples").iterdir()
    with Image.open(grid) as image:
        assert image.size == (2 * 16, 4 * 16)  # photographs, reconstructions
    assert load_generator(run / "gen_ab.safetensors")[1]["kind"] == "vgg_3levels"
    assert translate_folder(run, root / "trainA", tmp_path / "out") == 0
    convert(run, tmp_path / "again.safetensors")
    with Image.open(root / "trainA/3.png") as image, Image.open(tmp_path / "out/3.png") as ours:
        again = Translator.load(tmp_path / "again.safetensors").translate(image)
        assert np.array_equal(np.asarray(again), np.asarray(ours))
    pictures = {"content": root / "trainA/3.png", "style": [root / "trainB/0.png"]}
    for decoder in (run, run / "gen_ab.safetensors"):
        output = tmp_path / f"{decoder.name}.png"
        options = {"method": "wct", "wct": {"decoder": decoder}, "device": "cpu"}
        assert stylize(StylizeOptions(**pictures, **options, output=output)) == 0
    first, second = (tmp_path / f"{name}.png" for name in ("run", "gen_ab.safetensors"))
    assert np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second)))


@pytest.mark.parametrize(("sections", "message"), [
    ({"networks": {"generator": "resnet_6blocks"}},
     "train.recipe decoder needs networks.generator vgg_3levels or vgg_4levels, not resnet_6block"),
    ({"train": {"recipe": "cyclegan"}}, "train.recipe cyclegan cannot train vgg_3levels"),
    ({"loss": {"pixel": 0}}, "needs a loss.pixel above 0"),
    ({"loss": {"perceptual": 0}}, "needs a loss.perceptual above 0"),
    ({"loss": {"style": 1}}, "does not use loss.style"),
    ({"data": {"b": Path("x")}}, "train.recipe decoder does not use data.b: remove it"),
    ({"data": {"channels_a": 1}}, "data.channels_b to 3 (1 and 3 given)"),
    ({"data": {"channels_a": 1, "channels_b": 1}}, "data.channels_b to 3 (1 and 1 given)"),
    ({"data": {"range_b": [0, 9]}}, "set data.range_b to data.range_a"),
    ({"data": {"degrade": {"noise": [0, 9]}}}, "does not support data.degrade"),
    ({"data": {"crop_size": 18}}, "must be a multiple of 4 with networks.generator vgg_3levels"),
    ({"perceptual": {"backbone": "vgg19"}}, "uses vgg16, not vgg19: set it to vgg16"),
    ({"perceptual": {"style_layers": ["relu1_1"]}}, "perceptual.style_layers: networks.generator"),
    ({"style": {"image": Path("x.png")}}, "vgg_3levels cannot learn the style of one painting"),
    ({"networks": {"upsample": "blur"}}, "networks.upsample blur is for ResNet generators"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)


def test_the_generator_infers_the_recipe(root: Path, tmp_path: Path) -> None:
    assert config(root, tmp_path, train={"recipe": None}).recipe == "decoder"


def test_a_narrow_network_requires_a_file(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"networks\.generator_channels: VGG-16 has 64, not 2"):
        build(config(root, tmp_path, perceptual={"weights": None}))
