"""Ranges of values, from training to every command that uses the generators."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from safetensors import safe_open
from torch import Tensor

from gan.augment.live import Model, opened, translate_pixels
from gan.config.choices import Range
from gan.evaluation import Settings, evaluate, open_folders
from gan.evaluation.command import open_model
from gan.evaluation.instruments import Instruments
from gan.export.formats import INPUT, OUTPUT
from gan.inference.folder.pipeline import RoundTrip
from gan.inference.translator import Translator
from gan.networks.files import load_generator, save_generator
from gan.report.translations import Translations
from gan.training import train
from tests.conftest import Negative
from tests.support.commands import export_model, translate_folder
from tests.support.runs import config

CPU = torch.device("cpu")
TWELVE, HU = (0.0, 4095.0), (-1024.0, 3071.0)
SECTIONS: dict[str, Mapping[str, Any]] = {
    "data": {"channels_a": 1, "channels_b": 1, "range_a": HU, "range_b": TWELVE},
    "train": {"max_steps": 1},
}


def write(folder: Path, numbers: Any, name: str = "a.tif") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(folder / name, numbers, photometric="minisblack")
    return folder / name


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Write two pictures in Hounsfield units (A) and in 12 bits (B), for training and for test."""
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        for number in range(2):
            twelve = rng.integers(0, 4096, (40, 48)).astype(np.uint16)
            write(tmp_path / f"data/{split}A", twelve.astype(np.int16) - 1024, f"{number}.tif")
            write(tmp_path / f"data/{split}B", twelve, f"{number}.tif")
    return tmp_path / "data"


@pytest.fixture
def run(data: Path, tmp_path: Path) -> Path:
    """Train one step with ranges; return the run."""
    train(config(data, tmp_path / "run", **SECTIONS))
    return tmp_path / "run"


def negative(ranges: tuple[Range | None, Range | None], channels: int = 1) -> Translator:
    return Translator(Negative(), channels, CPU, ranges=ranges)


def test_a_run_writes_the_ranges_of_each_generator(run: Path) -> None:
    for direction, ranges in (("ab", (HU, TWELVE)), ("ba", (TWELVE, HU))):
        file = run / f"gen_{direction}.safetensors"
        about = load_generator(file)[2]
        assert (about["range_in"], about["range_out"]) == tuple(map(list, ranges))
        translator = Translator.load(file)
        assert (translator.range_in, translator.range_out) == ranges


@pytest.mark.parametrize("values", ["a", [1], [1, 1], [2, 1], [0, None], {}, 5])
def test_a_file_with_other_ranges_is_rejected(
    generator_file: Path, tmp_path: Path, values: Any
) -> None:
    network, spec, about = load_generator(generator_file)
    path = tmp_path / "gen_ab.safetensors"
    save_generator(network.state_dict(), path, spec, about | {"range_in": values})
    with pytest.raises(ValueError, match=r"gen_ab\.safetensors: range_in is .*two numbers"):
        Translator.load(path)


@pytest.mark.parametrize(
    ("numbers", "ranges", "dtype"),
    [
        (np.arange(40 * 48) * 2, (TWELVE, TWELVE), np.uint16),
        (np.arange(40 * 48) * 2 - 1024, (HU, HU), np.int16),
        (np.arange(40 * 48) * 2 - 1024, (HU, TWELVE), np.uint16),
        (np.arange(40 * 48) * np.float32(0.37), ((0, 1000), HU), np.float32),
        (np.arange(40 * 48) % 256, (None, TWELVE), np.uint16),
        (np.arange(40 * 48) * 2, (TWELVE, None), np.uint16),
    ],
)
def test_tiffs_are_translated_from_numbers_to_numbers(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    numbers: Any,
    ranges: tuple[Range | None, Range | None],
    dtype: type,
) -> None:
    """The generator makes negatives: distances from the low end become ones from the high end."""
    kind = np.float32 if numbers.dtype.kind == "f" else np.int16
    stored = numbers.astype(np.uint8 if ranges[0] is None else kind).reshape(40, 48)
    write(tmp_path / "in", stored)
    monkeypatch.setattr(Translator, "load", lambda *_: negative(ranges))
    assert translate_folder(Path("model"), tmp_path / "in", tmp_path / "out") == 0
    result = tifffile.imread(tmp_path / "out/a.tif")
    assert result.dtype == dtype
    low, high = ranges[0] or (0, 255)
    least, most = ranges[1] or (0, 65535)
    share = (stored.astype(float) - low) / (high - low)
    wanted = most - share.clip(0, 1) * (most - least)
    step = (most - least) / 65535
    np.testing.assert_allclose(result, wanted, atol=step + (0 if dtype == np.float32 else 0.5))
    if ranges[0]:
        assert len(np.unique(result)) > 1000


