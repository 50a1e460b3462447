"""The measurements that scripts/check_style.py makes run at all; on noise they show nothing."""

from pathlib import Path

import pytest
import torch

from tests import backbone, styling
from tests.launching import write_images


def test_every_term_is_measured_with_and_without_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, weights = write_images(tmp_path / "root"), tmp_path / "random.pth"
    for name in ("A", "B"):
        (root / f"train{name}").rename(root / f"test{name}")
        write_images(tmp_path / name)
        (tmp_path / name / f"train{name}").rename(root / f"train{name}")
    torch.save(backbone.random_blocks().state_dict(), weights)
    styling.without_each_term(root, weights, tmp_path / "runs", steps=1, seeds=1, crop=16)
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("seed")]
    assert [line.split()[2] for line in lines] == ["perceptual:", "style:", "tv:"]
