"""Infer a generator's architecture from the reference's names of tensors and their shapes."""

import re
from typing import Any

import torch
from torch import Tensor

from gan.config.tables.generators import HALF, RESNET, UNET
from gan.interop.names import State
from gan.networks import build_generator

BLOCK = re.compile(r"model\.(\d+)\.conv_block\.")
UPSAMPLES = {"filt": "blur", "2.weight": "resize"}
"""The kind of upsampling, by the name of a tensor in the first layer after a ResNet's blocks."""
COUNTERS = ("running_mean", "running_var", "num_batches_tracked")


def recognize(state: State) -> dict[str, Any]:
    """Return the arguments of build_generator for these weights; ValueError if none fit.

    A U-Net's weights do not show dropout, so it is assumed to have none. Instance norms without
    weights cannot be detected if the convolutions have no biases; then norm is `none`.
    """
    if "model.model.0.weight" in state:
        return _unet(state)
    if any(BLOCK.match(name) for name in state):
        return _resnet(state)
    raise ValueError("neither residual blocks (conv_block) nor a U-Net's levels (model.model)")


def _resnet(state: State) -> dict[str, Any]:
    """Return the arguments of a ResNet generator."""
    blocks = sorted({int(match[1]) for name in state if (match := BLOCK.match(name))})
    first, after = blocks[0], blocks[-1] + 1
    stem, head = _kernel(state, "model.1"), _kernel(state, _last_of(state))
    inside = _kernel(state, f"model.{first}.conv_block.1").shape[1]
    pattern = HALF if inside == 2 * stem.shape[0] else RESNET
    told = [kind for name, kind in UPSAMPLES.items() if f"model.{after}.{name}" in state]
    return {
        "kind": pattern.format(len(blocks)),
        "in_channels": stem.shape[1],
        "out_channels": head.shape[0],
        "channels": stem.shape[0],
        "norm": _norm_of(state, "model.1", "model.2"),
        "upsample": told[0] if told else "deconv",
        "dropout": _kernels_at(state, f"model.{first}.conv_block.6"),
        "downsample": "blur" if "model.7.filt" in state else "stride",
    }


def _unet(state: State) -> dict[str, Any]:
    """Return the arguments of a U-Net generator."""
    levels = [name for name in state if name.endswith(".model.1.weight") and state[name].ndim == 4]
    stem = _kernel(state, "model.model.0")
    resize = "model.model.3.2.weight" in state
    head = _kernel(state, "model.model.3.2" if resize else "model.model.3")
    return {
        "kind": UNET.format(2 ** (1 + len(levels))),
        "in_channels": stem.shape[1],
        "out_channels": head.shape[0 if resize else 1],
        "channels": stem.shape[0],
        "norm": _norm_of(state, "model.model.0", "model.model.1.model.2"),
        "upsample": "resize" if resize else "deconv",
        "dropout": False,
        "downsample": "stride",
    }


def _norm_of(state: State, convolution: str, norm: str) -> str:
    """Return the kind of norm, from the first convolution and its norm.

    Files of 2017 have running statistics of instance norms, which are not used. Running statistics
    together with weights mean a batch norm.
    """
    if f"{norm}.weight" in state:
        return "batch" if f"{norm}.running_mean" in state else "instance_affine"
    statistics = f"{norm}.running_mean" in state
    return "instance" if statistics or f"{convolution}.bias" in state else "none"


def _last_of(state: State) -> str:
    """Return the name of the module with the highest number: the head."""
    matches = [re.fullmatch(r"model\.(\d+)\.weight", name) for name in state]
    return f"model.{max((int(match[1]) for match in matches if match), default=0)}"


def _kernels_at(state: State, module: str) -> bool:
    """Return whether a module is a convolution."""
    return f"{module}.weight" in state and state[f"{module}.weight"].ndim == 4


def _kernel(state: State, module: str) -> Tensor:
    """Return a convolution's weights; ValueError if the module is not a convolution."""
    if not _kernels_at(state, module):
        raise ValueError(f"no convolution at {module}")
    return state[f"{module}.weight"]


def completed(state: State, spec: dict[str, Any]) -> State:
    """Return the state with the tensors that build_generator(**spec) expects, for equal outputs.

    A missing bias of a convolution becomes zeros. A bias before a batch norm is subtracted from the
    running mean instead. Running statistics of instance norms are dropped.
    """
    with torch.device("meta"):
        wanted = build_generator(**spec).state_dict()
    batch = spec["norm"] == "batch"
    result = {name: state[name] for name in state if batch or not name.endswith(COUNTERS)}
    for name in [name for name in wanted if name not in result]:
        if name.endswith("num_batches_tracked"):
            result[name] = torch.tensor(0)
        elif name.endswith(".bias") and name.replace(".bias", ".weight") in result:
            result[name] = torch.zeros(wanted[name].shape)
    for name in [name for name in result if name.endswith(".bias") and name not in wanted]:
        module, _, number = name.removesuffix(".bias").rpartition(".")
        mean = f"{module}.{int(number) + 1}.running_mean" if number.isdigit() else ""
        if mean in wanted and mean in result and result[mean].shape == result[name].shape:
            result[mean] = result[mean] - result.pop(name)
    return result
