"""Translation while other networks train: models that every process loads once, on first use."""

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
    """Which generator, and where it computes; what workers are sent in place of weights."""

    path: Path
    direction: Direction | None = None
    device: Device = "cpu"


@cache
def opened(model: Model) -> Translator:
    """Return the generator of a model, loaded at the first call in this process only."""
    return Translator.load(model.path, model.direction, model.device)


def translate_pixels(model: Model, pixels: Array, strength: float) -> Array:
    """Translate a picture (H, W, 1 or 3) as `translate_array` does, with a model of this process.

    strength: share of the translation in the result, from 0 to 1.
    """
    return translate_array(opened(model), pixels, strength)


def check_model(model: Model) -> Model:
    """Return a model that opens; ValueError names what is wrong with its path or direction.

    The weights are read and dropped: each worker loads its own.
    """
    Translator.load(model.path, model.direction, "cpu")
    return model


@torch.inference_mode()
def translate_batch(
    model: Model, images: Tensor, strength: Tensor | float = 1.0, p: float = 1.0
) -> Tensor:
    """Translate a batch on its own device: floats (N, C, H, W) in [0, 1] in and out.

    Each image is translated with the probability `p`, drawn by torch's own generator, and blended
    by `strength`, one number or one for each image. Nothing leaves the device: the model should be
    on it, Model(path, "ab", "cuda"). ValueError for other batches and strengths; what is beyond
    [0, 1] by half a gray level is rounding.
    """
    _check_batch(images, opened(model).channels)
    _check_strength(strength, len(images))
    chosen = (torch.rand(len(images)) < p).nonzero()[:, 0]  # on the CPU: a GPU need not wait
    if not len(chosen):
        return images
    where = chosen.to(images.device)
    shares = torch.as_tensor(strength, dtype=images.dtype, device=images.device).expand(len(images))
    sources = images[where]
    translations = (opened(model).run(sources * 2 - 1).to(images.dtype) + 1) / 2
    blended = torch.lerp(sources, translations.clamp(0, 1), shares[where, None, None, None])
    return images.index_copy(0, where, blended)


def _check_batch(images: Tensor, channels: int) -> None:
    """Raise ValueError for what is not a batch of so many channels."""
    right = f"translate_batch takes floats (N, {channels}, H, W) in [0, 1], not"
    if images.ndim != 4 or images.shape[1] != channels or not images.is_floating_point():
        raise ValueError(f"{right} {images.dtype} {tuple(images.shape)}")
    check_size(images.shape[3], images.shape[2])
    if len(images):
        low, high = (float(value) for value in images.aminmax())
        if not (low >= -HALF_LEVEL and high <= 1 + HALF_LEVEL):
            raise ValueError(f"{right} {low:.4g} to {high:.4g}")


def _check_strength(strength: Tensor | float, count: int) -> None:
    """Raise ValueError for what is neither a share nor one for each image."""
    right = f"strength: one number from 0 to 1, or a tensor of {count}, one for each image"
    if not isinstance(strength, (int, float, Tensor)):
        raise ValueError(f"{right}, not {strength}")
    shares = torch.as_tensor(strength)
    if shares.shape not in ((), (count,)):
        raise ValueError(f"{right}, not {tuple(shares.shape)}")
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        raise ValueError(f"{right}, not {strength}")
