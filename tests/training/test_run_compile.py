"""Compiled networks: the same run within rounding, exact to resume; without a compiler, said."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.config import Config
from gan.system.signals import Interruption
from gan.training import Run, train
from tests.conftest import Photos

COMPILER = pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here")


def config(root: Path, run: Path, max_steps: int = 4, **train: Any) -> Config:
    return Config.model_validate({
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2,
            "discriminator": "pixel", "discriminator_channels": 2,
        },
        "train": {"max_steps": max_steps, "log_every": 1, "sample_every": 2} | train,
        "run": {"dir": run, "device": "cpu"},
    })  # fmt: skip


@pytest.fixture
def root(photos: Photos) -> Path:
    photos("data/trainA")
    return photos("data/trainB").parent


def weights(run: Path) -> list[torch.Tensor]:
    newest = sorted((run / "state").glob("step-*"))[-1]
    state: dict[str, Any] = torch.load(newest / "shared.pt", weights_only=True)
    return [tensor for net in state["networks"].values() for tensor in net.values()]


@pytest.mark.slow
@COMPILER
def test_a_compiled_run_is_the_plain_one_within_rounding_and_resumes_exactly(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adam makes steps of 2e-4 of the rounding in gradients that are 0: four of them at most."""
    train(config(root, tmp_path / "plain"))
    train(config(root, tmp_path / "compiled", compile=True))
    assert "compiled: the first step took" in capsys.readouterr().err
    for stop in (2, 4):
        train(config(root, tmp_path / "parts", max_steps=stop, compile=True))
    for plain, compiled, parts in zip(
        *(weights(tmp_path / name) for name in ("plain", "compiled", "parts")), strict=True
    ):
        torch.testing.assert_close(compiled, plain, rtol=0, atol=8 * 2e-4)
        assert torch.equal(compiled, parts)


def test_without_a_compiler_a_run_goes_on_and_says_so(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compile(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found\nin torch._inductor.config.cpp.cxx")

    train(config(root, tmp_path / "plain"))
    monkeypatch.setattr(torch, "compile", compile)
    run = Run(config(root, tmp_path / "without", compile=True), Interruption())
    assert run.fit() == 0
    said = capsys.readouterr().err
    assert "train.compile: not compiled, no compiler works here: No working C++ compiler" in said
    assert all(map(torch.equal, weights(tmp_path / "plain"), weights(tmp_path / "without")))
