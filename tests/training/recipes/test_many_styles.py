"""Several styles: each image against its own style, exact resuming, and styles that are added."""

import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from gan.cli.main import main
from gan.config import Config
from gan.inference.translator import Translator
from gan.interop import open_generator, style_names
from gan.networks.conditional import norm_keys
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.many_styles import ManyStylesTrainer
from tests.support import backbone
from tests.support.backbone import gram
from tests.support.commands import convert, translate_folder
from tests.support.launching import write_images
from tests.support.recipes import (
    STYLE,
    assert_accumulation_equals_a_larger_batch,
    assert_rejected,
    assert_resuming_is_exact,
    parameters,
    photographs,
    small,
)
from tests.support.runs import Sections, merged
from tests.support.trainers import all_equal

NAMES = ("dots", "reds", "waves")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs; three styles, one of them a folder of two paintings; a fourth; weights."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    paintings = [np.random.default_rng(seed).integers(0, 256, (17, 19, 3)) for seed in range(5)]
    places = ("b/dots.png", "b/reds/1.png", "b/reds/2.png", "b/waves.png", "more/oils.png")
    for place, painting in zip(places, paintings, strict=True):
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(painting.astype(np.uint8)).save(folder / place)
    backbone.write_backbone(folder / "weights.pth")
    return folder


