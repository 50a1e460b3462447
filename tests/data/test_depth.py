"""More than 8 bits a channel from the file to the crop."""

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

from gan.config import Config, DataConfig
from gan.data import Batches, build_dataset, build_loader, index_folders, sample_image
from gan.data.crops import Crops
from gan.data.folders import DARK
from gan.images import resized
from gan.images.deep import CLIPPED, as_pixels
from tests.support.pictures import Photos

RNG = np.random.default_rng(0)


def write(path: Path, numbers: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), numbers)


def stored(path: Path) -> Any:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


@pytest.fixture
def twelve(tmp_path: Path) -> Path:
    """Return folders of gray ramps of 12 bits in 16."""
    for side in "AB":
        for number in range(3):
            ramp = np.arange(80)[:, None] * 40 + np.arange(96)[None] * (number + 1)
            write(tmp_path / f"data/train{side}/{number}.png", ramp.astype(np.uint16))
    return tmp_path / "data"


def config(root: Path | None, **changes: Any) -> Config:
    data = {
        "root": root, "resize": "none", "load_size": 64, "crop_size": 64, "channels_a": 1,
        "channels_b": 1, "flip": False, "workers": 0,
    }  # fmt: skip
    return Config.model_validate({"data": data | changes})


def first(settings: Config) -> tuple[torch.Tensor, ...]:
    dataset = build_dataset(settings, index_folders(settings.data))
    return dataset[0, 0]


def test_crops_of_12_bits_keep_their_values(twelve: Path) -> None:
    for crop in first(config(twelve)):
        assert crop.dtype == torch.uint16
        assert len(np.unique(crop.numpy())) > 150
        assert int(crop.int().max()) < 4096
    for resize in ("square", "short"):
        crop, _ = first(config(twelve, resize=resize, load_size=70))
        assert crop.dtype == torch.uint16
        assert len(np.unique(crop.numpy())) > 150


def test_a_range_scales_12_bits_from_black_to_white(twelve: Path) -> None:
    plain, _ = first(config(twelve))
    spread, _ = first(config(twelve, range_a=[0, 4095], range_b=[0, 4095]))
    np.testing.assert_allclose(spread.numpy(), plain.numpy() * (65535 / 4095), atol=1)


def test_training_reports_a_missing_or_wrong_range(twelve: Path) -> None:
    """Without a range, values are in the darkest 16th; with 10 bits, three quarters are clipped."""

    def said(**changes: Any) -> dict[str, int]:
        folders = index_folders(config(twelve, **changes).data)
        assert folders["a"].remarks == folders["b"].remarks
        return dict(folders["a"].remarks)

    assert said() == {DARK: 3}
    assert said(range_a=[0, 4095], range_b=[0, 4095]) == {}
    assert said(range_a=[0, 1023], range_b=[0, 1023]) == {CLIPPED: 3}
    assert said(range_a=[0, 2047], range_b=[0, 2047]) == {}
    assert said(range_a=[-9, -1], range_b=[4096, 5000]) == {CLIPPED: 3}
    for name in ("0", "1"):
        for side in "AB":
            write(
                twelve / f"train{side}/{name}.png", stored(twelve / f"train{side}/{name}.png") * 16
            )
    assert said() == {}, "one dark picture is a dark picture"


def test_test_images_have_the_same_range(twelve: Path) -> None:
    data = config(twelve, range_a=[0, 4095]).data
    shown = sample_image(twelve / "trainA/0.png", data, "a")
    numbers = stored(twelve / "trainA/0.png")[8:72, 16:80]
    np.testing.assert_allclose(shown[0], numbers / 4095 * 2 - 1, atol=1e-4)


def test_files_of_8_and_of_16_bits_make_one_batch(tmp_path: Path) -> None:
    grey = RNG.integers(0, 256, (64, 64)).astype(np.uint8)
    for side in "AB":
        write(tmp_path / f"train{side}/8.png", grey)
        write(tmp_path / f"train{side}/16.png", grey.astype(np.uint16) * 257)
    settings = config(tmp_path)
    dataset = build_dataset(settings, index_folders(settings.data))
    loader = build_loader(
        dataset, Batches(2, 2, start=0, stop=3), workers=0, device=torch.device("cpu")
    )
    for a, _ in loader:  # b is drawn at random
        assert a.dtype == torch.uint16
        assert all(np.array_equal(image[0].numpy(), grey * 257.0) for image in a)


