"""A metric from outside the package is measured, printed, reported, and can select the best."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import gan
from gan.cli.main import main
from gan.config import Config, DataConfig
from gan.config.extensions import load_extensions
from gan.config.tables.metrics import METRICS
from gan.evaluation import Instruments, Settings, evaluate, open_folders
from gan.evaluation.measurable import measurable
from gan.metrics import Batch, Distances, Sampling, open_extractor
from tests.support import backbone
from tests.support.pictures import Photos
from tests.support.registering import forget_rows

CPU = torch.device("cpu")


def edge(batch: Batch) -> Tensor:
    """Mean difference between the horizontal differences of translations and of the truth."""
    steps = batch.fake.pixels.diff(dim=3) - batch.truth.pixels.diff(dim=3)
    return steps.abs().flatten(1).mean(1)


@pytest.fixture(autouse=True)
def own_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove what a test registers."""
    forget_rows(monkeypatch, METRICS)


@pytest.fixture
def edge_row() -> None:
    gan.register_metric(
        "edge", edge, title="Edge error", better="lower", needs=("pairs",), baseline=True
    )


def data_of(root: Path) -> DataConfig:
    return DataConfig(root=root, load_size=32, crop_size=32)


def edges(path: Path, sign: int, truth: Path) -> float:
    one, other = (np.asarray(Image.open(p), float) / 127.5 - 1 for p in (path, truth))
    return float(np.abs(np.diff(sign * one, axis=1) - np.diff(other, axis=1)).mean())


@pytest.mark.usefixtures("edge_row")
def test_its_value_and_baseline_follow_its_formula(photos: Photos) -> None:
    a, b = photos("testA", 6, size=(32, 32)), photos("testB", 6, size=(32, 32))
    data, instruments = data_of(a.parent), Instruments(CPU)
    folders = open_folders(data)
    settings = Settings(directions=("ab",), resamples=50, batch_size=4)
    found = evaluate({"ab": torch.neg}, folders, data, settings, instruments)
    metric = found.metrics["edge_ab"]
    files = sorted(a.iterdir())
    expected = [edges(path, -1, b / path.name) for path in files]
    assert metric.value == pytest.approx(np.mean(expected), rel=1e-5)
    assert metric.unchanged is not None
    unchanged = [edges(path, 1, b / path.name) for path in files]
    assert metric.unchanged.value == pytest.approx(np.mean(unchanged), rel=1e-5)
    assert [image.scores["edge"] for image in found.images] == pytest.approx(expected, rel=1e-5)
    assert (metric.better, metric.count, metric.low is None) == ("lower", 6, False)
    assert "edge_ab" in measurable(["ab"], folders, data, instruments)


