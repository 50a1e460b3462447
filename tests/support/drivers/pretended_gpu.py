"""Run checks on a pretended GPU, with and without planted faults; print a line of JSON for each.

python tests/support/drivers/pretended_gpu.py FOLDER
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from accelerate import PartialState
from PIL import Image
from torch import nn
from torch.nn.functional import l1_loss
from torch.utils._pytree import tree_map_only
from torchvision.models import squeezenet1_1

from experiments.checks.gpu.setting import tensors
from gan.config import Config
from gan.config.table import load
from gan.config.tables.recipes import RECIPES
from gan.evaluation import command
from gan.inference.devices import pick_device
from gan.inference.folder import streams
from gan.inference.folder.pipeline import Pipeline
from gan.inference.folder.plan import Job
from gan.inference.translator import Translator
from gan.interop import Opened
from gan.networks import build_generator
from gan.networks.layers import NearestUpsample
from gan.training import objective, teacher
from gan.training.accelerator import build_accelerator
from gan.training.doctor import pictures
from gan.training.recipes import base
from gan.training.recipes.base import Step
from tests.support import backbone
from tests.support.classifying import write_classifier
from tests.support.decoders import write_vgg
from tests.support.generators import write_generator
from tests.support.pretended_checks import ROOMS
from tests.support.pretended_gpu import GPU, Float32Maps, pretended_gpu

CHANNELS = 8


NOTHING: Mapping[str, dict[str, Any]] = {}


def translator(precision: Any = "bf16") -> Translator:
    """Return a translator with a ResNet that upsamples by repeating pixels."""
    network = build_generator("resnet_6blocks", channels=CHANNELS, upsample="resize")
    return Translator(network, 3, pick_device("auto"), precision)


def translates(folder: Path) -> None:
    """Translate a batch, with all maps in half precision."""
    ours = translator()
    assert ours.device == GPU
    # Not in inference mode, where fake tensors come before autocast.
    translate: Any = Translator.translate_batch.__wrapped__  # type: ignore[attr-defined]
    with Float32Maps(CHANNELS) as maps:
        (result,) = translate(ours, torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    assert result is not None
    assert (result.device.type, result.dtype) == ("cpu", torch.uint8)
    assert not maps.found, f"float32 maps in half precision: {maps.found}"


def translates_folders(folder: Path) -> None:
    """Translate a folder with the pipeline, which translates in a thread."""
    jobs = [Job(path, (40, 30), folder / "out.png") for path in sorted(folder.glob("testA/*"))]
    ours = translator()
    pipeline = Pipeline(ours, 100, None, folder, lambda *_: None)
    failures = [outcome.failure for outcome in pipeline.run([jobs]) if outcome.failure]
    assert not failures, failures


def augments(folder: Path) -> None:
    """Translate and reconstruct images for the gates' scores."""
    ours = Pipeline(translator(), 100, None, folder, lambda *_: None, translator())
    (result,) = ours.translate_batch(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    assert result is not None


def trains(
    recipe: str, precision: str, changes: Mapping[str, dict[str, Any]] = NOTHING
) -> Callable[[Path], None]:
    """Return a check of a training step without its backward passes, and of a resumed one."""

    def check(folder: Path) -> None:
        config = config_of(recipe, precision, folder, changes)
        with patch.object(Step, "minimize", noted), patch.object(teacher, "open_generator", opened):
            accelerator = build_accelerator(config)
            for state in (accelerator.state, PartialState()):  # as for the second of two processes
                state.device = GPU
            trainer = load(RECIPES[recipe].code)(config, accelerator)
            elsewhere(trainer.frame.state())
            side = config.data.crop_size
            batch = [torch.zeros(2, 3, side, side, dtype=torch.uint8) for _ in config.domains]
            with Float32Maps(CHANNELS) as maps:
                values = trainer.train_step(1, [batch])
            elsewhere(values)
            if precision == "bf16":
                # The losses of feature maps, which are compared in float32.
                losses = {"aten::_to_copy", "aten::sub.Tensor", "aten::pow.Tensor_Scalar"}
                found = maps.found - losses - {"aten::_fused_adam_"}
                assert not found, f"float32 maps in half precision: {found}"
            state = trainer.frame.state(), trainer.frame.own_state()
            elsewhere(state)
            trainer.frame.restore(*tree_map_only(torch.Tensor, torch.Tensor.cpu, state))
            elsewhere((trainer.frame.state(), trainer.frame.own_state()))

    return check


def opened(_: Path) -> Opened:
    """Return a teacher; weights without numbers cannot be read from a file."""
    spec = {"kind": "resnet_6blocks", "in_channels": 3, "out_channels": 3}
    return Opened(build_generator("resnet_6blocks", channels=CHANNELS).eval(), spec, {})


def noted(self: Step, loss: torch.Tensor, values: Any) -> None:
    """Record the values and set gradients without a backward pass."""
    self.records[-1] |= values | {"loss": loss}
    for network in self.frame.bare.values():
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)


GUIDED = {"perceptual": 1, "style": 1, "tv": 1}
TERMS = {recipe: GUIDED for recipe in RECIPES} | {
    "contrastive": {"nce": 1, "tv": 1},
    "distill": {"pixel": 1, "perceptual": 1},
    "decoder": {"pixel": 1, "perceptual": 1},
}
"""Weights of the losses."""


def elsewhere(values: Any) -> None:
    """Raise an error if a tensor is not on the GPU."""
    found = dict(tensors(values))
    assert found
    wrong = sorted({f"{name}: {t.device}" for name, t in found.items() if t.device != GPU})
    assert not wrong, f"not on {GPU}: {wrong[:4]}"


