"""Compare a task model's predictions on a source and its translation.

The task model is a TorchScript file (classifier, or detector with torchvision's output), an ONNX
file (classifier), or a torchvision classifier with its weights, NAME=FILE.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torchvision import models
from torchvision.ops import box_iou

from gan.images.deep import Array
from gan.images.pixels import from_array
from gan.metrics.structure import comparable
from gan.networks.vgg import MEAN, STD

SURE = 0.5
"""Smallest score of a detection, and smallest overlap (intersection over union) of equal
detections."""
Predict = Callable[[Tensor], Any]
"""Returns a model's output for an image (1, 3, H, W) in [0, 1]."""


def load_task_score(
    text: str, size: int | None, device: torch.device
) -> Callable[[Array, Array], float | None]:
    """Return a function of a source and its translation: the share of the prediction that is kept.

    Images are (H, W, C). The share is as in `survival`. `text` is FILE or NAME=FILE. `size` is the
    side of the model's square input, in pixels. ValueError if the file cannot be used.
    """
    name, equals, file = text.rpartition("=")
    path = Path(file)
    if not path.is_file():
        raise ValueError(
            f"task: {path}: no such file; give FILE, or NAME=FILE for a torchvision classifier"
        )
    if equals:
        predict, size = _torchvision_classifier(name, path, device), size or 224
    elif path.suffix.lower() == ".onnx":
        predict = _onnx_model(path)
    else:
        predict = _torchscript_model(path, device)

    @torch.inference_mode()
    def task_score(source: Array, translation: Array) -> float | None:
        before, after = (predict(_prepared(each, size)) for each in (source, translation))
        return survival(before, after)

    return task_score


def _prepared(pixels: Array, size: int | None) -> Tensor:
    """Return an image as (1, 3, H, W) in [0, 1], resized to a square if size is given."""
    shown: Array = comparable(pixels)
    if size is not None:
        shown = cv2.resize(shown, (size, size), interpolation=cv2.INTER_AREA)
    return from_array(shown)[None].float() / 255


def _torchscript_model(path: Path, device: torch.device) -> Predict:
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):  # deprecated API
            model = torch.jit.load(str(path), map_location=device).eval()
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"task: {path}: not a TorchScript file; for weights of a torchvision classifier, add "
            f"its name, such as resnet18={path}"
        ) from error
    return lambda picture: model(picture.to(device))


def _torchvision_classifier(name: str, path: Path, device: torch.device) -> Predict:
    """Return a torchvision classifier with the weights of a file and their number of classes."""
    known = models.list_models(module=models)
    if name not in known:
        raise ValueError(f"task: {name} is not a torchvision classifier: use {', '.join(known)}")
    try:
        weights: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
        classes = len(list(weights.values())[-1])
        model = models.get_model(name, weights=None, num_classes=classes)
        model.load_state_dict(weights)
    except Exception as error:  # invalid files raise many kinds
        raise ValueError(f"task: {path}: not weights of {name}: {first_line(error)}") from error
    model.eval().to(device)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    return lambda picture: model(((picture - mean) / std).to(device))


def _onnx_model(path: Path) -> Predict:
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(f"task: {path}: requires onnxruntime: pip install onnxruntime") from error
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError(f"task: {path}: {first_line(error)}") from error
    name = session.get_inputs()[0].name

    def predict(picture: Tensor) -> Tensor:
        outputs = session.run(None, {name: picture.numpy()})
        _check_classes(path, [tuple(np.shape(output)) for output in outputs])
        return torch.from_numpy(outputs[0])

    return predict


def _check_classes(path: Path, shapes: Sequence[tuple[int, ...]]) -> None:
    """Raise ValueError unless a model's output shapes for one image are a classifier's.

    The first output must have class scores along one axis, as (1, 1000) or (1, 1000, 1, 1). A
    detector's outputs are (1, 84, 8400), (1, 300, 6), or boxes (n, 4) with labels (n,) and scores
    (n,).
    """
    first = shapes[0]
    classes = len(first) >= 2 and first[0] == 1 and sum(side > 1 for side in first) <= 1
    if not classes or any(len(shape) == 1 for shape in shapes[1:]):
        raise ValueError(
            f"task: {path}: an ONNX file must be a classifier with an output (1, classes), but its "
            f"outputs have the shapes {', '.join(map(str, shapes))}. Save a detector as "
            "TorchScript, with torchvision's output"
        )


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def survival(before: Any, after: Any) -> float | None:
    """Return how much of `before` is kept in `after`, 0 to 1; None if no object is in `before`.

    See `_class_left` for classifiers and `_objects_left` for detectors.
    """
    one, other = _unwrapped(before), _unwrapped(after)
    return _objects_left(one, other) if isinstance(one, Mapping) else _class_left(one, other)


def _unwrapped(answer: Any) -> Any:
    """Return a classifier's scores or a detector's dict, taken out of nested lists and tuples."""
    while isinstance(answer, (list, tuple)) and answer:
        answer = answer[-1]
    if isinstance(answer, Tensor) or (isinstance(answer, Mapping) and "boxes" in answer):
        return answer
    raise ValueError("the task model must return scores of classes, or boxes, labels and scores")


def _class_left(before: Tensor, after: Tensor) -> float:
    """Return the probability of the source's class on the translation, relative to the highest.

    It is 1 if the predicted class is the same.
    """
    chances = after.float().flatten().softmax(0)
    return float(chances[int(before.flatten().argmax())] / chances.max())


def _objects_left(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> float | None:
    """Return the share of the source's objects that are found again with equal label and place.

    None if the source has no objects.
    """
    sure, again = before["scores"] >= SURE, after["scores"] >= SURE
    if not bool(sure.any()):
        return None
    same = before["labels"][sure][:, None] == after["labels"][again][None]
    near = box_iou(before["boxes"][sure], after["boxes"][again]) >= SURE
    return float((same & near).any(1).float().mean())
