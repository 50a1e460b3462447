"""Checks of single packages on a pretended GPU; each gets a folder with images and weights."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import _get_current_dispatch_mode

from gan.augment import command as augmentation
from gan.augment.live import Model, opened, translate_batch
from gan.augment.options import AugmentOptions
from gan.augment.round_trip import TaskScore
from gan.config import Config
from gan.config.tables.discriminators import DISCRIMINATORS
from gan.domains import DIRECTIONS
from gan.evaluation import command, open_folders
from gan.evaluation.instruments import Instruments
from gan.evaluation.measure import Evaluator, Task
from gan.evaluation.options import EvaluateOptions
from gan.features import Features, LayerTable
from gan.inference.folder.plan import Job
from gan.inference.folder.streams import Streams
from gan.losses import Scores, score_maps
from gan.metrics.extractor import Extractor
from gan.networks import build_discriminator, build_generator
from gan.stylize.canvas import prepare
from gan.stylize.objective import Weights, equation
from gan.stylize.scene import noise, read_sources, resized, scene
from gan.system.processes import Processes
from gan.training.doctor import pictures
from gan.training.doctor.doctor import _see
from tests.support import backbone
from tests.support.pretended_gpu import GPU, Float32Maps

CHANNELS = 8
GENERATORS: dict[str, dict[str, Any]] = {
    "deconv": {"kind": "resnet_6blocks"},
    "blur": {"kind": "resnet_6blocks", "upsample": "blur", "downsample": "blur"},
    "unet": {"kind": "unet_128"},
    "unet, resize": {"kind": "unet_128", "upsample": "resize"},
}


def generates(name: str, folder: Path) -> None:
    """Run a generator in half precision, with all its maps."""
    network = build_generator(channels=CHANNELS, **GENERATORS[name]).eval().to(GPU)
    half(network, torch.zeros(1, 3, 32, 32, device=GPU))


def discriminates(folder: Path) -> None:
    """Run every discriminator in half precision, with all its maps."""
    for name in DISCRIMINATORS:
        file = folder / "network.pth"
        network = build_discriminator(name, channels=CHANNELS, weights=file).to(GPU)
        half(network, torch.zeros(1, 3, 64, 64, device=GPU))


def half(network: Callable[[Tensor], Scores], images: Tensor) -> None:
    """Run a network with autocast; raise an error if one of its maps is in float32."""
    with Float32Maps(CHANNELS) as maps, torch.autocast("cuda", torch.bfloat16):
        assert all(scores.device == GPU for scores in score_maps(network(images)))
    assert not maps.found, f"float32 maps in half precision: {maps.found}"


def evaluates(folder: Path) -> None:
    """Measure pairs and translations, in color and from color to gray."""
    config = Config.model_validate({"data": {"root": folder, "load_size": 32, "crop_size": 32}})
    layers = backbone.LAYERS
    network = Features("mobilenet_v2", list(layers), folder / "backbone.pth").to(GPU)
    extractor = Extractor("mobilenet_v2", "", network, layers[1], layers[1], layers)
    evaluator = Evaluator(Instruments(GPU, extractor), config.data, 2, Processes())
    source = open_folders(config.data).sources["a"]
    seen: list[torch.device] = []

    def forth(images: Tensor) -> Tensor:
        seen.append(images.device)
        return images

    metrics = ["l1", "psnr", "lpips", "gram", "structure", "cycle", "identity"]
    pairs = {file: file for file in source.files}
    ends = DIRECTIONS["ab"]
    color = Task(forth, forth, ends, pairs, evaluator.reference(source, "b"), metrics)
    assert len(evaluator.measure(source, color)[0].scores) == len(metrics)
    grey = replace(
        color, forth=lambda x: x[:, :1], back=lambda x: x.expand(-1, 3, -1, -1),
        metrics=metrics[:-1],
    )  # fmt: skip
    data = config.data.model_copy(update={"channels_b": 1})
    assert len(replace(evaluator, data=data).measure(source, grey)[0].scores) == len(metrics) - 1
    assert set(seen) == {GPU}


def evaluates_a_model(folder: Path) -> None:
    """Open the command's networks and instruments on this process's GPU, by its number."""
    seen: list[torch.device] = []

    def evaluate(
        generators: Any, _: Any, __: Any, ___: Any, instruments: Any, *____: Any, references: Any
    ) -> None:
        seen.extend(run.__self__.device for run in generators.values())
        seen.append(instruments.device)

    options = EvaluateOptions(
        model=folder / "gen_ab.safetensors", root=folder, size=32, output=folder / "evaluated"
    )
    with (
        patch.object(command, "evaluate", evaluate),
        patch.object(command, "open_instruments", lambda _, __, place, **___: Instruments(place)),
        patch.object(command, "join", lambda **_: Processes()),
        patch.object(command, "_present"),
    ):
        command.evaluate_model(options)
    assert seen == [GPU, GPU]


def augments_live(folder: Path) -> None:
    """Translate batches in another training, with the generator on the current GPU."""
    model = Model(folder / "gen_ab.safetensors", device="cuda")
    opened.cache_clear()
    try:
        images = torch.zeros(2, 3, 32, 32, device=GPU)
        assert opened(model).device == GPU
        for strength in (0.5, torch.ones(2)):
            assert translate_batch(model, images, strength, 0.5).device == GPU
    finally:
        opened.cache_clear()


def scores_tasks(folder: Path) -> None:
    """Run a command's task model in a worker thread, where another GPU is current."""
    scores: list[TaskScore] = []

    def translate(*arguments: Any) -> dict[Path, str]:
        scores.append(arguments[4].task_score)
        return {}

    task = f"squeezenet1_1={folder / 'squeezenet.pth'}"
    options = AugmentOptions(
        model=[folder / "gen_ab.safetensors"], dataset=folder / "labelled", format="imagefolder",
        output=folder / "augmented", task=task, task_size=64,
    )  # fmt: skip
    with (
        patch.object(augmentation, "join", lambda **_: Processes()),
        patch.object(augmentation, "translate", translate),
        patch.object(augmentation, "begin"),
        patch.object(augmentation, "_complete"),
    ):
        augmentation.augment(options)
    mode: Any = _get_current_dispatch_mode()  # a thread's own
    pixels = np.zeros((64, 64, 3), np.uint8)

    def inside() -> float | None:
        with mode:
            return scores[0](pixels, pixels)

    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(inside).result() == 1


