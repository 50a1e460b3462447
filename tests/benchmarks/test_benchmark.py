"""The benchmarks run and print their figures; speed is not tested."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks.export import export
from benchmarks.loader import loader
from benchmarks.peak import operations
from benchmarks.translate import translate


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


def test_translate_compares_all_ways_with_plain(capsys: pytest.CaptureFixture[str]) -> None:
    translate([16, 20], [1, 2], ["fp32", "bf16"], channels=2, rounds=1)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["size"], line["batch"]) for line in lines] == [(16, 1), (16, 2), (20, 1), (20, 2)]
    for line in lines:
        assert set(line["to_plain"]) == {"plain", "fp32", "bf16"}


def test_operations_are_those_of_the_convolutions() -> None:
    """Two for each weight and place of a valid 3x3 convolution."""
    convolve = nn.Conv2d(3, 5, 3)
    assert operations(partial(convolve, torch.zeros(1, 3, 10, 12))) == 2 * (3 * 5 * 9) * (8 * 10)


@pytest.mark.slow
def test_export_compares_the_precisions_with_float32(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnxscript")
    export(["resnet_1blocks"], channels=2, size=32, rounds=1)
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["to_fp32"]) == set(printed["milliseconds"]) == {"fp32", "fp16", "int8"}
    assert printed["to_fp32"]["fp32"] == 1
    assert printed["megabytes"]["int8"] < printed["megabytes"]["fp32"]
