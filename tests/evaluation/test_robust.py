"""`gan evaluate --robust`: the conditions, their numbers, the table and the record."""

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from gan.config import DataConfig
from gan.config.tables.degradations import DEGRADATIONS
from gan.evaluation import Instruments, Settings, evaluate, open_folders
from gan.evaluation.records import Evaluation, Metric
from gan.evaluation.robust import change, conditions, degrading, shifting, table
from gan.images.degradations import degrade
from tests.support.commands import status
from tests.support.pictures import Photos

CPU = torch.device("cpu")


def same(images: Tensor) -> Tensor:
    return images


def test_identity_generators_have_the_degradation_as_their_cycle_and_identity_errors(
    tmp_path: Path, photos: Photos
) -> None:
    """Reconstructions are compared with the clean images."""
    folder = photos("testA", 3)
    photos("testB", 3)
    data = DataConfig(root=tmp_path, load_size=32, crop_size=32)
    measure = partial(
        evaluate,
        {"ab": same, "ba": same},
        open_folders(data, paired=False),
        data,
        Settings(resamples=0, batch_size=2),
        Instruments(CPU),
    )
    found = {each.name: measure(around=each.around) for each in conditions(data)}
    images = [
        np.asarray(Image.open(path).convert("RGB").resize((32, 32), Image.Resampling.BICUBIC))
        for path in sorted(folder.iterdir())
    ]
    for name, row in DEGRADATIONS.items():
        for strength in row.fixed:
            changed = [degrade(i, name, strength, np.random.default_rng(0)) for i in images]
            pairs = zip(changed, images, strict=True)
            errors = [np.abs(one.astype(float) - i).mean() / 127.5 for one, i in pairs]
            metrics = found[f"{name}_{strength:g}"].metrics
            assert metrics["cycle_a"].value == pytest.approx(np.mean(errors), rel=1e-5)
            assert metrics["identity_a"].value == pytest.approx(np.mean(errors), rel=1e-5)
    assert measure().metrics["cycle_a"].value == 0


def test_noise_does_not_depend_on_the_batch() -> None:
    images = torch.rand(3, 3, 16, 16) * 2 - 1
    noisy = degrading("noise", 25, torch.uint8, same)
    together = noisy(images)
    assert torch.equal(noisy(images[1:2])[0], together[1])
    assert not torch.equal(together, images)


def test_a_generator_that_moves_with_its_input_changes_only_at_two_edges() -> None:
    images = torch.rand(2, 3, 16, 20)
    moved = shifting(3, torch.neg)(images)
    assert moved.shape == images.shape
    assert torch.equal(moved[:, :, :-3, :-3], -images[:, :, :-3, :-3])
    assert torch.equal(moved[:, :, 15, :-3], -images[:, :, 12, :-3])


def test_a_generator_that_does_not_move_with_its_input_changes_everywhere() -> None:
    ramp = torch.arange(20.0).expand(1, 1, 16, 20)
    moved = shifting(3, lambda images: images * 0 + ramp)(torch.rand(1, 1, 16, 20))
    assert torch.equal(moved[..., :-3], ramp[..., :-3] + 3)


@pytest.mark.parametrize(
    ("better", "values", "expected"),
    [
        ("lower", (1.0, 1.5), "worse"),
        ("lower", (1.5, 1.0), "better"),
        ("higher", (1.0, 1.5), "better"),
        ("lower", (1.0, 1.1), ""),
    ],
)
def test_changes_are_clear_if_the_paired_interval_excludes_no_difference(
    better: str, values: tuple[float, float], expected: str
) -> None:
    """The difference has a standard error of 0.1 although each value's is 1."""
    one = Metric(values[0], better=better, deviations=(1.0, 0.0))  # type: ignore[arg-type]
    other = Metric(values[1], better=better, deviations=(1.0, 0.1))  # type: ignore[arg-type]
    assert change(one, other) == expected
    assert change(Metric(values[0]), Metric(values[1])) == ""


def test_the_command_prints_and_records_every_metric_in_every_condition(
    tmp_path: Path,
    photos: Photos,
    new_generator: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    run = tmp_path / "run"
    run.mkdir()
    for direction in ("ab", "ba"):
        new_generator(run / f"gen_{direction}.safetensors", direction)
    photos("testA", 2), photos("testB", 2)
    options = {"model": run, "root": tmp_path, "size": 16, "device": "cpu", "resamples": 0}
    assert status("evaluate", *(f"--{k}={v}" for k, v in options.items()), "--robust=true") == 0
    record = json.loads((run / "metrics.jsonl").read_text())
    strengths = [f"{name}_{s:g}" for name, row in DEGRADATIONS.items() for s in row.fixed]
    assert list(record["robust"]) == [*strengths, "shift_3", "shift_5"]
    for entry in record["robust"].values():
        assert entry["metrics"].keys() == record["metrics"].keys()
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines if "degraded" in line) <= 80
    heads = [re.split(" {2,}", line) for line in lines if "degraded" in line]
    forth, back = ([title for label, *rest in heads if to in label for title in rest] for to in
                   ("A to B", "B to A"))  # fmt: skip
    assert forth == back
    assert forth[-1] == "Identity error"
    row, _ = (line for line in lines if line.startswith("noise of 25 gray levels "))
    shown = float(row.split()[5])
    noisy = record["robust"]["noise_25"]["metrics"]["l1_ab"]["value"]
    assert shown == pytest.approx(noisy, abs=6e-4)


def test_tables_of_many_metrics_are_split_at_eighty_columns() -> None:
    names = ("fid", "kid", "l1", "ssim", "ms_ssim", "psnr", "lpips", "lpips_vgg", "structure")
    found = Evaluation({f"{name}_ab": Metric(0.123) for name in names}, {}, (), ())
    some = dict.fromkeys(conditions(DataConfig()), found)
    lines = table(found, some).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("clean ") for line in lines) == 2
