"""With published ImageNet weights the distances agree with human perception."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from gan.features import TABLES, Features
from gan.images.pixels import from_image, to_unit
from gan.losses import perceptual_distance, style_layer_loss, weighted_sum

skimage_data = pytest.importorskip("skimage.data")
TABLE = TABLES["mobilenet_v2"]


@pytest.fixture(scope="module")
def features(mobilenet_weights: Path) -> Features:
    return Features("mobilenet_v2", [*TABLE.content, *TABLE.style], mobilenet_weights)


def crop(image: Image.Image, left: int, top: int, side: int = 192) -> Tensor:
    return to_unit(from_image(image.crop((left, top, left + side, top + side))))[None]


def photo(name: str) -> Image.Image:
    return Image.fromarray(np.asarray(getattr(skimage_data, name)()))


def style_distance(one: dict[str, Tensor], two: dict[str, Tensor]) -> float:
    return weighted_sum({at: style_layer_loss(one[at], two[at]) for at in TABLE.style}).item()


@torch.no_grad()
def test_blurred_cat_is_nearer_to_the_cat_than_a_cup_of_coffee(features: Features) -> None:
    cat = photo("chelsea")
    sharp, blurred, coffee = (
        features(crop(image, 120, 40))[TABLE.content[0]]
        for image in (cat, cat.filter(ImageFilter.GaussianBlur(2)), photo("coffee"))
    )
    assert perceptual_distance(blurred, sharp) < perceptual_distance(coffee, sharp) / 2


@torch.no_grad()
def test_two_crops_of_one_texture_are_nearer_in_style_than_different_textures(
    features: Features,
) -> None:
    crops = {
        name: [features(crop(photo(name), *corner)) for corner in ((0, 0), (300, 300))]
        for name in ("brick", "grass", "gravel")
    }
    within = {name: style_distance(*pair) for name, pair in crops.items()}
    for one, two in combinations(crops, 2):
        across = min(style_distance(p, q) for p in crops[one] for q in crops[two])
        assert across > max(within[one], within[two]), f"{one} and {two}"