def config_of(
    recipe: str, precision: str, folder: Path, changes: Mapping[str, dict[str, Any]]
) -> Config:
    others = {
        "arbitrary_style": "adain", "many_styles": "conditional_6blocks", "decoder": "vgg_3levels",
    }  # fmt: skip
    generator = others.get(recipe, "resnet_6blocks")
    sections: dict[str, dict[str, Any]] = {
        "data": {"load_size": 32, "crop_size": 32},
        "networks": {
            "generator": generator, "generator_channels": CHANNELS, "upsample": "resize",
            "discriminator": "n_layers", "discriminator_layers": 1,
            "discriminator_channels": CHANNELS,
        },
        "loss": TERMS[recipe],
        "perceptual": backbone.section(folder / "backbone.pth"),
        "train": {"precision": precision, "recipe": recipe, "ema": 0.9},
        "run": {"device": "cuda"},
    }  # fmt: skip
    if recipe == "single_style":
        sections["style"] = {"image": folder / "painting.png"}
    if recipe == "distill":
        sections["distill"] = {"teacher": folder / "gen_ab.safetensors"}
    if recipe == "decoder":
        sections["perceptual"] = {"backbone": "vgg16", "weights": folder / "vgg.pth"}
    if recipe == "many_styles":
        sections["data"] |= {"a": folder, "b": folder}
    if changes:
        sections["semantic"] = {"classifier": folder / "classifier.safetensors"}
    for name, section in changes.items():
        sections[name] = sections.get(name, {}) | section
    return Config.model_validate(sections)


OTHERS: dict[str, dict[str, Any]] = {
    "data": {"load_size": 128, "crop_size": 128},
    "networks": {"generator": "unet_128", "upsample": "deconv", "discriminator": "pixel"},
    "loss": {"adversarial": "wgan_gp", "semantic": 1},
    "train": {"pool_size": 1},
}
"""Settings that the other checks of recipes do not cover."""


CHECKS: dict[str, Callable[[Path], None]] = {
    "translates": translates,
    "translates_folders": translates_folders,
    "augments": augments,
    **ROOMS,
    **{f"{recipe}, {p}": trains(recipe, p) for recipe in RECIPES for p in ("fp32", "bf16")},
    "cyclegan, other networks": trains("cyclegan", "fp32", OTHERS),
}


@contextmanager
def cpu_tensor_in_a_loss() -> Iterator[None]:
    """Plant a fault: compare with an image that stays on the CPU."""
    with patch.object(objective, "l1_loss", lambda x, y: l1_loss(x, torch.zeros(y.shape))):
        yield


@contextmanager
def device_without_index() -> Iterator[None]:
    """Plant a fault: use the current GPU in the thread that translates."""
    translate = Translator.translate_batch

    def anywhere(self: Translator, pixels: torch.Tensor) -> Any:
        self.device = torch.device("cuda")
        return translate(self, pixels)

    with patch.object(Translator, "translate_batch", anywhere):
        yield


@contextmanager
def upsampling_in_float32() -> Iterator[None]:
    """Plant a fault: use CUDA's autocast for upsampling."""
    with patch.object(NearestUpsample, "forward", nn.Upsample.forward):
        yield


@contextmanager
def skips_in_float32() -> Iterator[None]:
    """Plant a fault: concatenate a U-Net's maps in float32."""
    cat = torch.cat
    with patch("torch.cat", lambda parts, dim: cat([part.float() for part in parts], dim)):
        yield


@contextmanager
def luma_weights_on_the_cpu() -> Iterator[None]:
    """Plant a fault: keep the weights of luma on the CPU."""
    with patch.object(pictures, "luma", lambda images: (images * torch.ones(3, 1, 1)).mean(1)):
        yield


PLANTED: dict[str, tuple[str, Callable[[], Any]]] = {
    "a CPU tensor in a loss": ("cyclegan, fp32", cpu_tensor_in_a_loss),
    "a device without index in a thread": ("translates_folders", device_without_index),
    "a device without index in a command": (
        "evaluates_a_model",
        lambda: patch.object(command, "pick_device", lambda _: torch.device("cuda")),
    ),
    "a thread whose GPU is not set": (
        "streams", lambda: patch.object(streams, "partial", lambda *_: None),
    ),
    "a pool restored to the CPU": (
        "cyclegan, fp32", lambda: patch.object(base, "usable", lambda images, *_: images),
    ),
    "luma weights on the CPU": ("doctors", luma_weights_on_the_cpu),
    "upsampling in float32, translating": ("translates", upsampling_in_float32),
    "upsampling in float32, training": ("single_style, bf16", upsampling_in_float32),
    "skips in float32": ("generates, unet", skips_in_float32),
}  # fmt: skip
"""The check that must find each fault."""


def main(folder: Path) -> None:
    for name in ("testA", "testB"):
        (folder / name).mkdir()
        for number in range(2):
            pixels = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    for name in ("painting.png", "labelled/train/cats/0.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / name)
    Image.new("L", (40, 30), 255).save(folder / "mask.png")
    backbone.write_backbone(folder / "backbone.pth")
    backbone.write_network(folder / "network.pth")
    write_vgg(folder / "vgg.pth", CHANNELS)
    write_classifier(folder / "classifier.safetensors")
    write_generator(folder / "gen_ab.safetensors")
    torch.save(squeezenet1_1(num_classes=3).state_dict(), folder / "squeezenet.pth")
    rows: dict[str, tuple[Callable[[Path], None], Callable[[], Any]]] = {
        name: (check, nullcontext) for name, check in CHECKS.items()
    }
    rows |= {name: (CHECKS[check], plant) for name, (check, plant) in PLANTED.items()}
    for name, (check, plant) in rows.items():
        said = ""
        try:
            with pretended_gpu(), plant():
                check(folder)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        print(json.dumps({"name": name, "said": said}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
