"""Training is the same in every bit with a cache of resized images and without."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.config import Config
from gan.data import cache as module
from gan.training import train
from tests.support.pictures import Photos
from tests.support.runs import pixel_config, saved_weights

# Python 3.12 warns about forks with torch's threads; a run of one process forks anyway.
FORKS = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


def config(root: Path, run: Path, max_steps: int = 4, **data: Any) -> Config:
    values = pixel_config(root, run, max_steps).model_dump()
    return Config.model_validate(values | {"data": values["data"] | data})


@FORKS
def test_cached_and_uncached_training_are_equal_in_every_bit_and_resume_into_each_other(
    photos: Photos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, "SETTLED", 0)
    photos("data/trainA", size=(80, 60), suffix=".jpg")
    root = photos("data/trainB", size=(60, 70), suffix=".jpg").parent
    cache = tmp_path / "cache"
    train(config(root, tmp_path / "plain"))
    train(config(root, tmp_path / "cold", cache=cache, workers=2))
    assert f"data.cache: {cache} holds 0 images" in capsys.readouterr().err
    train(config(root, tmp_path / "warm", cache=cache))
    # Images of B are drawn, so some may not have been yet.
    assert re.search(f"data.cache: {cache} holds [4-8] images", capsys.readouterr().err)
    train(config(root, tmp_path / "mixed", 2, cache=cache))
    train(config(root, tmp_path / "mixed"))
    for name in ("cold", "warm", "mixed"):
        assert all(
            map(torch.equal, saved_weights(tmp_path / "plain"), saved_weights(tmp_path / name))
        )
