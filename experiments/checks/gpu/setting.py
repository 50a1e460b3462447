"""The setting of all parts, and helpers for several parts."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from gan.config import Config

ROOT = Path(__file__).parents[3]
Figures = dict[str, Any]
"""Results of a part, for JSON."""


@dataclass(frozen=True)
class Setting:
    """The device, size and folder of a part."""

    device: str
    """cuda or cpu."""
    small: bool
    """Whether to use tiny networks and few pixels, to test the part and not its speed."""
    folder: Path
    """An empty folder for the part."""

    @property
    def cuda(self) -> bool:
        """Whether the device is a GPU."""
        return self.device == "cuda"

    def precisions(self) -> list[str]:
        """Return the values of train.precision that the device supports."""
        return ["fp32", "tf32", "bf16", "fp16"] if self.cuda else ["fp32", "bf16"]

    def config(self, folder: Path, **sections: dict[str, Any]) -> Config:
        """Return a small CycleGAN's configuration for this device, with every kind of state."""
        side, channels = (32, 4) if self.small else (64, 16)
        values: dict[str, dict[str, Any]] = {
            "data": {"load_size": side + 6, "crop_size": side, "workers": 0},
            "networks": {
                "generator": "resnet_6blocks",
                "generator_channels": channels,
                "discriminator_channels": channels,
                "upsample": "resize",
            },
            "train": {"pool_size": 4, "ema": 0.9, "log_every": 1, "doctor_every": 2},
            "run": {"device": self.device, "dir": folder},
        }
        for name, section in sections.items():
            values[name] = values.get(name, {}) | section
        return Config.model_validate(values)


def write_pictures(folder: Path, count: int = 6, side: int = 80) -> Path:
    """Write trainA, trainB, testA and testB: smooth color with noise, equal in every call."""
    rng = np.random.default_rng(0)
    for name in ("trainA", "trainB", "testA", "testB"):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
            smooth = Image.fromarray(corners).resize((side, side), Image.Resampling.BICUBIC)
            noise = rng.integers(-20, 21, (side, side, 3))
            pixels = (np.asarray(smooth).astype(int) + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def tensors(value: Any, name: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Yield all tensors of a nested state with their names."""
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from tensors(item, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            yield from tensors(item, f"{name}.{number}")


def digest(path: Path) -> str:
    """Return a hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
