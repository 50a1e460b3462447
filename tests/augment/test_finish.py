"""Written translations: rotated and deep images are stored like their sources."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.augment import AugmentOptions, augment
from gan.augment.round_trip import TURNED_BACK
from gan.images import read_picture
from gan.images.deep import turned
from gan.inference.translator import Translator

OFF = dict.fromkeys(("structure", "shift", "edges", "luma", "contrast"), "off")


@pytest.mark.parametrize("turn", range(1, 9))
def test_restoring_the_orientation_undoes_the_rotation(turn: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert (turned(turned(pixels, turn), TURNED_BACK[turn]) == pixels).all()


def augmented(tmp_path: Path, model: Path) -> None:
    given = {"dataset": tmp_path / "in", "output": tmp_path / "out", "format": "imagefolder"}
    settings = AugmentOptions.model_validate(given | {"model": [model]} | OFF)
    assert augment(settings) == 0


@pytest.fixture
def model(tmp_path: Path, negative: Translator, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Translator, "load", lambda *_, **__: negative)
    (tmp_path / "gen_ab.safetensors").write_bytes(b"")
    return tmp_path / "gen_ab.safetensors"


@pytest.mark.parametrize("turn", range(1, 9))
def test_rotated_photographs_fit_their_labels_for_every_reader(
    tmp_path: Path, model: Path, turn: int
) -> None:
    """Some readers rotate an image by its tag and some do not: boxes must fit for both."""
    (tmp_path / "in" / "things").mkdir(parents=True)
    exif = Image.Exif()
    exif[274] = turn
    pixels = np.random.default_rng(turn).integers(0, 256, (20, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "in" / "things" / "a.png", exif=exif)
    augmented(tmp_path, model)
    with Image.open(tmp_path / "out" / "things" / "a.png") as result:
        assert result.getexif().get(274, 1) == turn
        assert (np.asarray(result) == 255 - pixels).all()


def test_sixteen_bits_and_transparency_are_kept(tmp_path: Path, model: Path) -> None:
    folder = tmp_path / "in" / "things"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 65535, (20, 30), np.uint16)).save(folder / "deep.png")
    Image.fromarray(rng.integers(0, 256, (20, 30, 4), np.uint8)).save(folder / "clear.png")
    augmented(tmp_path, model)
    deep = read_picture(tmp_path / "out" / "things" / "deep.png").pixels.astype(int)
    assert np.abs(deep + read_picture(folder / "deep.png").pixels - 65535).max() <= 1
    before, after = (
        read_picture(place / "clear.png") for place in (folder, tmp_path / "out/things")
    )
    assert before.alpha is not None
    assert after.alpha is not None
    assert (after.alpha == before.alpha).all()
    lines = (tmp_path / "out" / "augmentation.jsonl").read_text().splitlines()
    assert [json.loads(line)["decision"] for line in lines] == ["accepted"] * 2
