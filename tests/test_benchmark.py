"""The measurements run, and print what they promise; how fast it was is not a test's business."""

import json
from pathlib import Path

import pytest

from gan.benchmark.loader import loader


def test_loader_prints_the_rates_of_all_ways(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("skimage")
    loader(tmp_path, images=2, megapixels=0.2, load_size=32)
    printed = json.loads(capsys.readouterr().out)
    ways = {"plain", "ours", "ours_draft", "cache_first", "cache"}
    assert set(printed["images_per_second_per_core"]) == set(printed["to_plain"]) == ways
    assert printed["to_plain"]["plain"] == 1
    assert (printed["images"], printed["megapixels"]) == (2, 0.2)
