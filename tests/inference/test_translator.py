"""A translator loads a run's generators, and keeps the size of pictures."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from gan.inference.devices import pick_device, pick_precision
from gan.inference.translator import Precision, Translator
from gan.networks import build_generator
from gan.networks.files import load_generator
from gan.system.arithmetic import tf32

CPU = torch.device("cpu")
Generators = Callable[..., Path]


def noise(width: int, height: int, mode: str = "RGB") -> Image.Image:
    shape = (height, width, 3) if mode == "RGB" else (height, width)
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8))


def values(image: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(image)


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (64, 21), (250, 16)])
def test_the_size_is_kept_and_equal_pictures_have_equal_translations(
    generator_file: Path, size: tuple[int, int]
) -> None:
    translator = Translator.load(generator_file)
    image = noise(*size)
    before, first = image.tobytes(), translator.translate(image)
    assert (first.size, first.mode) == (size, "RGB")
    assert image.tobytes() == before
    assert translator.translate(image) == first
    assert len(np.unique(np.asarray(first))) > 20


def test_a_translation_is_the_network_s_output_for_minus_one_to_one(
    generator_file: Path,
) -> None:
    """Compared with a direct call of the network, rounded by numpy."""
    image = noise(24, 20)
    network, _, _ = load_generator(generator_file)
    x = torch.from_numpy(np.asarray(image) / 127.5 - 1).float().permute(2, 0, 1)[None]
    with torch.no_grad():
        unit = network(x)[0].permute(1, 2, 0).numpy().astype(np.float64)
    expected = np.rint((unit + 1) * 127.5)
    got = np.asarray(Translator.load(generator_file).translate(image))
    assert np.abs(got - expected).max() <= 1  # float32 before the rounding, float64 here


def test_pixels_and_channels_keep_their_places(negative: Translator) -> None:
    image = noise(40, 23)
    assert np.array_equal(values(negative.translate(image)), 255 - values(image))


def test_outputs_that_are_not_numbers_are_rejected() -> None:
    """Cast to 8 bits they would be black and look like a translation."""
    with pytest.raises(ValueError, match="NaN"):
        Translator(nn.Threshold(2, torch.nan), 3, CPU).translate(noise(16, 16))


@pytest.mark.parametrize("size", [(15, 40), (40, 15), (1, 500), (1, 1)])
def test_less_than_16_pixels_are_rejected_with_their_number(
    negative: Translator, size: tuple[int, int]
) -> None:
    with pytest.raises(ValueError, match=rf"^{size[0]}x{size[1]} pixels: .*at least 16"):
        negative.translate(Image.new("RGB", size))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
@pytest.mark.parametrize("source", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "YCbCr"])
def test_pictures_of_any_mode_are_taken(
    negative: Translator, channels: int, mode: str, source: str
) -> None:
    """White stays white in all modes, and its negative is black."""
    whites = {"I;16": 65535, "LA": (255, 255), "CMYK": (0, 0, 0, 0), "YCbCr": (255, 128, 128)}
    white: Any = whites.get(source, "white")
    translated = Translator(negative.network, channels, CPU).translate(
        Image.new(source, (17, 20), white)
    )
    assert (translated.mode, translated.size) == (mode, (17, 20))
    assert np.asarray(translated).max() == 0


def test_transparent_palette_and_deep_pictures_have_the_colors_they_show(
    negative: Translator,
) -> None:
    clear = Image.new("RGBA", (20, 16), (200, 10, 10, 0))
    assert np.asarray(negative.translate(clear)).max() == 0  # shown on white
    colors = noise(20, 16).quantize(8)
    expected = 255 - values(colors.convert("RGB"))
    assert np.array_equal(values(negative.translate(colors)), expected)
    deep = np.arange(320, dtype=np.uint16).reshape(16, 20) * 200
    expected = np.repeat((255 - deep / 257)[..., None], 3, -1)
    result = values(negative.translate(Image.fromarray(deep)))
    np.testing.assert_allclose(result, expected, atol=0.51)


def test_generators_between_gray_and_color(tmp_path: Path, new_generator: Generators) -> None:
    to_color = new_generator(tmp_path / "a.safetensors", in_channels=1)
    to_gray = new_generator(tmp_path / "b.safetensors", out_channels=1)
    assert Translator.load(to_color).translate(noise(20, 17)).mode == "RGB"
    assert Translator.load(to_gray).translate(noise(20, 17, "L")).mode == "L"


def test_lower_precision_changes_pixels_slightly_and_fp32_does_not(generator_file: Path) -> None:
    image = noise(32, 32)
    exact = np.asarray(Translator.load(generator_file).translate(image)).astype(int)
    half = np.asarray(Translator.load(generator_file, precision="bf16").translate(image))
    assert 0 < np.abs(half - exact).mean() < 8


def test_dropout_and_gradients_are_off() -> None:
    network = build_generator("resnet_6blocks", channels=2, dropout=True)
    translator = Translator(network.train(), 3, CPU)
    assert not any(parameter.requires_grad for parameter in translator.network.parameters())
    assert translator.translate(noise(16, 16)) == translator.translate(noise(16, 16))


def same(first: Translator, second: Translator) -> bool:
    return first.translate(noise(16, 16)) == second.translate(noise(16, 16))


def test_a_run_with_both_generators_needs_the_direction(
    tmp_path: Path, new_generator: Generators
) -> None:
    ab = new_generator(tmp_path / "gen_ab.safetensors", "ab", seed=0)
    ba = new_generator(tmp_path / "gen_ba.safetensors", "ba", seed=1)
    new_generator(tmp_path / "gen_ab-epoch001.safetensors", "ab", seed=2)
    with pytest.raises(ValueError, match=rf"^{re.escape(str(tmp_path))}: .*direction ab or ba"):
        Translator.load(tmp_path)
    assert same(Translator.load(tmp_path, "ab"), Translator.load(ab))
    assert same(Translator.load(str(tmp_path), "ba"), Translator.load(ba))
    assert not same(Translator.load(ab), Translator.load(ba))


def test_a_run_with_one_generator_requires_no_direction_but_checks_it(
    generator_file: Path,
) -> None:
    folder = generator_file.parent
    assert same(Translator.load(folder), Translator.load(generator_file))
    assert same(Translator.load(folder, "ab"), Translator.load(generator_file, "ab"))
    with pytest.raises(ValueError, match=r"gen_ba\.safetensors: no such .* gen_ab\.safetensors"):
        Translator.load(folder, "ba")


def test_a_file_of_the_other_direction_is_rejected(tmp_path: Path, generator_file: Path) -> None:
    """Under any name: the direction is in its metadata."""
    renamed = shutil.copy(generator_file, tmp_path / "gen_ba.safetensors")
    with pytest.raises(ValueError, match=rf"^{re.escape(str(renamed))}: translates ab, not ba"):
        Translator.load(renamed, "ba")


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gone: no such run directory or generator file"):
        Translator.load(tmp_path / "gone")
    (tmp_path / "config.yaml").touch()
    (tmp_path / "gen_ab-epoch001.safetensors").touch()
    with pytest.raises(ValueError, match=rf"^{re.escape(str(tmp_path))}: no gen_ab\.safetensors"):
        Translator.load(tmp_path)


@pytest.mark.parametrize(
    ("cuda", "mps", "chosen"), [(True, True, "cuda:3"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_uses_the_best_device_and_absent_ones_are_rejected(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, chosen: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 3)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert pick_device("auto") == torch.device(chosen)
    assert pick_device("cpu") == CPU
    for name, available in (("cuda", cuda), ("mps", mps)):
        if available:
            number = 3 if name == "cuda" else None
            assert pick_device(name) == torch.device(name, number)  # type: ignore[arg-type]
        else:
            with pytest.raises(ValueError, match=f"device {name}: not available"):
                pick_device(name)  # type: ignore[arg-type]


def test_an_unknown_device_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="device cdua: must be one of auto, cpu, cuda, mps"):
        pick_device("cdua")  # type: ignore[arg-type]


def test_a_picture_with_an_exif_rotation_is_translated_upright(
    negative: Translator, tmp_path: Path
) -> None:
    pixels = np.arange(20 * 30 * 3, dtype=np.uint32).reshape(20, 30, 3).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    Image.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    with Image.open(tmp_path / "turned.png") as image:
        turned = negative.translate(image)
    assert turned.size == (20, 30)
    np.testing.assert_array_equal(np.asarray(turned), 255 - np.rot90(pixels, -1))


def test_bf16_is_as_near_to_the_exact_result_as_autocast(
    generator_file: Path,
) -> None:
    """Weights cast once, and another layout, add in another order; processors do, too."""
    x = torch.rand(2, 3, 40, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    network, _, _ = load_generator(generator_file)
    with torch.no_grad():
        with torch.autocast("cpu", torch.bfloat16):
            autocast = network.eval()(x)
        exact = network.double()(x.double())
    with torch.inference_mode():
        got = Translator.load(generator_file, precision="bf16").run(x)
    error, usual = ((each - exact).abs().mean() for each in (got, autocast))
    assert 0.5 < error / usual < 1.1  # in float32 it would be a thousandth


def test_auto_is_bf16_if_the_device_computes_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for answer, expected in ((True, "bf16"), (False, "fp32")):
        monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda answer=answer: answer)
        assert pick_precision("auto", CPU) == expected
        assert pick_precision("fp16", CPU) == "fp16"


def test_without_a_compiler_translations_are_unchanged(
    generator_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compile(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found\nin torch._inductor.config.cpp.cxx")

    monkeypatch.setattr(torch, "compile", compile)
    translator = Translator.load(generator_file)
    before = translator.translate(noise(30, 20))
    assert translator.compile() == "No working C++ compiler found"
    assert translator.translate(noise(30, 20)) == before


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here")
def test_a_compiled_translator_gives_the_same_picture_of_any_size_within_rounding(
    generator_file: Path,
) -> None:
    plain, compiled = Translator.load(generator_file), Translator.load(generator_file)
    assert compiled.compile() is None
    for count, height, width in ((1, 20, 24), (1, 33, 18), (3, 20, 24), (2, 64, 48)):
        x = torch.rand(count, 3, height, width) * 2 - 1
        with torch.inference_mode():
            # Nine norms in a row amplify float32's rounding.
            torch.testing.assert_close(compiled.run(x), plain.run(x), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("precision", "rounds"), [("fp32", False), ("tf32", True), ("bf16", False)]
)
def test_float32_is_exact_with_every_setting_of_the_process(
    precision: Precision, rounds: bool
) -> None:
    """The settings are restored: torch's defaults differ between operations."""
    seen: list[tuple[bool, bool]] = []

    def flags() -> tuple[bool, bool]:
        return torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32

    class Looks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(flags())
            return x

    translator = Translator(Looks(), 3, CPU, precision)
    for chosen in (False, True):
        with tf32(chosen):
            before = flags()
            translator.translate_batch(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
            assert flags() == before
    assert seen == [(rounds, rounds)] * 2
