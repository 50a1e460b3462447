"""The reference implementation's numbers: weights, images, outputs and losses, in float64.

`tests/golden/small` was computed by junyanz/pytorch-CycleGAN-and-pix2pix at 2a7afba (torch, one
thread); its networks were given one image each. The environment variable GOLDEN names another file
of the same form, without its suffix.
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

DEVICE = os.environ.get("GAN_TEST_DEVICE", "cpu")
"""The device of our networks; the reference's numbers are from a CPU."""
GOLDEN = os.environ.get("GOLDEN", str(Path(__file__).parents[1] / "golden" / "small"))
RECORD: dict[str, Any] = json.loads(Path(f"{GOLDEN}.json").read_text())
TENSORS: dict[str, Tensor] = load_file(f"{GOLDEN}.safetensors")


def value(record: dict[str, Any], *names: str, default: Any) -> Any:
    """Return the entry under the first of several names that the record has."""
    return next((record[name] for name in names if name in record), default)


def stored_weights(prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in TENSORS.items()
        if name.startswith(prefix)
    }


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    """Return the largest difference, relative to the largest of the reference's values."""
    assert ours.shape == theirs.shape
    scale = theirs.abs().max().clamp(min=torch.finfo(theirs.dtype).tiny)
    return float((ours - theirs).abs().max() / scale)
