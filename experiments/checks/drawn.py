"""Draw shapes with labels in three formats, and write a generator that inverts images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gan.images.pixels import from_array, to_image
from gan.networks import build_generator
from gan.networks.files import save_generator

Pixels = NDArray[np.uint8]
Kind = Literal["shape", "lightness"]
"""The meaning of labels: disc, square and triangle, or light and dark."""

SIDE = 64
SHAPES = ("disc", "square", "triangle")
NAMES: dict[Kind, Sequence[str]] = {"shape": SHAPES, "lightness": ("dark", "light")}
FORMATS = {"classes": "imagefolder", "boxes": "yolo", "masks": "masks"}
GAIN = 1.5
"""Gain of the inverting generator, which maps x to tanh(-1.5 x)."""


@dataclass(frozen=True)
class Thing:
    """A shape in an image."""

    name: str
    box: tuple[int, int, int, int]
    """(left, top, right, bottom) in pixels."""


def invert(channels: int = 24, blocks: int = 1) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the weights and arguments of a ResNet that inverts images pixel by pixel.

    The positive and negative parts of the colors are six maps. Each halving packs four pixels of
    every map into four maps, and each doubling unpacks them. The residual blocks add 0.
    """
    spec: dict[str, Any] = {"kind": f"resnet_{blocks}blocks", "channels": channels}
    spec |= {"in_channels": 3, "out_channels": 3, "norm": "none", "upsample": "deconv"}
    spec |= {"dropout": False}
    whole = build_generator(**spec).state_dict()
    weights = {name: torch.zeros_like(value) for name, value in whole.items()}
    stem, first, second, last, before, head = (
        weights[f"model.{place}.weight"]
        for place in (1, 4, 7, 10 + blocks, 13 + blocks, 17 + blocks)
    )
    for color in range(3):
        for part, sign in enumerate((1, -1)):
            stem[2 * color + part, color, 3, 3] = sign
            head[color, 2 * color + part, 3, 3] = -GAIN * sign
    for down, up, maps in ((first, before, 6), (second, last, 24)):
        for corner in range(4):
            y, x = divmod(corner, 2)
            for at in range(maps):
                down[maps * corner + at, at, 1 + y, 1 + x] = 1
                up[maps * corner + at, at, 1 + y, 1 + x] = 1
    return weights, spec


def write_inverter(path: Path, blocks: int = 1, direction: str = "ab") -> Path:
    """Write the inverting generator as a run would, and return its path."""
    weights, spec = invert(blocks=blocks)
    save_generator(weights, path, spec, {"direction": direction, "step": 0})
    return path


def picture(
    rng: np.random.Generator, kind: Kind, things: int, inverted: bool
) -> tuple[Pixels, list[Thing], Pixels]:
    """Draw an image with `things` shapes side by side; return it, the shapes and their mask."""
    coarse = rng.normal(0, 1, (4, 4 * things, 3)).astype(np.float32)
    texture = cv2.resize(coarse, (SIDE * things, SIDE), interpolation=cv2.INTER_CUBIC) * 15
    ground = rng.uniform(110, 145) if kind == "lightness" else rng.uniform(40, 90)
    shown = ground + texture + rng.normal(0, 12, texture.shape)
    mask, found = np.zeros(shown.shape[:2], np.uint8), list[Thing]()
    for number in range(things):
        shape, size = SHAPES[rng.integers(3)], int(rng.integers(14, 22))
        light = kind == "shape" or rng.random() < 0.5
        name = shape if kind == "shape" else ("dark", "light")[light]
        left = SIDE * number + int(rng.integers(2, SIDE - 2 * size - 2))
        top = int(rng.integers(2, SIDE - 2 * size - 2))
        stencil = np.zeros_like(mask)
        _draw(stencil, shape, left, top, size)
        level = rng.uniform(60, 100) * (1 if light else -1)
        shown[stencil > 0] += level + rng.normal(0, 10, 3)
        mask[stencil > 0] = 1 + NAMES[kind].index(name)
        found.append(Thing(name, (left, top, left + 2 * size, top + 2 * size)))
    pixels = np.clip(shown, 0, 255).astype(np.uint8)
    return (255 - pixels if inverted else pixels), found, mask


def _draw(stencil: Pixels, shape: str, left: int, top: int, size: int) -> None:
    """Draw a shape with a side of 2 * size pixels."""
    right, bottom = left + 2 * size - 1, top + 2 * size - 1
    if shape == "disc":
        cv2.circle(stencil, (left + size, top + size), size - 1, 1, -1)
    elif shape == "square":
        cv2.rectangle(stencil, (left, top), (right, bottom), 1, -1)
    else:
        corners = np.array([[left, bottom], [right, bottom], [left + size, top]])
        cv2.fillPoly(stencil, [corners], 1)


def write_dataset(
    root: Path, labels: str, kind: Kind, count: int, seed: int, *, inverted: bool = False
) -> None:
    """Write `count` images with labels, with one shape for class folders, else with two."""
    names = NAMES[kind]
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        pixels, things, mask = picture(rng, kind, 1 if labels == "classes" else 2, inverted)
        stem = f"{number:04d}.png"
        if labels == "classes":
            _save(pixels, root / things[0].name / stem)
            continue
        _save(pixels, root / "images" / stem)
        if labels == "masks":
            _save(mask[:, :, None] * 100, root / "masks" / stem)
        else:
            text = "".join(f"{names.index(each.name)} {_shares(each)}\n" for each in things)
            label = root / "labels" / f"{number:04d}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(text)


def _shares(thing: Thing) -> str:
    """Return a shape's center and size in an image of two shapes, as YOLO writes them."""
    left, top, right, bottom = thing.box
    values = (left + right) / 4 / SIDE, (top + bottom) / 2 / SIDE
    return " ".join(
        f"{value:.6f}" for value in (*values, (right - left) / 2 / SIDE, (bottom - top) / SIDE)
    )


def _save(pixels: Pixels, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    to_image(from_array(pixels)).save(path)
