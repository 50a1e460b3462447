"""From a picture to the crop that a network sees: resize, crop, flip, more albumentations."""

import difflib
import warnings
from typing import Any

import albumentations as A  # noqa: N812, the library's own convention
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan.config import DataConfig
from gan.images import resize_short, resize_square
from gan.pixels import from_image


class TrainTransform:
    """Resize, then a random crop, flip and the albumentations of data.augment, all drawn from one
    seed.

    ValueError names data.augment where one of its entries cannot be built.
    """

    def __init__(self, data: DataConfig) -> None:
        self.data = data
        crop = A.RandomCrop(data.crop_size, data.crop_size)
        flip = [A.HorizontalFlip(p=0.5)] if data.flip else []
        extra = [build_augmentation(entry) for entry in data.augment]
        self.compose = A.Compose([crop, *flip, *extra])

    def __call__(self, image: Image.Image, seed: int) -> Tensor:
        """A uint8 tensor (C, crop_size, crop_size); equal seeds give equal draws in every
        process."""
        pixels = np.array(resize(image, self.data))
        if pixels.ndim == 2:
            pixels = pixels[:, :, None]
        # albumentations copies one random state into every worker: its draws would repeat there.
        self.compose.set_random_seed(seed)
        pixels = self.compose(image=pixels)["image"]
        crop = (self.data.crop_size, self.data.crop_size)
        if pixels.dtype != np.uint8 or pixels.shape[:2] != crop:
            raise ValueError(
                f"data.augment must keep 8 bits and {crop[0]}x{crop[1]} pixels, "
                f"but gave {pixels.dtype} and {pixels.shape[1]}x{pixels.shape[0]}"
            )
        return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


def resize(image: Image.Image, data: DataConfig) -> Image.Image:
    """data.resize: the reference's antialiased bicubic square, the shorter side, or nothing."""
    if data.resize == "square":
        return resize_square(image, data.load_size)
    if data.resize == "short":
        return resize_short(image, data.load_size)
    return image


def sample_pixels(image: Image.Image, data: DataConfig) -> Tensor:
    """A test image as the networks see it, without chance: uint8 (C, crop_size, crop_size)."""
    size = data.crop_size
    if data.resize == "square":
        return from_image(resize_square(image, size))
    if data.resize == "short" or min(image.size) < size:
        image = resize_short(image, size)
    left, top = (image.width - size) // 2, (image.height - size) // 2
    return from_image(image.crop((left, top, left + size, top + size)))


def build_augmentation(entry: dict[str, Any]) -> A.BasicTransform:
    """One entry of data.augment, {name: arguments}; ValueError says which is wrong and what is
    near."""
    if len(entry) != 1:
        raise ValueError(f"data.augment: each entry is one name with its arguments, not {entry}")
    ((name, arguments),) = entry.items()
    transform = getattr(A, name, None)
    if not (isinstance(transform, type) and issubclass(transform, A.BasicTransform)):
        near = difflib.get_close_matches(name, dir(A), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"data.augment: albumentations has no transform {name}{hint}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a misspelt argument is only a warning there
            return transform(**(arguments or {}))
    except (UserWarning, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"data.augment: {name}: {reason}") from error
