"""Translation while other networks train: models that every process loads once, on first use."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan.augment.finish import blend
from gan.pixels import from_array, to_array
from gan.translator import Device, Direction, Translator, check_size, numbers


@dataclass(frozen=True)
class Model:
    """Which generator, and where it computes; what workers are sent in place of weights."""

    path: Path
    direction: Direction | None = None
    device: Device = "cpu"


@cache
def opened(model: Model) -> Translator:
    """The generator of a model, loaded when this process first asks for it, and never again."""
    return Translator.load(model.path, model.direction, model.device)


def translate_pixels(model: Model, pixels: np.ndarray[Any, Any], strength: float) -> Any:
    """One picture (H, W, 1 or 3) of uint8 or uint16; the blend, of the same type and size.

    ValueError for a picture that the generator cannot take.
    """
    translator = opened(model)
    if pixels.ndim != 3 or pixels.shape[2] != translator.channels:
        raise ValueError(
            f"{model.path}: translates pictures of {translator.channels} channels, (H, W, "
            f"{translator.channels}), not {pixels.shape}"
        )
    check_size(pixels.shape[1], pixels.shape[0])
    (result,) = translator.translate_batch(from_array(pixels)[None])
    return blend(pixels, to_array(numbers(result)), strength)


@torch.inference_mode()
def translate_batch(
    model: Model, images: Tensor, strength: Tensor | float = 1.0, p: float = 1.0
) -> Tensor:
    """Translate a batch on its own device: floats (N, C, H, W) in [0, 1] in and out.

    Each image is translated with the probability `p`, drawn by torch's own generator, and blended
    by `strength`, one number or one for each image. Nothing leaves the device: the model should be
    on it, Model(path, "ab", "cuda").
    """
    chosen = (torch.rand(len(images)) < p).nonzero()[:, 0]  # on the CPU: a GPU need not wait
    if not len(chosen):
        return images
    where = chosen.to(images.device)
    shares = torch.as_tensor(strength, dtype=images.dtype, device=images.device)
    sources = images[where]
    translations = (opened(model).run(sources * 2 - 1).to(images.dtype) + 1) / 2
    share = shares.expand(len(images))[where, None, None, None]
    return images.index_copy(0, where, torch.lerp(sources, translations.clamp(0, 1), share))
