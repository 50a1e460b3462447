"""Measure a function's operations and memory, and the fastest matrix product for comparison."""

import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

SECONDS = 1.0
"""Seconds for repeating the product; the fastest one counts."""
SIDES = {"cpu": 2048, "cuda": 8192}


def matrix_peak(device: torch.device, precision: str) -> float:
    """Return the TFLOP/s of a large matrix product; precision is fp32, tf32, bf16 or fp16."""
    dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision, torch.float32)
    side = SIDES.get(device.type, 2048)
    factor = torch.ones(side, side, dtype=dtype, device=device)
    matmul = torch.backends.cuda.matmul
    before, matmul.allow_tf32 = matmul.allow_tf32, precision == "tf32"
    try:
        seconds = fastest(factor)
    finally:
        matmul.allow_tf32 = before
    return 2 * side**3 / seconds / 1e12


def fastest(factor: Tensor) -> float:
    """Return the seconds of the fastest of many products."""
    began, best = time.perf_counter(), float("inf")
    while time.perf_counter() - began < SECONDS or best == float("inf"):
        wait_for(factor.device)
        started = time.perf_counter()
        torch.mm(factor, factor)
        wait_for(factor.device)
        best = min(best, time.perf_counter() - started)
    return best


def wait_for(device: torch.device) -> None:
    """Wait until a device has finished all its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def peak_bytes(function: Callable[[], object], device: torch.device) -> int:
    """Return the peak memory of a function in bytes, besides memory allocated before."""
    wait_for(device)
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        function()
        wait_for(device)
        return int(torch.cuda.max_memory_allocated(device) - before)
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiled:
        function()
    kineto: Any = profiled.profiler
    events = kineto.kineto_results.events()
    changes = [int(event.nbytes()) for event in events if event.name() == "[memory]"]
    return max(0, *accumulate(changes))


def operations(function: Callable[[], object]) -> int:
    """Return the floating-point operations of a function's convolutions and matrix products.

    A multiplication with an addition counts as two.
    """
    with FlopCounterMode(display=False) as counter:
        function()
    return int(counter.get_total_flops())