def streams(folder: Path) -> None:
    """Check that the thread that translates folders uses the process's GPU."""
    job = Job(folder / "testA" / "0.png", (40, 30), folder / "out.png")
    with Streams(GPU) as ours:
        found = ours.map(lambda *_: torch.cuda.current_device(), iter([([job], None)] * 2))
        assert list(found) == [GPU.index] * 2, "another GPU is present in a worker thread"


def stylizes(folder: Path) -> None:
    """Compute a picture's losses, with and without a mask, in tiles and in one piece."""
    layers = LayerTable(("features.1",), backbone.LAYERS)
    extract = Features("mobilenet_v2", list(backbone.LAYERS), folder / "backbone.pth").to(GPU)
    weights = Weights(1, 1, 1)
    for masks in ([], [folder / "mask.png"]):
        sources = read_sources(folder / "testA" / "0.png", [folder / "painting.png"], masks)
        for longer, color in ((40, "no"), (32, "luma")):
            view = scene(sources, longer, 1, color, GPU)  # type: ignore[arg-type]
            canvas = prepare(view, extract, layers, [1.0], weights, 0.5, 32)
            picture = view.composed(resized(noise(view.photo, 0), view.photo))
            for piece in canvas.pieces:
                terms = equation(canvas.part(picture, piece), picture, canvas.target, weights)
                assert {term.device for term in terms} == {GPU}


def on_gpu(pixels: Tensor) -> np.ndarray[Any, Any]:
    """Return an array for an image without numbers, so that NumPy can compare it."""
    assert pixels.device == GPU
    return np.zeros((*pixels.shape[1:], len(pixels)), np.uint8)


def doctors(folder: Path) -> None:
    """Compute the signals of images, in color and in gray."""
    for channels in (3, 1):
        real, fake = (torch.zeros(2, channels, 32, 32, device=GPU) for _ in range(2))
        with patch.object(pictures, "to_array", on_gpu):
            seen = _see(real, fake, real, lambda images: images)
        assert "hidden_code" in seen
        assert pictures.luma(real).device == GPU


ROOMS: dict[str, Callable[[Path], None]] = {
    **{f"generates, {name}": partial(generates, name) for name in GENERATORS},
    "discriminates": discriminates,
    "evaluates": evaluates,
    "evaluates_a_model": evaluates_a_model,
    "augments_live": augments_live,
    "scores_tasks": scores_tasks,
    "streams": streams,
    "stylizes": stylizes,
    "doctors": doctors,
}
