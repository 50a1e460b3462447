"""Datasets are translated at a working size, and images keep their own."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.augment import augment
from gan.inference.translator import Translator
from tests.support.augmenting import config
from tests.support.labelled import TRAIN, WRITERS


def test_images_are_translated_at_the_size_and_keep_their_own(tmp_path: Path, model: Path) -> None:
    WRITERS["yolo"](tmp_path / "in")
    options = config(tmp_path, "yolo", model=[model], size=24, direction="ab", quality=100)
    assert augment(options) == 0
    translator = Translator.load(model, "ab", "cpu", size=24)
    paths = [path for path in (tmp_path / "in").rglob("*.*") if path.stem in TRAIN]
    images = [path for path in paths if path.suffix not in (".txt", ".yaml", ".json", ".xml")]
    assert images
    for path in images:
        expected = np.asarray(translator.translate(path), float)
        with Image.open(tmp_path / "out" / path.relative_to(tmp_path / "in")) as got:
            assert np.abs(np.asarray(got.convert("RGB")) - expected).mean() < 3  # JPEG


def test_another_size_belongs_to_another_output(tmp_path: Path, model: Path) -> None:
    """An output that is older than the option lacks the key, which means no size."""
    WRITERS["yolo"](tmp_path / "in")

    def run(size: int | None) -> int:
        return augment(config(tmp_path, "yolo", model=[model], direction="ab", size=size))

    assert run(None) == 0
    report = tmp_path / "out/augmentation.json"
    settings = json.loads(report.read_text())
    with pytest.raises(ValueError, match="was begun with size None, not 24"):
        run(24)
    report.write_text(json.dumps({key: settings[key] for key in settings if key != "size"}))
    assert run(None) == 0
    report.write_text(json.dumps(settings | {"size": 24}))
    assert run(24) == 0
    with pytest.raises(ValueError, match="was begun with size 24, not None"):
        run(None)
