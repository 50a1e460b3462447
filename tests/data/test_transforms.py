"""From image to crop: resizing, equal crops for equal seeds, and valid augmentations."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from gan.config import DataConfig
from gan.data import TrainTransform, sample_pixels
from gan.data.crops import resize

Transform = Callable[[Image.Image, int], Tensor]


def data(**changes: Any) -> DataConfig:
    return DataConfig(**({"load_size": 20, "crop_size": 16} | changes))


def transform(config: DataConfig) -> Transform:
    """Return a function from an image and a seed to a training crop."""
    crops = TrainTransform(config)
    return lambda image, seed: crops(resize(image, config), seed)


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def ramps(width: int, height: int) -> Image.Image:
    """Return an image whose pixels encode their places: 4x in red, 4y in green."""
    y, x = np.mgrid[:height, :width]
    return Image.fromarray(np.stack([4 * x, 4 * y, 0 * x], -1).astype(np.uint8))


def slopes(crop: Tensor) -> tuple[float, float]:
    """Return the mean change of red per pixel to the right, and of green per pixel down."""
    values = crop.float()
    return values[0].diff(dim=1).mean().item(), values[1].diff(dim=0).mean().item()


def shown(image: Image.Image, config: DataConfig) -> Tensor:
    return sample_pixels(image, config)


@pytest.mark.parametrize("size", [(50, 40), (33, 70), (12, 9), (32, 32)])
def test_square_is_the_antialiased_bicubic_whatever_the_aspect(size: tuple[int, int]) -> None:
    """Compared with torch's resize, which filters too and is written independently."""
    # Away from black and white: Pillow clips after each of its two passes, torch never.
    image = noise(*size).point(lambda value: 80 + value // 3)
    crop = transform(data(load_size=32, crop_size=32, flip=False))(image, 0)
    source = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float()
    expected = interpolate(source, (32, 32), mode="bicubic", antialias=True)[0]
    assert (crop - expected).abs().max() <= 1.5  # and rounds


def test_short_keeps_the_aspect_and_square_does_not() -> None:
    image = ramps(60, 40)
    short = transform(data(resize="short", flip=False))(image, 0)
    assert slopes(short) == pytest.approx((8, 8), rel=0.05)
    square = transform(data(resize="square", flip=False))(image, 0)
    assert slopes(square) == pytest.approx((12, 8), rel=0.05)


def test_none_cuts_the_crop_out_of_the_original_pixels() -> None:
    image = ramps(60, 40)
    crop = transform(data(resize="none", flip=False))(image, 3).permute(1, 2, 0).numpy()
    left, top = int(crop[0, 0, 0]) // 4, int(crop[0, 0, 1]) // 4
    assert np.array_equal(crop, np.asarray(image)[top : top + 16, left : left + 16])


def test_crops_reach_every_place_and_half_of_them_are_mirrored() -> None:
    crops, image = transform(data(resize="none")), ramps(20, 18)
    lefts, tops, mirrored = set(), set(), 0
    for seed in range(300):
        crop = crops(image, seed)
        lefts.add(int(crop[0].min()) // 4)
        tops.add(int(crop[1].min()) // 4)
        mirrored += bool(crop[0, 0, 0] > crop[0, 0, 1])
    assert lefts == {0, 1, 2, 3, 4}
    assert tops == {0, 1, 2}
    assert 110 < mirrored < 190  # mean 150, standard deviation 9


def test_without_flip_nothing_is_mirrored() -> None:
    crops, image = transform(data(resize="none", flip=False)), ramps(20, 18)
    assert all(slopes(crops(image, seed))[0] == 4 for seed in range(30))


def test_a_seed_decides_everything_whatever_was_drawn_before() -> None:
    augment = [{"ColorJitter": {"p": 0.5}}, {"GaussNoise": None}, {"Affine": {"rotate": [-9, 9]}}]
    first, second = (transform(data(augment=augment)) for _ in range(2))
    image = noise(30, 30)
    crops = [first(image, seed) for seed in range(8)]
    again = [second(image, seed) for seed in reversed(range(8))]
    assert all(torch.equal(a, b) for a, b in zip(crops, reversed(again), strict=True))
    assert len({crop.numpy().tobytes() for crop in crops}) == 8


def test_augmentations_do_what_their_arguments_say() -> None:
    crop = transform(
        data(resize="none", flip=False, augment=[{"InvertImg": {"p": 1}}, {"ToGray": {"p": 0}}])
    )(noise(16, 16), 0)
    assert np.array_equal(crop.permute(1, 2, 0), 255 - np.asarray(noise(16, 16)))


@pytest.mark.parametrize("resize", ["square", "short", "none"])
def test_gray_stays_one_channel(resize: Any) -> None:
    grey = data(resize=resize, channels_a=1, channels_b=1, augment=[{"GaussNoise": {"p": 1}}])
    for pixels in (transform(grey)(noise(30, 25, "L"), 0), shown(noise(30, 25), grey)):
        assert pixels.dtype == torch.uint8
    assert transform(grey)(noise(30, 25, "L"), 0).shape == (1, 16, 16)
    assert shown(noise(30, 25, "L"), grey).shape == (1, 16, 16)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"ColorJiter": {}}, "no transform ColorJiter; did you mean ColorJitter?"),
        ({"OneOf": {}}, "no transform OneOf"),
        ({3: {}}, "no transform 3"),
        ({"ColorJitter": {"brightnes": 0.1}}, "no argument brightnes; did you mean brightness?"),
        ({"ColorJitter": {"p": 2}}, "ColorJitter: .* p Input should be less than"),
        ({"ColorJitter": [0.1]}, "ColorJitter takes arguments by name"),
        ({"ColorJitter": {}, "Blur": {}}, "each entry must be one"),
        ({}, "each entry must be one"),
        ({"BasicTransform": {}}, "BasicTransform"),
    ],
)
def test_an_entry_that_cannot_be_built_is_rejected_with_a_similar_name(
    entry: dict[Any, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=rf"^data\.augment: .*{message}"):
        transform(data().model_copy(update={"augment": [entry]}))


@pytest.mark.parametrize(
    ("entry", "channels", "message"),
    [
        ({"Resize": {"height": 8, "width": 16}}, 3, r"Resize must keep .*\(8, 16, 3\)"),
        ({"Normalize": {"p": 0.01}}, 3, "Normalize must keep 8 bits.*float32"),
        ({"ToRGB": {"p": 0.01}}, 1, r"ToRGB must keep .*\(16, 16, 3\)"),
        ({"ISONoise": {"p": 0.01}}, 1, "ISONoise fails on crops of .*3-channel"),
    ],
)
def test_an_augmentation_that_changes_type_or_fails_is_rejected_even_if_it_is_rare(
    entry: dict[str, Any], channels: int, message: str
) -> None:
    """Before training, not by a worker hours later."""
    with pytest.raises(ValueError, match=rf"^data\.augment: {message}"):
        transform(data(augment=[entry], channels_b=channels))


def test_a_size_that_changes_at_random_is_rejected_when_it_changes() -> None:
    rarely = transform(data(augment=[{"RandomScale": {"scale_limit": 0.03, "p": 1}}]))
    crops = (rarely(noise(20, 20), seed) for seed in range(40))
    with pytest.raises(ValueError, match=r"^data\.augment: .*\(15, 15, 3\)"):
        list(crops)


def test_sample_pixels_are_the_whole_square_or_the_middle() -> None:
    image = ramps(60, 40)
    assert slopes(shown(image, data())) == pytest.approx((15, 10), rel=0.05)
    short = shown(image, data(resize="short"))
    assert slopes(short) == pytest.approx((10, 10), rel=0.05)
    assert short[0].float().mean() == pytest.approx(4 * 29.5, abs=4)
    none = shown(image, data(resize="none")).permute(1, 2, 0)
    assert np.array_equal(none, np.asarray(image)[12:28, 22:38])


@pytest.mark.parametrize("resize", ["square", "short", "none"])
@pytest.mark.parametrize("size", [(5, 9), (16, 16), (17, 40), (1, 30)])
def test_sample_pixels_fit_whatever_the_size(resize: Any, size: tuple[int, int]) -> None:
    assert shown(noise(*size), data(resize=resize)).shape == (3, 16, 16)
