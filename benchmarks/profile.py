"""Profile a training step by kind of kernel."""

from collections import Counter
from typing import Any, Literal

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.machine import report
from benchmarks.peak import wait_for
from benchmarks.plain import Case, Device, settings
from benchmarks.training import our_way

KINDS = {
    "convolution": ("conv", "cudnn", "xmma", "gemm", "cutlass", "wgrad", "dgrad", "implicit"),
    "normalization": ("norm",),
    "padding": ("pad",),
    "optimizer": ("adam", "foreach", "multi_tensor"),
    "compiled": ("triton", "graph_", "inductor"),
    "copying": ("copy", "memcpy", "memset", "cat", "fill", "zero", "contiguous", "to_copy"),
}
"""Kinds of kernels with words in their names; the first match counts, the rest is elementwise."""


def where_time_goes(
    side: int = 128,
    batch: int = 1,
    channels: int = 32,
    generator: str = "resnet_9blocks",
    precision: Literal["fp32", "tf32", "bf16", "fp16"] = "fp32",
    channels_last: bool = False,
    compile: bool = False,
    steps: int = 5,
    device: Device = "auto",
) -> None:
    """Profile training steps: milliseconds per step by kind of kernel, and the slowest kernels.

    Args:
        side: Side of the crops, in pixels.
        batch: Pairs per step.
        channels: Width of all networks.
        generator: Architecture of the generators.
        precision: Value of train.precision.
        channels_last: Value of train.channels_last.
        compile: Value of train.compile.
        steps: Number of profiled steps, after three others.
        device: Device for training.
    """
    train = {"precision": precision, "channels_last": channels_last, "compile": compile}
    case = Case(side, batch, generator, channels, device)
    way = our_way(settings(case, **train))
    if way is None:
        raise ValueError("compile: no compiler works here")
    for step in range(1, 4):
        way.step(step)
    gpu = torch.cuda.is_available() and device != "cpu"
    place = torch.device("cuda" if gpu else "cpu")
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * gpu
    wait_for(place)
    with profile(activities=activities) as profiled:
        for step in range(4, 4 + steps):
            way.step(step)
        wait_for(place)
    times = kernel_times(profiled, gpu)
    total = sum(times.values())
    kinds = Counter[str]()
    for name, milliseconds in times.items():
        kinds[kind_of(name)] += milliseconds
    report(
        case=vars(case) | train,
        milliseconds_per_step=round(total / steps, 3),
        share={name: round(value / total, 3) for name, value in kinds.most_common()},
        largest={name[:80]: round(value / steps, 3) for name, value in times.most_common(12)},
    )


def kernel_times(profiled: Any, gpu: bool) -> Counter[str]:
    """Return milliseconds by kernel on a GPU, by torch's operator on a CPU."""
    field = "self_device_time_total" if gpu else "self_cpu_time_total"
    times = Counter[str]()
    for event in profiled.key_averages():
        times[event.key] = getattr(event, field) / 1000
    return +times


def kind_of(kernel: str) -> str:
    """Return the kind of a kernel, from its name."""
    name = kernel.lower()
    fits = (kind for kind, words in KINDS.items() if any(word in name for word in words))
    return next(fits, "elementwise and other")
