"""One of two processes of the part `processes`: train some steps, print a hash of the weights."""

import hashlib
import json
import sys
from pathlib import Path

import torch
import torch.distributed as dist

import gan
from experiments.checks.gpu.setting import Setting


def main(device: str, small: str, folder: str, root: str, backend: str) -> None:
    """Train together with the other process; NCCL supports one process per GPU, gloo several."""
    dist.init_process_group(backend)
    setting = Setting(device, small == "True", Path(folder))
    config = setting.config(
        setting.folder / f"run-{backend}", data={"root": root},
        train={"max_steps": 4, "pool_size": 4, "ema": 0.9},
    )  # fmt: skip
    result = gan.train(config)
    weights = hashlib.sha256()
    for network in result.generators.values():
        for tensor in network.state_dict().values():
            weights.update(tensor.detach().float().cpu().numpy().tobytes())
    assert all(torch.isfinite(p).all() for n in result.generators.values() for p in n.parameters())
    print(json.dumps({"steps": result.steps, "weights": weights.hexdigest()}))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
