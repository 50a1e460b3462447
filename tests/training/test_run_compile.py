"""Compiled networks: the same run within rounding, exact resuming; a note without a compiler."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from gan.config import Config
from gan.system.signals import Interruption
from gan.training import Run, train
from tests.support import backbone
from tests.support.pictures import Photos
from tests.support.runs import pixel_config, saved_weights

COMPILER = pytest.mark.skipif(not shutil.which("g++"), reason="no C++ compiler here")


@pytest.fixture
def root(photos: Photos) -> Path:
    photos("data/trainA")
    return photos("data/trainB").parent


@pytest.mark.slow
@COMPILER
def test_a_compiled_run_is_the_plain_one_within_rounding_and_resumes_exactly(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Adam turns rounding of gradients that are 0 into steps of 2e-4: four of them at most."""
    train(pixel_config(root, tmp_path / "plain"))
    train(pixel_config(root, tmp_path / "compiled", compile=True))
    assert "compiled: the first step took" in capsys.readouterr().err
    for stop in (2, 4):
        train(pixel_config(root, tmp_path / "parts", max_steps=stop, compile=True))
    for plain, compiled, parts in zip(
        *(saved_weights(tmp_path / name) for name in ("plain", "compiled", "parts")), strict=True
    ):
        torch.testing.assert_close(compiled, plain, rtol=0, atol=8 * 2e-4)
        assert torch.equal(compiled, parts)


@pytest.mark.slow
@COMPILER
def test_the_networks_of_the_small_recipe_compile(root: Path, tmp_path: Path) -> None:
    """Filters, and a discriminator on frozen features (here of random weights)."""
    weights = backbone.write_network(tmp_path / "network.pth")
    for name, compile in (("plain", False), ("compiled", True)):
        config = pixel_config(root, tmp_path / name, max_steps=2, compile=compile)
        networks = {
            "upsample": "blur", "downsample": "blur", "discriminator": "projected",
            "discriminator_layers": 1, "discriminator_weights": weights,
        }  # fmt: skip
        chosen = config.networks.model_dump() | networks
        train(Config.model_validate(config.model_dump() | {"networks": chosen}))
    plain, compiled = (saved_weights(tmp_path / name) for name in ("plain", "compiled"))
    for ours, theirs in zip(compiled, plain, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=4 * 2e-4)


def test_without_a_compiler_a_run_continues_with_a_note(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compile(*_: Any, **__: Any) -> Any:
        raise RuntimeError("No working C++ compiler found\nin torch._inductor.config.cpp.cxx")

    train(pixel_config(root, tmp_path / "plain"))
    monkeypatch.setattr(torch, "compile", compile)
    run = Run(pixel_config(root, tmp_path / "without", compile=True), Interruption())
    assert run.fit() == 0
    printed = capsys.readouterr().err
    assert "train.compile: not compiled, no compiler works here: No working C++ compiler" in printed
    assert all(
        map(torch.equal, saved_weights(tmp_path / "plain"), saved_weights(tmp_path / "without"))
    )
