"""Distilling: the loss by hand, the teacher as it was trained, exact resuming, its file."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from gan.config import Config
from gan.inference.translator import Translator
from gan.networks import build_generator
from gan.networks.files import load_generator, save_generator
from gan.training import train
from gan.training.accelerator import build_accelerator
from gan.training.recipes.distill import DistillTrainer
from tests.support import backbone
from tests.support.commands import convert, translate_folder
from tests.support.foreign import randomized
from tests.support.launching import write_images
from tests.support.recipes import (
    assert_rejected,
    assert_resuming_is_exact,
    parameters,
    photographs,
    small,
)
from tests.support.runs import Sections
from tests.support.trainers import all_equal

ROOT = Path(__file__).parents[3]
TEACHER: dict[str, Any] = {
    "kind": "resnet_1blocks", "in_channels": 3, "out_channels": 3, "channels": 2,
    "norm": "batch", "upsample": "deconv", "dropout": True, "downsample": "stride",
}  # fmt: skip


def write_teacher(path: Path, **about: Any) -> Path:
    """Write a generator with random weights that differs in train mode: batch norm, dropout."""
    network = randomized(build_generator(**TEACHER))
    save_generator(network.state_dict(), path, TEACHER, {"direction": "ab"} | about)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs in trainA, a teacher, weights of a frozen network."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    write_teacher(folder / "teacher.safetensors")
    backbone.write_backbone(folder / "weights.pth")
    return folder


def config(root: Path, folder: Path, **sections: Mapping[str, Any]) -> Config:
    own: Sections = {
        "data": {"a": root / "trainA"}, "networks": {"generator": "mobile"},
        "loss": {"pixel": 10.0}, "perceptual": backbone.section(root / "weights.pth"),
        "distill": {"teacher": root / "teacher.safetensors"}, "train": {"recipe": "distill"},
    }  # fmt: skip
    return small(folder, own, sections)


def build(settings: Config) -> DistillTrainer:
    return DistillTrainer(settings, build_accelerator(settings))


def test_the_losses_of_a_step_are_differences_from_the_teachers_translation(
    root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path, loss={"perceptual": 3.0}))
    teacher, _, _ = load_generator(root / "teacher.safetensors")
    a = photographs(1, 2).float() / 127.5 - 1
    with torch.no_grad():
        fake_b, taught = trainer.frame.bare["gen_ab"](a), teacher(a)
    values = trainer.train_step(1, [(photographs(1, 2),)])
    pixel = float(np.abs(fake_b.numpy() - taught.numpy()).mean())
    ours, theirs = (backbone.maps(images)["features.1"] for images in (fake_b, taught))
    assert values["pixel_ab"].item() == pytest.approx(10 * pixel, rel=1e-5)
    assert values["perceptual_ab"].item() == pytest.approx(
        3 * float((ours - theirs).square().mean()), rel=1e-4
    )
    assert {name for name in values if name.endswith("_ab")} == {"pixel_ab", "perceptual_ab"}


def test_the_teacher_stays_as_its_file_has_it_and_the_student_moves(
    root: Path, tmp_path: Path
) -> None:
    trainer = build(config(root, tmp_path))
    before = parameters(trainer)
    trainer.train_step(1, [(photographs(0),), (photographs(1),)])
    teacher, _, _ = load_generator(root / "teacher.safetensors")
    saved = list(teacher.state_dict().values())
    assert all_equal(saved, list(trainer.teacher.network.state_dict().values()))
    assert not all_equal(before, parameters(trainer))


def test_a_teacher_imitates_itself_without_a_loss(tmp_path: Path, root: Path) -> None:
    spec = TEACHER | {"kind": "resnet_6blocks", "norm": "instance", "dropout": False}
    network = randomized(build_generator(**spec))
    save_generator(network.state_dict(), tmp_path / "gen_ab.safetensors", spec, {})
    trainer = build(
        config(
            root, tmp_path / "run",
            networks={"generator": "resnet_6blocks", "weights_ab": tmp_path / "gen_ab.safetensors"},
            distill={"teacher": tmp_path},
        )
    )  # fmt: skip
    # Two batches in a pass may round differently from one.
    assert trainer.train_step(1, [(photographs(2),)])["pixel_ab"].item() < 1e-5


def test_a_resumed_run_is_the_uninterrupted_one(root: Path, tmp_path: Path) -> None:
    def settings(run: Path, stop: int) -> Config:
        keys = {"ema": 0.9, "accumulate": 2, "max_steps": stop}
        return config(root, run, train=keys, loss={"perceptual": 1}, networks={"dropout": True})

    assert_resuming_is_exact(settings, tmp_path, 1, 3)


def test_a_run_of_the_configuration_file_leaves_a_generator_that_translates(
    root: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    file = yaml.safe_load((ROOT / "configs" / "distill.yaml").read_text(encoding="utf-8"))
    tiny: Sections = {
        "data": {"a": root / "trainA", "load_size": 18, "crop_size": 16},
        "networks": {"generator_channels": 2},
        "perceptual": backbone.section(root / "weights.pth"),
        "distill": {"teacher": root / "teacher.safetensors"}, "train": {"max_steps": 1},
        "run": {"dir": run},
    }  # fmt: skip
    assert train(small(run, file, tiny)).status == 0
    assert [path.name for path in run.glob("*.safetensors")] == ["gen_ab.safetensors"]
    (grid,) = (run / "samples").iterdir()
    with Image.open(grid) as image:
        assert image.size == (3 * 16, 4 * 16)  # photographs, the teacher's translations, ours
    assert load_generator(run / "gen_ab.safetensors")[1]["kind"] == "mobile"
    assert translate_folder(run, root / "trainA", tmp_path / "out") == 0
    convert(run, tmp_path / "again.safetensors")
    with Image.open(root / "trainA/3.png") as image, Image.open(tmp_path / "out/3.png") as ours:
        again = Translator.load(tmp_path / "again.safetensors").translate(image)
        assert np.array_equal(np.asarray(again), np.asarray(ours))


def test_another_teacher_is_rejected_on_resuming_and_a_moved_one_is_not(
    root: Path, tmp_path: Path
) -> None:
    run, moved = tmp_path / "run", tmp_path / "moved.safetensors"
    moved.write_bytes((root / "teacher.safetensors").read_bytes())
    train(config(root, run, train={"max_steps": 1}))
    train(config(root, run, distill={"teacher": moved}, train={"max_steps": 2}))
    other = write_teacher(tmp_path / "other.safetensors", source="another run")
    with pytest.raises(ValueError, match=r"distill\.teacher: the file's content has changed"):
        train(config(root, run, distill={"teacher": other}, train={"max_steps": 3}))


@pytest.mark.parametrize(("about", "sections", "message"), [
    ({"range_in": [0, 4095]}, {}, r"trained with another data.range_a: set data.range_a to \[0, 4"),
    ({}, {"data": {"range_b": [0, 255]}}, "data.range_b: remove data.range_b"),
    ({}, {"data": {"channels_a": 1}}, "data.channels_a: set data.channels_a to 3"),
    ({}, {"distill": {"teacher": Path("x")}, "run": {"dir": Path("x")}}, "set run.dir to another"),
    ({}, {"distill": {"teacher": Path("none")}}, "distill.teacher: none: no such run directory"),
], ids=str)  # fmt: skip
def test_a_teacher_that_was_trained_on_other_images_is_rejected(
    about: dict[str, Any], sections: dict[str, dict[str, Any]], message: str, root: Path,
    tmp_path: Path,
) -> None:  # fmt: skip
    teacher = {"teacher": write_teacher(tmp_path / "teacher.safetensors", **about)}
    with pytest.raises(ValueError, match=message):
        build(config(root, tmp_path, **{"distill": teacher} | sections))


@pytest.mark.parametrize(("kind", "further", "message"), [
    ("adain", {}, "takes a style image: choose a generator that takes only photographs"),
    ("conditional_1blocks", {"styles": 2, "downsample": "stride"},
     r"has several styles: write a file with one style, for instance gan convert .* --style_index"),
])  # fmt: skip
def test_a_teacher_that_needs_more_than_a_photograph_is_rejected(
    kind: str, further: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    kept = ("in_channels", "out_channels", "channels", "upsample", "dropout")
    spec = {key: TEACHER[key] for key in kept} | {"kind": kind} | further
    file, run = tmp_path / "teacher.safetensors", tmp_path / "run"
    save_generator(build_generator(**spec).state_dict(), file, spec, {"direction": "ab"})
    with pytest.raises(ValueError, match=rf"distill\.teacher: .*{message}"):
        train(config(root, run, distill={"teacher": file}))
    assert not run.exists()


@pytest.mark.parametrize(("sections", "message"), [
    ({"distill": {"teacher": None}}, "train.recipe distill needs a distill.teacher: set it, or"),
    ({"train": {"recipe": None}, "data": {"b": Path("x")}, "loss": {"pixel": 0}},
     "train.recipe cyclegan does not use distill.teacher: set train.recipe distill, or remove"),
    ({"loss": {"pixel": 0}}, "train.recipe distill needs a loss.pixel above 0"),
    ({"loss": {"pixel": 1, "style": 1}}, "train.recipe distill does not use loss.style"),
    ({"data": {"b": Path("x")}}, "train.recipe distill does not use data.b: remove it"),
    ({"train": {"recipe": "cyclegan"}, "distill": {"teacher": None},
      "data": {"b": Path("x"), "crop_size": 64, "load_size": 64}},
     "train.recipe cyclegan does not use loss.pixel: set it to 0, or train.recipe to distill"),
], ids=str)  # fmt: skip
def test_contradictions_are_rejected_by_name(
    sections: dict[str, Any], message: str, root: Path, tmp_path: Path
) -> None:
    assert_rejected(partial(config, root, tmp_path), sections, message)