@pytest.fixture(scope="module")
def trained(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three steps; tests must not change it."""
    run = tmp_path_factory.mktemp("runs") / "trained"
    assert train(config(root, run, train={"max_steps": 3, "ema": 0.5})).status == 0
    return run


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"a": root / "trainA", "b": root / "b"}, "loss": STYLE,
        "networks": {"generator": "conditional_6blocks", "init_gain": 0.2},
        "perceptual": backbone.section(root / "weights.pth"),
        "style": {"size": None}, "train": {"batch_size": 2},
    }  # fmt: skip
    return small(folder, own, sections)


def added(root: Path, folder: Path, base: Path, **sections: Mapping[str, Any]) -> Config:
    """Return the configuration of a run that adds a style to those of another run."""
    new: Sections = {"data": {"b": root / "more"}, "style": {"add_to": base}}
    return config(root, folder, **merged(new, dict(sections)))


def build(settings: Config) -> ManyStylesTrainer:
    return ManyStylesTrainer(settings, build_accelerator(settings))


def opened(path: Path) -> Tensor:
    with Image.open(path) as image:
        return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 127.5 - 1


def test_each_image_is_compared_with_its_own_style_by_torchvision_and_numpy(
    root: Path, tmp_path: Path
) -> None:
    """In step 2 of batches of two, pairs 2 and 3 have the styles 2 and 0 of three.

    Each distance is divided by that of maps of zeros.
    """
    trainer = build(config(root, tmp_path))
    images = photographs(1, 2)
    a, styles = images.float() / 127.5 - 1, [2, 0]
    with torch.no_grad():
        fake_b = trainer.frame.bare["gen_ab"](a, torch.eye(3)[styles])
    values = trainer.train_step(2, [(images,)])
    ours, real = backbone.maps(fake_b), backbone.maps(a)
    wanted = [backbone.maps(opened(root / "b" / name)) for name in ("waves.png", "dots.png")]
    terms = []
    for one, painting in enumerate(wanted):
        distance = energy = 0.0
        for at, maps in ours.items():
            target, weight = gram(painting[at]), 1 / maps.shape[1] ** 2
            distance += weight * np.sum((gram(maps[one : one + 1]) - target) ** 2)
            energy += weight * np.sum(target**2)
        terms.append(distance / energy)
    content = float((ours["features.1"] - real["features.1"]).square().mean())
    assert values["style_ab"].item() == pytest.approx(5 * np.mean(terms), rel=1e-4)
    assert values["perceptual_ab"].item() == pytest.approx(2 * content, rel=1e-4)


def test_the_style_of_a_folder_is_the_mean_of_its_paintings(root: Path, tmp_path: Path) -> None:
    trainer = build(config(root, tmp_path))
    assert trainer.frame.styles == NAMES
    both = [backbone.maps(opened(root / f"b/reds/{name}.png")) for name in (1, 2)]
    for layer, matrix in trainer.grams[1].items():
        expected = np.mean([gram(maps[layer]) for maps in both], axis=0)
        ours = (matrix[0] / trainer.scales[1]).numpy()
        np.testing.assert_allclose(ours, expected[0], rtol=1e-4, atol=1e-6)


def test_the_style_term_of_maps_of_zeros_is_one_for_every_style(root: Path, tmp_path: Path) -> None:
    trainer = build(config(root, tmp_path))
    zeros = {at: torch.zeros(3, matrix.shape[1], 4, 4) for at, matrix in trainer.grams[0].items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer, "perceptual", lambda _: zeros)
        for styles in ([0, 0, 0], [2, 1, 0]):
            assert trainer.style_term(torch.empty(0), styles).item() == pytest.approx(1, rel=1e-5)


def test_accumulation_equals_a_larger_batch(root: Path, tmp_path: Path) -> None:
    """So images take the styles in turn, however a step is split."""
    whole, parts = (build(config(root, tmp_path)) for _ in range(2))
    for trainer in (whole, parts):
        trainer.grams = [{at: gram.double() for at, gram in each.items()} for each in trainer.grams]
        trainer.scales = [scale.double() for scale in trainer.scales]
    frozen = (trainer.perceptual.features for trainer in (whole, parts))
    assert_accumulation_equals_a_larger_batch(
        whole, parts, lambda step: (photographs(step, 2),), *frozen
    )


@pytest.mark.parametrize("sections", [
    {"train": {"precision": "bf16", "ema": 0.9, "recompute": True}},
    {"data": {"channels_a": 1}, "networks": {"dropout": True, "upsample": "blur"}},
], ids=str)  # fmt: skip
def test_every_switch_trains(sections: dict[str, Any], root: Path, tmp_path: Path) -> None:
    settings = config(root, tmp_path, **sections)
    trainer = build(settings)
    before = parameters(trainer)
    images = photographs(0, 2)[:, : settings.data.channels_a]
    assert trainer.train_step(1, [(images,)])["skipped_steps"] == 0
    assert not all_equal(before, parameters(trainer))


def test_a_resumed_run_is_the_uninterrupted_one(root: Path, tmp_path: Path) -> None:
    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "batch_size": 1, "max_steps": stop}
        return config(root, run, train=keys, networks={"dropout": True})

    assert_resuming_is_exact(settings, tmp_path, 2, 3, 5)


def test_a_run_leaves_one_generator_with_named_styles_and_a_grid_of_all(trained: Path) -> None:
    assert [path.name for path in trained.glob("*.safetensors")] == ["gen_ab.safetensors"]
    file = open_generator(trained / "gen_ab.safetensors")
    assert (style_names(file), file.spec["styles"]) == (list(NAMES), 3)
    (grid,) = (trained / "samples").iterdir()
    with Image.open(grid) as image:
        assert image.size == ((1 + 3) * 16, 4 * 16)  # four photographs, three styles


def test_a_folder_is_translated_in_a_chosen_style_and_in_a_blend(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    results: dict[str, Any] = {}
    choices: dict[str, dict[str, Any]] = {
        "0": {"style_index": 0}, "waves": {"style_index": "waves"}, "2": {"style_index": 2},
        "mix": {"style_blend": "0:0.5,waves:0.5"},
    }  # fmt: skip
    for name, options in choices.items():
        out = tmp_path / name
        assert translate_folder(trained, root / "trainA", out, **options) == 0
        translator = Translator.load(trained, **options)
        assert translator.tiles
        with Image.open(root / "trainA" / "3.png") as image, Image.open(out / "3.png") as ours:
            assert np.array_equal(np.asarray(translator.translate(image)), np.asarray(ours))
            results[name] = np.asarray(ours)
    assert np.array_equal(results["2"], results["waves"])
    assert not np.array_equal(results["0"], results["2"])
    assert not np.array_equal(results["mix"], results["2"])


def test_an_exported_style_is_a_generator_like_any_other(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "waves.safetensors"
    words = ["export", "--model", str(trained), "--format", "safetensors", "--output", str(file)]
    assert main([*words, "--style_index", "waves"]) == 0
    with Image.open(root / "trainA" / "0.png") as image:
        ours, theirs = (
            np.asarray(Translator.load(model, style_index=index).translate(image))
            for model, index in ((file, None), (trained, 2))
        )
    assert np.array_equal(ours, theirs)
    assert main([*words, "--overwrite"]) == 0  # without a choice, all of them
    assert style_names(open_generator(file)) == list(NAMES)


def test_a_missing_choice_is_an_error_in_one_line(
    trained: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--output", str(tmp_path / "out.onnx")]
    words = ["--model", str(trained), "--input", str(root / "trainA"), "--output", str(tmp_path)]
    for command in (["translate", *words], ["export", *words[:2], "--format", "onnx", *place]):
        assert main(command) == 1
        printed = capsys.readouterr().err.strip()
        assert "has several styles: select one with --style_index NUMBER" in printed
        assert "styles: 0 dots, 1 reds, 2 waves" in printed
        assert "\n" not in printed


def test_an_added_style_moves_no_other_by_a_bit(
    trained: Path, root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only its own scales and shifts are trained, through averages and resuming, too."""
    for stop in (2, 4):
        switches = {"max_steps": stop, "ema": 0.9}
        assert train(added(root, tmp_path, trained, train=switches)).status == 0
    before, after = (load_file(run / "gen_ab.safetensors") for run in (trained, tmp_path))
    file = open_generator(tmp_path / "gen_ab.safetensors")
    assert style_names(file) == [*NAMES, "oils"]
    said = capsys.readouterr().err
    assert "New styles for --style_index: 3 oils\n" in said
    assert "--style_index 3 " in said.splitlines()[-1]
    norms = norm_keys(file.network)
    for name, tensor in before.items():
        assert torch.equal(after[name][:3] if name in norms else after[name], tensor)
    moved = [name for name in norms if not torch.equal(after[name][3], before[name].mean(0))]
    assert len(moved) == len(norms)
    with Image.open(root / "trainA" / "1.png") as image:
        for style in range(3):
            ours, theirs = (
                Translator.load(run, style_index=style).translate(image)
                for run in (trained, tmp_path)
            )
            assert np.array_equal(np.asarray(ours), np.asarray(theirs))


def test_only_scales_and_shifts_of_added_styles_have_gradients(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    trainer = build(added(root, tmp_path, trained))
    network = trainer.frame.bare["gen_ab"]
    norms = norm_keys(network)
    trained_ones = {name for name, p in network.named_parameters() if p.requires_grad}
    assert trained_ones == norms
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    trainer.train_step(1, [(photographs(1, 2),)])
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before.keys() - norms)
    assert all(torch.equal(after[name][:3], before[name][:3]) for name in norms)
    assert not any(torch.equal(after[name][3], before[name][3]) for name in norms)


def test_a_network_that_does_not_fit_or_a_repeated_name_is_rejected(
    trained: Path, root: Path, tmp_path: Path
) -> None:
    wide = {"generator_channels": 3}
    with pytest.raises(ValueError, match=r"style\.add_to: .* set networks\.generator_channels 2"):
        build(added(root, tmp_path, trained, networks=wide))
    with pytest.raises(
        ValueError, match=r"data\.b: dots, reds, waves: style\.add_to already has styles"
    ):
        build(added(root, tmp_path, trained, data={"b": root / "b"}))
    with pytest.raises(ValueError, match=r"style\.add_to: .*none: no such run directory"):
        build(added(root, tmp_path, tmp_path / "none"))
    for own in (trained, trained / "gen_ab.safetensors"):
        with pytest.raises(ValueError, match=r"style\.add_to: .* set run\.dir to another folder"):
            build(added(root, trained, own))
    convert(trained, tmp_path / "one.safetensors", style_index=0)
    with pytest.raises(
        ValueError, match=r"style\.add_to: .*one.* set a run of train.recipe many_styles"
    ):
        build(added(root, tmp_path, tmp_path / "one.safetensors"))


def test_broken_paintings_are_named_together(root: Path, tmp_path: Path) -> None:
    place = tmp_path / "b"
    shutil.copytree(root / "b", place)
    (place / "bad.jpg").write_bytes(b"no picture")
    one = r"data\.b: .*bad\.jpg: not an image of a known kind: remove the file$"
    with pytest.raises(ValueError, match=one):
        build(config(root, tmp_path / "run", data={"b": place}))
    for number in range(5):
        (place / f"reds/{number + 3}.png").write_bytes(b"x")
    several = r"data\.b: remove these 6 files: .*bad\.jpg: .*reds/3.*reds/6\.png: [^;]*; \.\.\.$"
    with pytest.raises(ValueError, match=several):
        build(config(root, tmp_path / "run", data={"b": place}))


def test_other_styles_are_rejected_when_a_run_is_resumed(root: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(config(root, run, train={"max_steps": 1}))
    other = config(
        root, run, data={"b": root / "more"}, train={"max_steps": 2}, run={"allow_changes": True}
    )
    with pytest.raises(ValueError, match=r"styles: .*dots, reds, waves -> oils"):
        train(other)


@pytest.mark.parametrize(("sections", "message"), [
    ({"loss": {"style": 0}}, "networks.generator conditional_6blocks needs a loss.style above 0"),
    ({"loss": {"perceptual_cycle": 1}}, "set loss.perceptual_cycle to 0"),
    ({"style": {"image": Path("x.png")}}, "remove style.image"),
    ({"data": {"b": None}}, "data.a and data.b belong together"),
    ({"data": {"crop_size": 18}}, "must be a multiple of 4"),
    ({"train": {"recipe": "cyclegan"}}, "train.recipe cyclegan cannot train conditional_6blocks"),
    ({"networks": {"generator": "adain"}, "train": {"recipe": "many_styles"}},
     "needs networks.generator conditional_6blocks or conditional_9blocks, not adain"),
    ({"networks": {"generator": "resnet_6blocks"}, "style": {"add_to": Path("x")}},
     "style.add_to requires a generator with several styles, which train.recipe cyclegan does"),
    ({"networks": {"weights": Path("x")}, "style": {"add_to": Path("x")}},
     "style.add_to and networks.weights exclude each other"),
    ({"evaluate": {"every": 5}, "data": {"root": Path("x"), "a": None, "b": None}},
     "conditional_6blocks has several styles, but an evaluation compares with one"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)


def test_the_generator_alone_chooses_the_recipe(root: Path, tmp_path: Path) -> None:
    assert config(root, tmp_path).recipe == "many_styles"
