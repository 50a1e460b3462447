"""Small generators in files."""

from pathlib import Path
from typing import Any

import torch

from gan.networks import build_generator, init_weights
from gan.networks.files import save_generator


def write_generator(path: Path, direction: str = "ab", seed: int = 0, **changes: Any) -> Path:
    spec: dict[str, Any] = {"kind": "resnet_6blocks", "channels": 2, "in_channels": 3}
    spec |= {"out_channels": 3, "norm": "instance", "upsample": "deconv", "dropout": False}
    spec |= changes
    network = build_generator(**spec)
    init_weights(network, 0.5, torch.Generator().manual_seed(seed))
    save_generator(network.state_dict(), path, spec, {"direction": direction, "step": 7})
    return path
