"""The estimate of memory before a picture is painted."""

from pathlib import Path

import psutil
import pytest
import torch
from torch import nn

from gan.stylize.memory import check_memory, needed, per_pixel

CPU = torch.device("cpu")


def test_bytes_per_pixel_of_a_known_network() -> None:
    """A ReLU keeps its output, 8 channels in float32, and a convolution its input, 3 channels."""
    network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.ReLU())
    assert per_pixel(network, 3, CPU) == 4 * (8 + 3)


def test_tiles_bound_what_the_network_needs() -> None:
    """For pictures larger than a tile, only the optimizer's part grows."""
    network = nn.Conv2d(3, 64, 3, padding=1)
    small, large = (needed(network, (1, 3, side, side), 256, "adam", CPU) for side in (512, 4096))
    whole = needed(network, (1, 3, 4096, 4096), 4096, "adam", CPU)
    assert large - small < 20 * 4 * 3 * 4096**2
    assert whole > large


def test_the_memory_limit_of_a_container_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much memory the machine has."""
    (tmp_path / "memory.max").write_text(str(psutil.Process().memory_info().rss + 2**20))
    monkeypatch.setattr("gan.system.memory.LIMITS", (str(tmp_path / "memory.max"),))
    with pytest.raises(ValueError, match=r"need about 1.0 GiB, but only 0.0"):
        check_memory(2.0**30, CPU, "9x9")


def test_too_much_memory_is_rejected_with_advice() -> None:
    with pytest.raises(ValueError, match=r"^size: 9x9 pixels need about .* smaller size, or a sma"):
        check_memory(2.0**60, CPU, "9x9")
    assert "1.0 GiB" in check_memory(2.0**30, CPU, "9x9")
