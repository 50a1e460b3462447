"""What runs on a pretended GPU, with faults planted or without: prints a line of JSON for each.

python tests/support/drivers/pretended_gpu.py FOLDER
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from accelerate import PartialState
from PIL import Image
from torch import nn
from torch.nn.functional import l1_loss

from gan.config import Config
from gan.config.table import load
from gan.config.tables.recipes import RECIPES
from gan.evaluation import measure, open_folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measure import Evaluator, Task
from gan.inference.folder.pipeline import Pipeline
from gan.inference.folder.plan import Job
from gan.inference.translator import Translator, pick_device
from gan.networks import build_generator
from gan.networks.layers import NearestUpsample
from gan.system.processes import Processes
from gan.training import objective
from gan.training.accelerator import build_accelerator
from gan.training.optimization import Updates
from gan.training.recipes.base import Step
from tests.support import backbone
from tests.support.pretended_gpu import GPU, Float32Maps, pretended_gpu

CHANNELS = 8


def translator(precision: Any = "bf16") -> Translator:
    """A ResNet that scales up by repeating pixels."""
    network = build_generator("resnet_6blocks", channels=CHANNELS, upsample="resize")
    return Translator(network, 3, pick_device("auto"), precision)


def translates(folder: Path) -> None:
    """A batch, and its maps in half precision."""
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
    """The pipeline, whose translations are made in a thread."""
    jobs = [Job(path, (40, 30), folder / "out.png") for path in sorted(folder.glob("testA/*"))]
    ours = translator()
    pipeline = Pipeline(ours, 100, None, folder, lambda *_: None)
    failures = [outcome.failure for outcome in pipeline.run([jobs]) if outcome.failure]
    assert not failures, failures


def augments(folder: Path) -> None:
    """There and back, for the gates' scores."""
    ours = Pipeline(translator(), 100, None, folder, lambda *_: None, translator())
    (result,) = ours.translate_batch(torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    assert result is not None


def trains(recipe: str, precision: str) -> Callable[[Path], None]:
    """Return a check of a training step's forward passes."""

    def check(folder: Path) -> None:
        config = config_of(recipe, precision, folder)
        with ExitStack() as stack:
            stack.enter_context(patch.object(Step, "minimize", noted))
            stack.enter_context(patch.object(Updates, "apply", lambda *_: {}))
            accelerator = build_accelerator(config)
            for state in (accelerator.state, PartialState()):  # as for the second of two processes
                state.device = GPU
            trainer = load(RECIPES[recipe].code)(config, accelerator)
            batch = [torch.zeros(2, 3, 32, 32, dtype=torch.uint8) for _ in config.domains]
            maps = stack.enter_context(Float32Maps(CHANNELS))
            values = trainer.train_step(1, [batch])
        assert values
        assert {value.device for value in values.values()} == {GPU}
        if precision == "bf16":
            # The losses of feature maps, which are compared in float32.
            losses = {"aten::_to_copy", "aten::sub.Tensor", "aten::pow.Tensor_Scalar"}
            assert maps.found <= losses, f"float32 maps in half precision: {maps.found - losses}"

    return check


def noted(self: Step, loss: torch.Tensor, values: Any) -> None:
    """Note the values, without a backward pass."""
    self.records[-1] |= values | {"loss": loss}


GUIDED = {"perceptual": 1, "style": 1, "tv": 1}
TERMS = {recipe: GUIDED for recipe in RECIPES} | {"contrastive": {"nce": 1, "tv": 1}}
"""Weights of the losses."""


def config_of(recipe: str, precision: str, folder: Path) -> Config:
    generator = "adain" if recipe == "arbitrary_style" else "resnet_6blocks"
    sections: dict[str, dict[str, Any]] = {
        "data": {"load_size": 32, "crop_size": 32},
        "networks": {
            "generator": generator, "generator_channels": CHANNELS, "upsample": "resize",
            "discriminator": "n_layers", "discriminator_layers": 1,
            "discriminator_channels": CHANNELS,
        },
        "loss": TERMS[recipe],
        "perceptual": backbone.section(folder / "backbone.pth"),
        "train": {"precision": precision, "recipe": recipe},
        "run": {"device": "cuda"},
    }  # fmt: skip
    if recipe == "single_style":
        sections["style"] = {"image": folder / "painting.png"}
    return Config.model_validate(sections)


def evaluates(folder: Path) -> None:
    """L1 of pairs, without an extractor: the numbers themselves are none."""
    config = Config.model_validate({"data": {"root": folder, "load_size": 32, "crop_size": 32}})
    ours = translator("fp32")
    batches: list[torch.device] = []

    def forth(images: torch.Tensor) -> torch.Tensor:
        batches.append(images.device)
        return ours.run(images)

    instruments = Instruments(GPU)
    evaluator = Evaluator(instruments, config.data, 2, Processes())
    files = list(enumerate(open_folders(config.data).sources["a"].files))
    task = Task(forth, None, (3, 3), {}, None, ["l1"])
    with patch.object(measure, "_put", lambda *_: None):
        list(evaluator.rows(files[:2], task))
    assert batches == [GPU]


CHECKS: dict[str, Callable[[Path], None]] = {
    "translates": translates,
    "translates_folders": translates_folders,
    "augments": augments,
    "evaluates": evaluates,
    **{f"{recipe}, {p}": trains(recipe, p) for recipe in RECIPES for p in ("fp32", "bf16")},
}


@contextmanager
def cpu_tensor_in_a_loss() -> Iterator[None]:
    """Compare with an image that was left on the CPU."""
    with patch.object(objective, "l1_loss", lambda x, y: l1_loss(x, torch.zeros(y.shape))):
        yield


@contextmanager
def device_without_index() -> Iterator[None]:
    """Take whatever GPU is present, in the thread that translates."""
    translate = Translator.translate_batch

    def anywhere(self: Translator, pixels: torch.Tensor) -> Any:
        self.device = torch.device("cuda")
        return translate(self, pixels)

    with patch.object(Translator, "translate_batch", anywhere):
        yield


@contextmanager
def upsampling_in_float32() -> Iterator[None]:
    """Leave it to CUDA's autocast."""
    with patch.object(NearestUpsample, "forward", nn.Upsample.forward):
        yield


PLANTED: dict[str, tuple[str, Callable[[], Any]]] = {
    "a CPU tensor in a loss": ("cyclegan, fp32", cpu_tensor_in_a_loss),
    "a device without index in a thread": ("translates_folders", device_without_index),
    "upsampling in float32, translating": ("translates", upsampling_in_float32),
    "upsampling in float32, training": ("cyclegan, bf16", upsampling_in_float32),
}
"""The check that must find each fault."""


def main(folder: Path) -> None:
    for name in ("testA", "testB"):
        (folder / name).mkdir()
        for number in range(2):
            pixels = np.random.default_rng(number).integers(0, 256, (30, 40, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    Image.fromarray(pixels).save(folder / "painting.png")
    backbone.write_backbone(folder / "backbone.pth")
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