@pytest.mark.usefixtures("edge_row")
def test_it_is_printed_written_reported_and_keeps_the_best(
    photos: Photos, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("trainA", "trainB", "testA", "testB"):
        photos(name, 3)
    run = tmp_path / "run"
    values = {
        "data": {"root": tmp_path, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2,
            "discriminator": "pixel", "discriminator_channels": 2,
        },
        "train": {"max_steps": 2},
        "evaluate": {"every": 1, "best": "edge_ab", "resamples": 0},
        "run": {"dir": run, "device": "cpu"},
    }  # fmt: skip
    assert gan.train(Config.model_validate(values)).status == 0
    assert "evaluation, step 2: edge_ab " in capsys.readouterr().err
    assert json.loads((run / "best.json").read_text())["metric"] == "edge_ab"
    assert (run / "gen_ab-best.safetensors").is_file()
    assert main(["evaluate", f"--model={run}", f"--root={tmp_path}", "--device=cpu"]) == 0
    assert "\nEdge error better than that of the images of A: not known" in capsys.readouterr().out
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert all({"edge_ab", "edge_ba"} <= line["metrics"].keys() for line in lines)
    assert main(["report", f"--model={run}", "--device=cpu"]) == 0
    page = (run / "report.html").read_text()
    assert "Edge error A\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}B" in page
    assert "by Edge error" in page


def test_without_it_a_configuration_rejects_the_name() -> None:
    with pytest.raises(ValueError, match="no metric edge_ab"):
        Config.model_validate({"evaluate": {"every": 1, "best": "edge_ab"}})


def test_a_file_named_with_extend_registers_metrics(tmp_path: Path, photos: Photos) -> None:
    """Metrics of single images of a domain, and of whole folders."""
    (tmp_path / "own_metrics_of_a_test.py").write_text(
        "import gan\n"
        "def brightness(batch):\n"
        "    return batch.source.pixels.mean((1, 2, 3))\n"
        "gan.register_metric('brightness', brightness, title='Brightness', better='higher',"
        " per='domain')\n"
    )
    load_extensions([str(tmp_path / "own_metrics_of_a_test.py")])
    data = data_of(photos("testA").parent)
    found = evaluate({"ab": torch.neg}, open_folders(data), data, Settings(), Instruments(CPU))
    assert set(found.metrics) == {"brightness_a"}
    assert found.metrics["brightness_a"].better == "higher"


def test_a_metric_of_collections_gets_all_features(tmp_path: Path, photos: Photos) -> None:
    def gap(fake: Tensor, source: Tensor, reference: Tensor, sampling: Sampling) -> Distances:
        assert sampling.resamples == 7
        assert (len(fake), len(reference)) == (4, 5)
        of_fake, of_source = (
            float((features.mean(0) - reference.mean(0)).norm()) for features in (fake, source)
        )
        return Distances(of_fake, of_source, len(fake))

    gan.register_metric("gap", gap, title="Mean gap", better="lower", of="collection")
    photos("testA", 4), photos("testB", 5)
    weights = backbone.write_network(tmp_path / "mobilenet.pth")
    instruments = Instruments(CPU, open_extractor("mobilenet_v2", weights, CPU))
    data, settings = data_of(tmp_path), Settings(directions=("ab",), resamples=7)
    found = evaluate({"ab": torch.clone}, open_folders(data), data, settings, instruments)
    gap_ab = found.metrics["gap_ab"]
    assert gap_ab.unchanged is not None
    assert gap_ab.value == pytest.approx(gap_ab.unchanged.value)


@pytest.mark.parametrize(("facts", "message"), [
    ({"needs": ("pair",)}, "pair is not one of .*pairs"),
    ({"better": "larger"}, "larger is not one of lower, higher"),
    ({"of": "images"}, "images is not one of image, collection"),
    ({"name": "l1"}, "there is already a metric l1"),
])  # fmt: skip
def test_an_invalid_metric_is_named(facts: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"name": "edge", "function": edge, "title": "Edge", "better": "lower"}
    with pytest.raises(ValueError, match=message):
        gan.register_metric(**given | facts)


def test_a_function_that_does_not_return_a_score_for_each_image_is_named(photos: Photos) -> None:
    gan.register_metric("mean", lambda batch: batch.fake.pixels.mean(), title="M", better="lower")
    data = data_of(photos("testA").parent)
    with pytest.raises(ValueError, match=r"metric mean: its function returned .*\(\), .*\(4,\)"):
        evaluate({"ab": torch.neg}, open_folders(data), data, Settings(), Instruments(CPU))


def test_a_metric_that_is_not_finite_is_named_and_not_the_generator(photos: Photos) -> None:
    gan.register_metric("hole", lambda batch: batch.fake.pixels.mean((1, 2, 3)) * math.nan,
                        title="Hole", better="lower")  # fmt: skip
    data = data_of(photos("testA").parent)
    with pytest.raises(ValueError, match=r"metric hole: its function returned nan for .*000\.png"):
        evaluate({"ab": torch.neg}, open_folders(data), data, Settings(), Instruments(CPU))
