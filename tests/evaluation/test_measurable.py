"""The metrics that are announced as measurable are those that are measured."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from gan.config import DataConfig
from gan.config.tables.metrics import full_names
from gan.evaluation import Instruments, Settings, evaluate, open_folders
from gan.evaluation.measurable import measurable
from gan.metrics import open_extractor
from tests.support import backbone
from tests.support.pictures import Photos

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return backbone.write_network(tmp_path_factory.mktemp("weights") / "mobilenet.pth")


def gray(images: Tensor) -> Tensor:
    return images.mean(1, keepdim=True)


def color(images: Tensor) -> Tensor:
    return images.expand(-1, 3, -1, -1)


@pytest.mark.parametrize("seeing", [False, True])
@pytest.mark.parametrize(("counts", "directions", "changes"), [
    ((3, 3), ["ab", "ba"], {}),
    ((3, 1), ["ab", "ba"], {}),
    ((3, 0), ["ab", "ba"], {}),
    ((0, 2), ["ab"], {}),
    ((2, 2), ["ba"], {}),
    ((2, 2), ["ab", "ba"], {"channels_b": 1}),
    ((2, 2), ["ab", "ba"], {"load_size": 180, "crop_size": 180}),
])  # fmt: skip
def test_announced_metrics_are_those_of_the_evaluation(
    seeing: bool, counts: tuple[int, int], directions: list[Any], changes: dict[str, Any],
    photos: Photos, tmp_path: Path, weights: Path,
) -> None:  # fmt: skip
    for name, count in zip(("testA", "testB"), counts, strict=True):
        if count:
            photos(name, count)
    extractor = open_extractor("mobilenet_v2", weights, CPU) if seeing else None
    instruments = Instruments(CPU, extractor, similarity=True)
    root = {"root": tmp_path, "load_size": 32, "crop_size": 32}
    data, turns = DataConfig.model_validate(root | changes), {"ab": gray, "ba": color}
    generators = {d: turns[d] if data.channels_b == 1 else torch.neg for d in directions}
    folders = open_folders(data)
    found = evaluate(generators, folders, data, Settings(resamples=0), instruments)
    names = measurable(directions, folders, data, instruments)
    assert sorted(names) == sorted(found.metrics)
    assert set(names) <= set(full_names())


@pytest.mark.parametrize(("counts", "expected"), [
    ((2, 2), {"fid", "kid", "l1", "ssim", "psnr", "lpips", "gram", "structure"}),
    ((3, 1), {"l1", "ssim", "psnr", "lpips", "gram", "structure"}),
    ((3, 0), {"structure"}),
])  # fmt: skip
def test_a_collection_requires_two_images_and_a_reference(
    counts: tuple[int, int], expected: set[str], photos: Photos, tmp_path: Path, weights: Path
) -> None:
    for name, count in zip(("testA", "testB"), counts, strict=True):
        if count:
            photos(name, count)
    instruments = Instruments(CPU, open_extractor("mobilenet_v2", weights, CPU), similarity=True)
    data = DataConfig(root=tmp_path, load_size=32, crop_size=32)
    names = measurable(["ab", "ba"], open_folders(data), data, instruments)
    of_a = {*(f"{name}_ab" for name in expected), "cycle_a", "identity_a"}
    assert {name for name in names if name.endswith(("_ab", "_a"))} == of_a
