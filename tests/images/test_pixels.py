"""8 bits to [-1, 1] and back, without loss; blends."""

import numpy as np
import pytest
import torch
from PIL import Image

from gan.images.pixels import blend, from_image, to_image, to_pixels, to_unit

ALL = torch.arange(256, dtype=torch.uint8)


def test_all_256_values_survive_a_round_trip() -> None:
    assert torch.equal(to_pixels(to_unit(ALL)), ALL)


def test_pixels_map_to_minus_one_to_one_in_even_steps() -> None:
    expected = np.linspace(-1, 1, 256)
    assert to_unit(ALL).dtype == torch.float32
    np.testing.assert_allclose(to_unit(ALL).numpy(), expected, atol=1e-7)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_values_are_rounded_to_the_nearest_and_clipped(dtype: torch.dtype) -> None:
    between = (ALL[:-1].float() + 0.4) / 127.5 - 1
    assert torch.equal(to_pixels(between), ALL[:-1])
    beyond = torch.tensor([-torch.inf, -3, -1.01, 1.01, 3, torch.inf], dtype=dtype)
    assert to_pixels(beyond).tolist() == [0, 0, 0, 255, 255, 255]


@pytest.mark.parametrize(("mode", "shape"), [("RGB", (5, 7, 3)), ("L", (5, 7))])
def test_an_image_survives_conversion_to_a_tensor(mode: str, shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    tensor = from_image(Image.fromarray(pixels))
    assert tensor.shape == (3 if mode == "RGB" else 1, 5, 7)
    assert np.array_equal(tensor[0].numpy(), pixels.reshape(5, 7, -1)[:, :, 0])
    image = to_image(tensor)
    assert image.mode == mode
    assert np.array_equal(np.asarray(image), pixels)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [(1, 1), (3, 3), (1, 3), (3, 1)])
def test_a_blend_is_the_weighted_mean(dtype: type, channels: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    largest = np.iinfo(dtype).max
    before, after = (
        rng.integers(0, largest, (300, 7, depth), dtype=dtype, endpoint=True) for depth in channels
    )
    # Quarters have no rounding error in float32 or float64, so that the results must be equal.
    for strength in (0, 0.25, 0.5, 0.75):
        exact = (1 - strength) * before.astype(float) + strength * after
        result = blend(before, after, strength)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, np.rint(exact))
    assert blend(before, after, 1) is after
