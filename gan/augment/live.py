"""Translate images while other networks train; each process loads a model once, on first use."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from gan.images.deep import Array
from gan.inference.checks import check_size
from gan.inference.kinds import translate_array
from gan.inference.translator import Device, Direction, Translator

HALF_LEVEL = 0.5 / 255


@dataclass(frozen=True)
class Model:
    """A generator's path, direction and device; workers get these and load the weights."""

    path: Path
    direction: Direction | None = None
    device: Device = "cpu"


@cache
def opened(model: Model) -> Translator:
    """Load the generator of a model, once in each process."""
    return Translator.load(model.path, model.direction, model.device)


def translate_pixels(model: Model, pixels: Array, strength: float) -> Array:
    """Translate a picture (H, W, 1 or 3) as `translate_array` does; load the model on first use.

    strength: share of the translation in the result, from 0 to 1.
    """
    return translate_array(opened(model), pixels, strength)


def check_model(model: Model) -> Model:
    """Return the model if it can be loaded; ValueError if its path or direction is wrong.

    The weights are dropped: each worker loads them itself.
    """
    Translator.load(model.path, model.direction, "cpu")
    return model


@torch.inference_mode()
def translate_batch(
    model: Model, images: Tensor, strength: Tensor | float = 1.0, p: float = 1.0
) -> Tensor:
    """Translate images (N, C, H, W) of floats in [0, 1] to images of the same type and range.

    model: its device should be that of the images, as in Model(path, "ab", "cuda"), so that nothing
    is copied. / strength: share of the translation in the result, a number from 0 to 1 or one for
    each image. / p: probability that an image is translated, drawn by torch's generator.

    ValueError for other images or strengths. Images may exceed [0, 1] by half a gray level.
    """
    _check_batch(images, opened(model).channels)
    _check_strength(strength, len(images))
    chosen = (torch.rand(len(images)) < p).nonzero()[:, 0]  # on the CPU: no wait for a GPU
    if not len(chosen):
        return images
    where = chosen.to(images.device)
    shares = torch.as_tensor(strength, dtype=images.dtype, device=images.device).expand(len(images))
    sources = images[where]
    translations = (opened(model).run(sources * 2 - 1).to(images.dtype) + 1) / 2
    blended = torch.lerp(sources, translations.clamp(0, 1), shares[where, None, None, None])
    return images.index_copy(0, where, blended)


def _check_batch(images: Tensor, channels: int) -> None:
    """Raise ValueError for anything but float images (N, channels, H, W) in [0, 1]."""
    right = f"translate_batch takes floats (N, {channels}, H, W) in [0, 1], not"
    if images.ndim != 4 or images.shape[1] != channels or not images.is_floating_point():
        raise ValueError(f"{right} {images.dtype} {tuple(images.shape)}")
    check_size(images.shape[3], images.shape[2])
    if len(images):
        low, high = (float(value) for value in images.aminmax())
        if not (low >= -HALF_LEVEL and high <= 1 + HALF_LEVEL):
            raise ValueError(f"{right} {low:.4g} to {high:.4g}")


def _check_strength(strength: Tensor | float, count: int) -> None:
    """Raise ValueError for anything but a share, or one share for each image."""
    right = f"strength: must be a number from 0 to 1, or a tensor of {count}, one for each image"
    if not isinstance(strength, (int, float, Tensor)):
        raise ValueError(f"{right}, not {strength}")
    shares = torch.as_tensor(strength)
    if shares.shape not in ((), (count,)):
        raise ValueError(f"{right}, not {tuple(shares.shape)}")
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        raise ValueError(f"{right}, not {strength}")
