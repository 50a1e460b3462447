"""Small generators in files."""

from pathlib import Path
from typing import Any

import torch

from gan.networks import build_generator, init_weights
from gan.networks.conditional import norm_keys
from gan.networks.files import save_generator


def write_generator(path: Path, direction: str = "ab", seed: int = 0, **changes: Any) -> Path:
    spec: dict[str, Any] = {"kind": "resnet_6blocks", "channels": 2, "in_channels": 3}
    spec |= {"out_channels": 3, "norm": "instance", "upsample": "deconv", "dropout": False}
    spec |= changes
    network = build_generator(**spec)
    init_weights(network, 0.5, torch.Generator().manual_seed(seed))
    save_generator(network.state_dict(), path, spec, {"direction": direction, "step": 7})
    return path


def write_several(path: Path, names: list[str], seed: int = 0) -> Path:
    """Write a generator with a style of each name; their scales differ."""
    kind = "conditional_6blocks"
    spec: dict[str, Any] = {"kind": kind, "channels": 2, "in_channels": 3, "out_channels": 3}
    spec |= {"norm": "instance", "upsample": "deconv", "dropout": False, "styles": len(names)}
    network, draws = build_generator(**spec), torch.Generator().manual_seed(seed)
    init_weights(network, 0.5, draws)
    state = network.state_dict()
    for name in norm_keys(network):
        state[name] += torch.randn(state[name].shape, generator=draws) / 2
    save_generator(state, path, spec, {"direction": "ab", "step": 7, "styles": names})
    return path
