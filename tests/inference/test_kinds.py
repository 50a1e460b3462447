"""A translator takes paths, pictures, arrays and tensors, and returns each in its own kind."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gan.inference.translator import Translator

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
EXPECTED = 255 - PIXELS
CPU = torch.device("cpu")


def test_a_path_becomes_a_picture(negative: Translator, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(PIXELS).save(tmp_path / "a.png", exif=exif)
    for path in (tmp_path / "a.png", str(tmp_path / "a.png")):
        result = negative.translate(path)
        assert result.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(result), np.rot90(EXPECTED, -1))


def test_a_file_of_16_bits_becomes_a_picture_of_8(negative: Translator, tmp_path: Path) -> None:
    deep = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    Image.fromarray(deep).save(tmp_path / "deep.png")
    result = np.asarray(negative.translate(tmp_path / "deep.png"))
    expected = np.repeat(255 - (deep / 257)[..., None], 3, axis=2)
    np.testing.assert_allclose(result, expected, atol=0.51)


def test_arrays_give_arrays_of_their_type(negative: Translator) -> None:
    result = negative.translate(PIXELS)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, EXPECTED)
    deep = negative.translate(PIXELS.astype(np.uint16) * 257)
    assert deep.dtype == np.uint16
    np.testing.assert_array_equal(deep, EXPECTED.astype(np.uint16) * 257)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32, torch.float64, torch.float16])
def test_tensors_give_tensors_of_their_type(negative: Translator, dtype: torch.dtype) -> None:
    pixels = torch.from_numpy(PIXELS.transpose(2, 0, 1).copy())
    image = pixels if dtype == torch.uint8 else (pixels.double() / 255).to(dtype)
    result = negative.translate(image)
    assert result.dtype == dtype
    expected = 255 - pixels if dtype == torch.uint8 else 1 - image
    torch.testing.assert_close(result, expected, rtol=0, atol=1e-3 if dtype.itemsize == 2 else 1e-6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PIXELS[None], "pictures of 3 channels, (H, W, 3), not (1, 20, 30, 3)"),
        (PIXELS[:, :, 0], "pictures of 3 channels, (H, W, 3), not (20, 30)"),
        (PIXELS / 255, "of uint8 or uint16, not float64"),
        (PIXELS[:8], "30x8 pixels: both sides must be at least 16"),
        (torch.zeros(1, 3, 20, 30), "not (1, 3, 20, 30): translate_batch takes batches"),
        (torch.zeros(20, 30, 3), "takes tensors (3, H, W) of uint8, or of floats in [0, 1], not"),
        (torch.zeros(3, 20, 30) - 1, "not -1 to -1"),
        (torch.full((3, 20, 30), torch.nan), "not nan to nan"),
        (torch.zeros(3, 20, 30, dtype=torch.int64), "not torch.int64"),
        (torch.zeros(3, 8, 30), "30x8 pixels: both sides must be at least 16"),
    ],
)
def test_other_shapes_and_types_are_rejected_and_valid_ones_named(
    negative: Translator, given: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        negative.translate(given)


@pytest.mark.parametrize("given", [None, 3, [PIXELS], b"bytes"])
def test_other_kinds_are_rejected_and_valid_ones_named(negative: Translator, given: Any) -> None:
    kind = type(given).__name__
    with pytest.raises(TypeError, match=rf"a path, a PIL\.Image, an array .* not {kind}$"):
        negative.translate(given)


def test_a_file_that_cannot_be_read_is_named(negative: Translator, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone\.png"):
        negative.translate(tmp_path / "gone.png")
    Image.new("RGB", (8, 40)).save(tmp_path / "thin.png")
    with pytest.raises(ValueError, match=r"thin\.png: 8x40 pixels"):
        negative.translate(tmp_path / "thin.png")


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_outputs_that_are_not_finite_are_rejected(dtype: torch.dtype) -> None:
    broken = Translator(nn.Threshold(2, torch.nan), 3, CPU)
    with pytest.raises(ValueError, match="NaN"):
        broken.translate(torch.zeros(3, 16, 16, dtype=dtype))
