"""Pictures are translated at a working size and scaled back to their own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.inference.folder.folder import translate_folder
from gan.inference.folder.options import TranslateOptions
from gan.inference.tiling import scratch_bytes
from gan.inference.translator import Translator
from gan.inference.working_size import advice, scale, trained_at, working_size
from gan.networks.files import load_generator, save_generator

CPU = torch.device("cpu")


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def pillow(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize a plane in float32 with Pillow, an independent implementation."""
    wide, high = size[1], size[0]
    image = Image.fromarray(plane.astype(np.float32)).resize((wide, high), Image.Resampling.BICUBIC)
    return np.asarray(image)


@pytest.mark.parametrize("size", [(20, 30), (61, 90), (33, 77), (16, 16)])
def test_scaling_is_pillows_bicubic(size: tuple[int, int]) -> None:
    x = torch.rand(2, 3, 40, 60, generator=torch.Generator().manual_seed(0)) * 2 - 1
    got = scale(x, size)
    for image, scaled in zip(x, got, strict=True):
        for plane, result in zip(image, scaled, strict=True):
            expected = np.clip(pillow(plane.numpy(), size), -1, 1)
            np.testing.assert_allclose(result.numpy(), expected, atol=2e-5)
    assert scale(x, (40, 60)) is x


@pytest.mark.parametrize(
    ("height", "width", "size", "expected"),
    [(3024, 4032, 256, (256, 341)), (4032, 3024, 256, (341, 256)), (72, 90, 72, (72, 90)),
     (50, 400, None, (50, 400)), (50, 400, 100, (100, 800))],
)  # fmt: skip
def test_the_shorter_side_has_the_size(
    height: int, width: int, size: int | None, expected: tuple[int, int]
) -> None:
    assert working_size(height, width, size) == expected


class Sizes(nn.Module):
    """Returns the negative of a picture; records the sizes of its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, ...]] = []

    def forward(self, x: Tensor) -> Tensor:
        self.seen.append(tuple(x.shape))
        return -x


@pytest.mark.parametrize("size", [24, 100])
def test_the_network_sees_the_working_size_and_the_picture_keeps_its_own(size: int) -> None:
    network = Sizes()
    translator = Translator(network, 3, CPU)
    image = noise(60, 40)
    plain = translator.translate(image)
    there = (size, round(size * 1.5))
    translated = translator.at_size(size).translate(image)
    assert network.seen == [(1, 3, 40, 60), (1, 3, *there)]
    assert translated.size == (60, 40)
    assert translator.translate(image) == plain  # the first translator keeps its size
    for channel in range(3):
        unit = np.asarray(image)[:, :, channel] / 127.5 - 1
        back = np.clip(pillow(-np.clip(pillow(unit, there), -1, 1), (40, 60)), -1, 1)
        expected = (back + 1) * 127.5
        np.testing.assert_allclose(np.asarray(translated)[:, :, channel], expected, atol=0.51)


def test_tiles_at_a_working_size_give_the_picture_in_one_piece(
    generator_file: Path, tmp_path: Path
) -> None:
    translator = Translator.load(generator_file, size=80)
    pixels = torch.from_numpy(np.asarray(noise(200, 160)).transpose(2, 0, 1).copy())
    (whole,) = translator.translate_batch(pixels[None])
    tiled = translator.translate_tiled(pixels, 64, tmp_path)
    assert whole is not None
    assert tiled is not None
    assert int((whole.int() - tiled.int()).abs().max()) <= 1
    assert translator.scratch_bytes(160, 200) == scratch_bytes(translator.network, 80, 100)


def test_memory_is_that_of_the_working_size(
    generator_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4000 x 4000 pixels fit into 64 MB at a size of 200 only, and not 100 of them."""
    monkeypatch.setattr("gan.inference.translator.free_memory", lambda device: 64 * 2**20)
    translator = Translator.load(generator_file)
    assert not translator.fits(4000, 4000)
    assert translator.at_size(200).fits(4000, 4000)
    assert not translator.at_size(200).fits(4000, 4000, count=100)


@pytest.mark.parametrize("size", [0, 15, -3])
def test_sizes_below_16_are_rejected(negative: Translator, size: int) -> None:
    with pytest.raises(ValueError, match=rf"^size: must be at least 16 pixels, not {size}"):
        negative.at_size(size)


@pytest.mark.parametrize(
    ("about", "size"),
    [({"resize": "square", "load_size": 72}, 72), ({"resize": "short", "load_size": 286}, 286),
     ({"resize": "none", "load_size": 286}, None), ({}, None),
     ({"resize": "square", "load_size": "x"}, None)],
)  # fmt: skip
def test_the_size_of_training_is_that_of_its_scaled_images(
    about: dict[str, object], size: int | None
) -> None:
    assert trained_at(about) == size


def test_pictures_much_larger_than_those_of_training_are_reported() -> None:
    line = advice(72, [(4032, 3024), (3024, 4032), (100, 90)])
    assert line
    assert "72 pixels (the shorter side); these pictures have 3024" in line
    assert "42.0 times finer" in line
    assert "--size 72" in line
    assert advice(72, [(143, 200)]) is None
    assert advice(None, [(4032, 3024)]) is None
    assert advice(72, []) is None


def test_the_command_translates_at_a_size_and_prints_that_of_training(
    generator_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network, spec, about = load_generator(generator_file)
    model = tmp_path / "gen_ab.safetensors"
    save_generator(network.state_dict(), model, spec, about | {"resize": "short", "load_size": 24})
    noise(90, 60).save(tmp_path / "photo.png")
    outputs = {}
    for size in (None, 24):
        outputs[size] = tmp_path / f"{size}.png"
        options = TranslateOptions(
            model=model, input=tmp_path / "photo.png", output=outputs[size], size=size
        )
        assert translate_folder(options) == 0
        printed = capsys.readouterr().err
        assert ("--size 24 translates at that size" in printed) == (size is None)
    expected = Translator.load(model).at_size(24).translate(tmp_path / "photo.png")
    with Image.open(outputs[24]) as image:
        assert image.size == (90, 60)
        assert np.array_equal(np.asarray(image), np.asarray(expected))
    assert outputs[24].read_bytes() != outputs[None].read_bytes()