def test_a_png_of_such_numbers_is_scaled_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "in", (np.arange(40 * 48) * 2 - 1024).astype(np.int16).reshape(40, 48))
    monkeypatch.setattr(Translator, "load", lambda *_: negative((HU, HU)))
    translate_folder(Path("model"), tmp_path / "in", tmp_path / "out", format="png")
    assert "a.tif: .png cannot hold numbers from -1024 to 3071" in capsys.readouterr().err
    assert len(np.unique(np.asarray(Image.open(tmp_path / "out/a.png")))) > 1000


def test_evaluation_reads_the_numbers_by_the_ranges(run: Path, data: Path) -> None:
    """The generator is the identity: A and B are the same pictures in other ranges."""
    for number in range(2):
        path = data / f"testB/{number}.tif"
        write(data / "testB", tifffile.imread(path) // 2, f"{number}.tif")
    opened_model = open_model(run, data, 40, CPU, "fp32")
    assert (opened_model.data.range_a, opened_model.data.range_b) == (HU, TWELVE)
    plain = opened_model.data.model_copy(update={"resize": "none"})
    instruments = Instruments(CPU)

    def same(images: Tensor) -> Tensor:
        return images

    evaluation = evaluate(
        {"ab": same}, open_folders(plain), plain, Settings(("ab",), resamples=10), instruments
    )
    pictures = [tifffile.imread(data / f"testA/{n}.tif")[:, 4:44] + 1024.0 for n in range(2)]
    wanted = np.mean([np.abs(p - p // 2).mean() / 4095 * 2 for p in pictures])
    assert evaluation.metrics["l1_ab"].value == pytest.approx(wanted, abs=1e-4)
    assert evaluation.protocol["resize"]["range_a"] == list(HU)
    assert evaluation.protocol["translations"].startswith("rounded to 8 bits, 16 where")


def test_augmentation_in_a_loader_takes_and_gives_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(Path("model"))
    numbers = (np.arange(40 * 48) * 2 - 1024).reshape(40, 48, 1)

    def given(ranges: tuple[Range | None, Range | None], pixels: Any, strength: float = 1) -> Any:
        opened.cache_clear()
        monkeypatch.setattr(Translator, "load", lambda *_: negative(ranges))
        return translate_pixels(model, pixels, strength)

    for dtype in (np.int16, np.float32):
        result = given((HU, HU), numbers.astype(dtype))
        assert result.dtype == dtype
        np.testing.assert_allclose(result, 2047 - numbers, atol=0.6)
        half = given((HU, HU), numbers.astype(dtype), 0.5)
        np.testing.assert_allclose(half, 1023.5, atol=0.6)
    mixed = given((HU, TWELVE), numbers.astype(np.int16))
    np.testing.assert_allclose(mixed, 4095 - (numbers + 1024), atol=0.6)
    with pytest.raises(ValueError, match=r"gives numbers from -1024 to 3071, which uint16"):
        given((TWELVE, HU), (numbers + 1024).astype(np.uint16))
    with pytest.raises(ValueError, match="translate takes arrays"):
        given((None, None), numbers.astype(np.float32))


def test_a_round_trip_keeps_the_source_numbers_apart_from_what_is_written(tmp_path: Path) -> None:
    """`gan augment` and --compare get the source in 16 bits, in any range that is written."""
    write(tmp_path, np.full((40, 48), 1023.5, np.float32))
    picture = negative((HU, TWELVE)).read(tmp_path / "a.tif")
    assert picture.written == TWELVE
    assert picture.floats
    assert set(np.unique(picture.pixels)) == {32768}
    assert RoundTrip(torch.zeros(1, 1, 1)).rec is None


def test_the_report_shows_such_pictures(run: Path, data: Path) -> None:
    translations = Translations(run, config(data, run, **SECTIONS), data, "cpu")
    done, failed = translations.translate("ab", translations.names("ab"))
    assert not failed
    shown = np.asarray(done[0].before).astype(float)
    stored = tifffile.imread(data / "testA/0.tif") + 1024.0
    np.testing.assert_allclose(shown, stored / 4095 * 255, atol=0.6)


def test_exports_name_the_ranges_of_their_input_and_output(
    run: Path, tmp_path: Path, capsys: Any
) -> None:
    export_model(run, tmp_path / "a.safetensors", "safetensors", direction="ab")
    with safe_open(tmp_path / "a.safetensors", framework="pt") as file:
        assert "range_in" in file.metadata()["gan_generator"]
    export_model(run, tmp_path / "a.pth", "reference", direction="ab")
    assert "range_in and range_out cannot be stored in it" in capsys.readouterr().out
    export_model(run, tmp_path / "a.pt2", "program", direction="ab")
    files = {"gan_generator.json": ""}
    torch.export.load(tmp_path / "a.pt2", extra_files=files)
    said = json.loads(files["gan_generator.json"])
    assert "(value +1024) / 2047.5 - 1" in said[INPUT]
    assert "(x + 1) * 2047.5, rounded" in said[OUTPUT]
