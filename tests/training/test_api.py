"""The result of `gan.train` agrees with the files in the run's folder."""

from pathlib import Path

import pytest
import torch

import gan
from gan.networks.files import load_generator
from tests.support.launching import write_images
from tests.support.runs import config


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders to train on and to evaluate."""
    folder = write_images(tmp_path_factory.mktemp("photos"))
    for domain in "AB":
        (folder / f"test{domain}").symlink_to(folder / f"train{domain}")
    return folder


def test_a_result_names_files_and_holds_the_generators_in_them(root: Path, tmp_path: Path) -> None:
    result = gan.train(config(root, tmp_path, train={"max_steps": 2, "ema": 0.9}))
    assert (result.status, result.steps, result.ended, result.metrics) == (0, 2, None, {})
    assert result.run_dir == tmp_path
    for direction, path in result.files.items():
        assert path == tmp_path / f"gen_{direction}.safetensors"
        saved, _, _ = load_generator(path)
        ours = result.generators[direction].state_dict()
        assert all(torch.equal(ours[name], tensor) for name, tensor in saved.state_dict().items())
    assert "Conv2d" not in repr(result)


def test_the_newest_evaluation_is_in_the_result_of_a_finished_run_too(
    root: Path, tmp_path: Path
) -> None:
    settings = config(root, tmp_path, train={"max_steps": 2}, evaluate={"every": 1, "resamples": 0})
    first, again = gan.train(settings), gan.train(settings)
    assert first.metrics == again.metrics
    assert first.metrics["l1_ab"] > 0
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert f'"value": {first.metrics["l1_ab"]}' in lines[-1]


@pytest.mark.parametrize(("error", "kind", "reported"), [
    (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 ..."),
     ValueError, r"^out of memory: set train.recompute, or lower train\."),
    (RuntimeError("CUDA error: an illegal memory access was encountered"),
     RuntimeError, "illegal memory access"),
], ids=str)  # fmt: skip
def test_only_a_lack_of_memory_is_reported_with_advice(
    error: Exception, kind: type[Exception], reported: str, root: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("gan.training.recipes.cyclegan.Trainer.train_step", fail)
    with pytest.raises(kind, match=reported):
        gan.train(config(root, tmp_path))