def test_batches_of_8_bits_stay_8_bits(photos: Photos) -> None:
    places = {"a": photos("a", 2, (64, 64)), "b": photos("b", 2, (64, 64))}
    settings = config(None, **places, channels_a=3, channels_b=3)
    dataset = build_dataset(settings, index_folders(settings.data))
    order = Batches(2, 2, start=0, stop=1)
    loader = build_loader(dataset, order, workers=0, device=torch.device("cpu"))
    assert {images.dtype for images in next(iter(loader))} == {torch.uint8}


def test_a_cache_gives_the_same_crops(twelve: Path, tmp_path: Path) -> None:
    for changes in ({}, {"range_a": [0, 4095]}, {"range_a": [100, 2000]}):
        plain = Crops(config(twelve, **changes).data)
        cached = config(twelve, cache=tmp_path / "cache", **changes).data
        for crops in (Crops(cached), Crops(cached)):
            for path in sorted((twelve / "trainA").iterdir()):
                os.utime(path, (1, 1))
                assert torch.equal(crops(path, "a", 1).int(), plain(path, "a", 1).int())


def test_an_augmentation_of_8_bits_gets_8_bits_and_excludes_a_range(twelve: Path) -> None:
    eight = {"augment": [{"Equalize": {"p": 0.01}}]}
    crop, _ = first(config(twelve, **eight))
    assert crop.dtype == torch.uint8
    with pytest.raises(
        ValueError, match=r"data\.augment: Equalize .* data\.range_b requires 16 bits"
    ):
        Crops(config(twelve, range_b=[0, 4095], **eight).data)
    both, _ = first(config(twelve, augment=[{"RandomBrightnessContrast": {"p": 1}}]))
    assert both.dtype == torch.uint16


def test_numbers_outside_their_type_are_rejected_unless_a_range_is_set(tmp_path: Path) -> None:
    for side in "AB":
        numbers = RNG.integers(-1024, 3072, (80, 96)).astype(np.int16)
        (tmp_path / f"train{side}").mkdir()
        tifffile.imwrite(tmp_path / f"train{side}/a.tif", numbers, photometric="minisblack")
    with pytest.raises(ValueError, match=r"a\.tif: values from -10.* data\.range_a or"):
        index_folders(config(tmp_path).data)
    settings = config(tmp_path, range_a=[-1024, 3071], range_b=[-1024, 3071])
    assert len(np.unique(first(settings)[0].numpy())) > 1000


@pytest.mark.parametrize(
    "values",
    [
        [1, 1],
        [4095, 0],
        [0, float("inf")],
        [float("nan"), 1],
        [1],
        [1, 2, 3],
        "a",
        [0, 1e-300],
        [0, 1e39],
        [1e20, 1.0000000000000002e20],
    ],
)
def test_a_range_is_two_numbers_the_lower_first(values: Any) -> None:
    with pytest.raises(ValueError, match="range_a"):
        DataConfig.model_validate({"range_a": values})


@pytest.mark.parametrize("size", [(16, 16), (40, 25), (70, 90)])
@pytest.mark.parametrize("channels", [1, 3])
def test_16_bits_are_resized_as_8_are(size: tuple[int, int], channels: int) -> None:
    """Within the rounding of 8 bits, and exactly as Pillow resizes a float channel."""
    eight = RNG.integers(60, 196, (50, 60, channels)).astype(np.uint8)  # nothing overshoots
    deep = as_pixels(resized(eight.astype(np.uint16) * 257, size))
    assert deep.dtype == np.uint16
    assert deep.shape == (size[1], size[0], channels)
    image = Image.fromarray(eight.squeeze())
    np.testing.assert_allclose(deep / 257, as_pixels(resized(image, size)), atol=1.1)
    plane = Image.fromarray(eight[:, :, 0] * np.float32(257))
    alone = np.asarray(plane.resize(size, Image.Resampling.BICUBIC)).clip(0, 65535)
    assert np.array_equal(deep[:, :, 0], np.rint(alone))
