"""Task models: every kind of file, and how much of the prediction is kept."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision import models

from gan.augment.task import load_task_score, survival
from tests.support.augmenting import Brightest
from tests.support.labelled import photo

CPU = torch.device("cpu")


def red(share: float) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return an image with a part of its light in red, and the rest in blue."""
    color = np.array([255 * share, 0, 255 * (1 - share)]).round().astype(np.uint8)
    return np.broadcast_to(color, (40, 32, 3)).copy()


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_a_torchscript_classifier_is_scored_by_its_predicted_class(tmp_path: Path) -> None:
    torch.jit.script(Brightest()).save(str(tmp_path / "task.pt"))
    task_score = load_task_score(str(tmp_path / "task.pt"), None, CPU)
    assert task_score(red(0.9), red(0.6)) == 1
    # Blue now has 0.8 of the light, red 0.2: by softmax exp(8 x -0.6) as much.
    assert task_score(red(0.9), red(0.2)) == pytest.approx(np.exp(-4.8), rel=0.01)


@torch.no_grad()
def test_torchvisions_classifier_gets_normalized_images(
    tmp_path: Path, mobilenet_weights: Path
) -> None:
    """With real weights: ImageNet's mean and standard deviation, 224 pixels, computed here."""
    task_score = load_task_score(f"mobilenet_v2={mobilenet_weights}", None, CPU)
    cat = np.asarray(photo("chelsea", 224))
    network = models.mobilenet_v2(weights=None)
    network.load_state_dict(torch.load(mobilenet_weights, weights_only=True))
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    crop = np.ascontiguousarray(cat[:224, :224])
    unit = (torch.from_numpy(crop).float() / 255 - mean) / std
    chances = network.eval()(unit.permute(2, 0, 1)[None]).softmax(1)
    negative = (torch.from_numpy(255 - crop).float() / 255 - mean) / std
    others = network(negative.permute(2, 0, 1)[None]).softmax(1)[0]
    expected = float(others[int(chances.argmax())] / others.max())
    assert task_score(crop, crop) == 1
    assert task_score(crop, 255 - crop) == pytest.approx(expected, rel=1e-3)


def boxes(*found: tuple[int, float, int]) -> list[dict[str, Tensor]]:
    """Return a detector's output for (left edge, score, label) of squares of 10 pixels."""
    edges = [[float(left), 0.0, left + 10.0, 10.0] for left, _, _ in found]
    return [
        {
            "boxes": torch.tensor(edges).reshape(-1, 4),
            "scores": torch.tensor([score for _, score, _ in found]),
            "labels": torch.tensor([label for _, _, label in found]),
        }
    ]


def test_a_detectors_objects_survive_by_label_and_place() -> None:
    before = boxes((0, 0.9, 1), (50, 0.8, 2), (90, 0.1, 3))
    assert survival(before, boxes((1, 0.6, 1), (50, 0.9, 2))) == 1
    assert survival(({}, before), ({}, boxes((0, 0.6, 1), (50, 0.9, 4)))) == 0.5
    assert survival(before, boxes((8, 0.6, 1), (50, 0.4, 2))) == 0
    assert survival(before, boxes()) == 0
    assert survival(boxes((0, 0.2, 1)), before) is None


def test_files_that_are_not_task_models_are_named(tmp_path: Path) -> None:
    (tmp_path / "task.pt").write_bytes(b"no model")
    for text, said in (
        (f"{tmp_path}/none.pt", "no such file"),
        (f"{tmp_path}/task.pt", "not a TorchScript file"),
        (f"resnet18={tmp_path}/task.pt", "not weights of resnet18"),
        (f"resnet={tmp_path}/task.pt", "not a torchvision classifier"),
    ):
        with pytest.raises(ValueError, match=said):
            load_task_score(text, None, CPU)


def onnx_model(path: Path, *shapes: tuple[int, ...]) -> Path:
    """Write a model that returns constants of these shapes, whatever its image is."""
    from onnx import TensorProto, helper, numpy_helper, save

    picture = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, None, None])
    constants = [numpy_helper.from_array(np.ones(shape, np.float32)) for shape in shapes]
    nodes = [
        helper.make_node("Constant", [], [f"out{number}"], value=constant)
        for number, constant in enumerate(constants)
    ]
    outputs = [
        helper.make_tensor_value_info(f"out{number}", TensorProto.FLOAT, shape)
        for number, shape in enumerate(shapes)
    ]
    graph = helper.make_graph(nodes, "constants", [picture], outputs)
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return path


@pytest.mark.parametrize(
    "shapes",
    [[(1, 84, 30)], [(1, 5, 6)], [(2, 4), (2,), (2,)], [(1, 4), (1,), (1,)]],
    ids=str,
)
def test_an_onnx_detector_is_rejected_with_the_shapes_of_its_outputs(
    shapes: list[tuple[int, ...]], tmp_path: Path
) -> None:
    task_score = load_task_score(str(onnx_model(tmp_path / "task.onnx", *shapes)), None, CPU)
    with pytest.raises(ValueError, match=re.escape(", ".join(map(str, shapes)))):
        task_score(red(0.9), red(0.2))


@pytest.mark.parametrize("shape", [(1, 10), (1, 10, 1, 1), (1, 1)], ids=str)
def test_an_onnx_classifier_is_taken(shape: tuple[int, ...], tmp_path: Path) -> None:
    task_score = load_task_score(str(onnx_model(tmp_path / "task.onnx", shape)), None, CPU)
    assert task_score(red(0.9), red(0.2)) == 1
