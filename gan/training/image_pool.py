"""The buffer of past translations (Shrivastava et al. 2017; CycleGAN, Sec. 4)."""

import random
from collections.abc import Sequence

import torch
from torch import Tensor


class ImagePool:
    """Stores up to `size` past translations of one domain; 0 passes translations through."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def exchange(self, images: Tensor, rng: random.Random) -> Tensor:
        """Return a batch in which past translations replace about half of the present ones.

        images is (N, C, H, W); so is the result, detached. Until the pool is full, every image is
        stored and returned. Then, with probability 1/2 for each image, a random stored image is
        returned and the new one replaces it in the pool. All random numbers come from rng.
        """
        if self.size == 0:
            return images.detach()
        return torch.stack([self.exchange_one(image, rng) for image in images.detach()])

    def exchange_one(self, image: Tensor, rng: random.Random) -> Tensor:
        # A non-finite image of a skipped step would otherwise affect later steps.
        stored = image.nan_to_num()
        if len(self.images) < self.size:
            self.images.append(stored)
            return image
        if rng.random() < 0.5:
            return image
        slot = rng.randrange(self.size)
        past, self.images[slot] = self.images[slot], stored
        return past

    def state(self) -> Tensor | None:
        """Return the stored images as one tensor (stored, C, H, W), or None without any."""
        return torch.stack(self.images) if self.images else None

    def restore(self, images: Sequence[Tensor] | Tensor | None) -> None:
        """Restore what state() returned; images beyond the pool's size are dropped."""
        self.images = [] if images is None else [image.clone() for image in images][: self.size]


def usable(images: Tensor | None, side: int, device: torch.device) -> Tensor | None:
    """Return a state's images on `device`; None without any, or if their side is not `side`."""
    return images.to(device) if images is not None and images.shape[-1] == side else None
