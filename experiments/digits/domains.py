"""Read handwritten digits from files and scikit-learn, all prepared equally."""

import gzip
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, interpolate, max_pool2d

from gan.images import resize_square

SIDE = 16
"""Side of all digits in pixels; the originals of UCI have 8, of USPS 16, of MNIST 28."""
ZOOM, WIDEN, LEAN, SHIFT = 0.6, 0.25, 0.4, 0.12
"""Largest changes by jitter, plus or minus: the logarithms of size and of sqrt(width / height), the
shear, and the shift in halves of a side."""
NOISE = 0.5
INK = 64
"""The darkest gray level that counts as a stroke."""

Framing = Literal["ink", "whole"]
Labelled = tuple[NDArray[np.uint8], NDArray[Any]]
"""Images, (N, H, W), and their classes, (N,)."""


@dataclass(frozen=True)
class Digits:
    """Gray images, uint8 (N, 1, 16, 16), and their classes, (N,)."""

    images: Tensor
    labels: Tensor

    def __getitem__(self, rows: slice | Tensor) -> "Digits":
        return Digits(self.images[rows], self.labels[rows])

    def __len__(self) -> int:
        return len(self.labels)


def prepare(digits: Labelled, framing: Framing) -> Digits:
    """Resize digits of any domain to 16x16 pixels, as training does.

    ink first crops images to the smallest square around the strokes; whole does not.
    """
    images, labels = digits
    framed = (around_ink(image) if framing == "ink" else image for image in images)
    resized = [np.asarray(resize_square(Image.fromarray(image), SIDE)) for image in framed]
    return Digits(torch.from_numpy(np.stack(resized))[:, None], torch.from_numpy(labels).long())


def around_ink(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the smallest square around an image's strokes, with the strokes at its center."""
    rows, columns = (np.flatnonzero((image >= INK).any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return image
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    missing = [max(ink.shape) - length for length in ink.shape]
    return np.pad(ink, [(gap // 2, gap - gap // 2) for gap in missing])


def jitter(images: Tensor, draws: torch.Generator, most: float = 1) -> Tensor:
    """Stretch, shear, shift, thicken or thin, and blur digits (N, 1, H, W) in [-1, 1] at random.

    `most` scales all changes; pixels from outside the image are -1. A classifier that is trained on
    these recognizes a digit by its strokes and not by its place, size and pen.
    """
    count, side = len(images), images.shape[-1]

    def uniform(limit: float) -> Tensor:
        return (2 * torch.rand(count, generator=draws) - 1) * limit

    size, width = uniform(ZOOM * most), uniform(WIDEN * most)
    rows = [(size + width).exp(), uniform(LEAN * most), uniform(SHIFT * most)]
    rows += [uniform(LEAN / 3 * most), (size - width).exp(), uniform(SHIFT * most)]
    grid = affine_grid(torch.stack(rows, dim=1).view(-1, 2, 3), list(images.shape), False)
    moved = grid_sample(images + 1, grid, align_corners=False) - 1
    pen = uniform(most)[:, None, None, None]
    thick, thin = max_pool2d(moved, 3, 1, 1), -max_pool2d(-moved, 3, 1, 1)
    drawn = moved + pen.clamp(min=0) * (thick - moved) - pen.clamp(max=0) * (thin - moved)
    coarse = interpolate(avg_pool2d(drawn, 2), size=side, mode="bilinear", align_corners=False)
    blur = most * torch.rand(count, 1, 1, 1, generator=draws)
    return blur * coarse + (1 - blur) * drawn


def noise(images: Tensor, draws: torch.Generator) -> Tensor:
    """Return digits (N, 1, H, W) in [-1, 1] with Gaussian noise.

    Translations hide information for their loss in invisible differences (Chu et al. 2017); with
    noise, a classifier learns only visible features.
    """
    return (images + NOISE * torch.randn(images.shape, generator=draws)).clamp(-1, 1)


def read_mnist(path: Path) -> Labelled:
    """Return MNIST, 28x28, from an npz with images and labels, or a folder with IDX files train-*.

    ValueError names a missing or damaged file.
    """
    if path.is_file():
        with np.load(path) as file:
            return file["images"], file["labels"]
    return read_idx(path, "train-images*"), read_idx(path, "train-labels*")


def read_idx(folder: Path, pattern: str) -> NDArray[np.uint8]:
    """Return the array in an IDX file of bytes.

    The file holds two zeros, the type (8), the number of dimensions, their lengths, the values.
    """
    path = next(iter(sorted(folder.glob(pattern))), None)
    if path is None:
        raise ValueError(f"{folder}: neither an npz nor a folder with {pattern}")
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise ValueError(f"{path}: not an IDX file of bytes")
    start = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:start], ">u4")
    if len(content) != start + math.prod(int(length) for length in shape):
        raise ValueError(f"{path}: truncated")
    return np.frombuffer(content[start:], np.uint8).reshape(shape)


def read_uci() -> Labelled:
    """Return scikit-learn's 1797 digits, 8x8, with their 17 levels scaled to 0 to 255."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return (bunch.images * (255 / 16)).round().astype(np.uint8), bunch.target


def read_usps(path: Path) -> Labelled:
    """Return USPS, 16x16, from LIBSVM's file: 256 values from -1 to 1, classes from 1 to 10."""
    from sklearn.datasets import load_svmlight_file

    values, classes = load_svmlight_file(str(path), n_features=256)
    images = ((values.toarray() + 1) * 127.5).round().clip(0, 255).astype(np.uint8)
    return images.reshape(-1, 16, 16), classes.astype(np.int64) - 1
