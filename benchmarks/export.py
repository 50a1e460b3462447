"""Measure exported ONNX files with onnxruntime on CPUs: float32, float16 and int8."""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.machine import report
from gan.config.choices import Upsample
from gan.export.formats import INPUT, onnx_content
from gan.export.precision import PRECISIONS, opener
from gan.export.quantization import Image
from gan.interop import Opened
from gan.networks import build_generator, init_weights


def export(
    generators: Sequence[str] = ("resnet_9blocks", "mobile"),
    channels: int = 64,
    size: int = 256,
    upsample: Upsample = "resize",
    threads: int = 2,
    rounds: int = 7,
) -> None:
    """Run each generator's ONNX files in all precisions in turn, and compare their medians.

    Weights are random: they do not change the speed. For each generator, print a line with the
    milliseconds of a picture, on the clock and on the processor, and each precision's gain from
    float32 on the processor, which other programs on the machine disturb less.

    Args:
        generators: Architectures.
        channels: Width of the networks.
        size: Side of the pictures in pixels.
        upsample: Their upsampling; transposed convolutions stay float32 in int8.
        threads: Threads of onnxruntime.
        rounds: Turns of each file, after one for warming up.
    """
    for kind in generators:
        opened = _random(kind, channels, upsample)
        content, _ = onnx_content(Path(f"{kind}.onnx"), opened)
        draws = np.random.default_rng(0)
        pictures = [draws.uniform(-1, 1, (1, 3, size, size)).astype(np.float32) for _ in range(2)]
        files = {"fp32": content} | {
            name: row.convert(content, INPUT, pictures) for name, row in PRECISIONS.items()
        }
        runs: dict[str, Callable[[], Image]] = {
            name: partial(opener(file, threads), pictures[0]) for name, file in files.items()
        }
        clock, processor = _medians(runs, rounds)
        report(
            generator=kind, channels=channels, size=size, upsample=upsample, threads=threads,
            milliseconds={name: round(1000 * value, 1) for name, value in clock.items()},
            processor={name: round(1000 * value, 1) for name, value in processor.items()},
            to_fp32={
                name: round(processor["fp32"] / value, 2) for name, value in processor.items()
            },
            megabytes={name: round(len(file) / 1e6, 2) for name, file in files.items()},
        )  # fmt: skip


def _random(kind: str, channels: int, upsample: Upsample) -> Opened:
    network = build_generator(kind, channels=channels, upsample=upsample)
    init_weights(network, 0.02, torch.Generator().manual_seed(0))
    spec = {"kind": kind, "in_channels": 3, "out_channels": 3, "channels": channels}
    return Opened(network.eval(), spec, {})


def _medians(
    runs: dict[str, Callable[[], Image]], rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the median seconds of each run, on the clock and on the processor; all take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            before = time.perf_counter(), time.process_time()
            run()
            after = time.perf_counter(), time.process_time()
            if number:  # the first one warms up
                times[name].append((after[0] - before[0], after[1] - before[1]))
    clock, processor = (
        {name: statistics.median(pair[at] for pair in pairs) for name, pairs in times.items()}
        for at in (0, 1)
    )
    return clock, processor
