"""Measure translating images in memory, at several sizes, batch sizes and precisions."""

import statistics
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from itertools import product

import torch
from torch import Tensor

from benchmarks.machine import report, timed
from benchmarks.peak import operations, wait_for
from gan.inference.devices import pick_device
from gan.inference.translator import Precision, Translator
from gan.networks import build_generator, init_weights
from gan.networks.layers import use_torch_layers

Way = Callable[[Tensor], Tensor]


def translate(
    sizes: Sequence[int] = (128, 256),
    batches: Sequence[int] = (1, 4),
    precisions: Sequence[Precision] = ("fp32", "bf16"),
    compile: bool = False,
    channels: int = 32,
    generator: str = "resnet_9blocks",
    rounds: int = 5,
) -> None:
    """Translate with all variants in turn, and compare their medians with the plain schedule.

    The plain schedule is float32, eager, with torch's layers, one image at a time. For each size
    and batch size, print a line: milliseconds per image, rate relative to plain, TFLOP/s.

    Args:
        sizes: Sides of the images in pixels.
        batches: Images at once, for all variants except plain.
        precisions: Precisions of the network.
        compile: Also measure compiled networks; print a line if that is not possible.
        channels: Width of the network.
        generator: Architecture of the network.
        rounds: Turns of each variant, after one for warming up.
    """
    device = pick_device("auto")
    network = build_generator(generator, channels=channels)
    init_weights(network, 0.02, torch.Generator().manual_seed(0))
    network.eval().requires_grad_(False).to(device)
    yardstick = deepcopy(network)
    use_torch_layers(yardstick)
    ways: dict[str, Way] = {"plain": yardstick}
    for precision, compiled in product(precisions, (False, True) if compile else (False,)):
        translator = Translator(deepcopy(network), 3, device, precision)
        fault = translator.compile() if compiled else None
        if fault:
            print(f"{precision}: not compiled, no compiler works here: {fault}")
        else:
            ways[f"{precision}_compiled" if compiled else precision] = translator.run
    for size, batch in product(sizes, batches):
        pictures = torch.rand(batch, 3, size, size, device=device) * 2 - 1
        seconds = measure(ways, pictures, rounds)
        flops = operations(partial(yardstick, pictures[:1]))
        report(
            generator=generator, channels=channels, size=size, batch=batch, rounds=rounds,
            milliseconds={name: round(1000 * value, 2) for name, value in seconds.items()},
            to_plain={
                name: round(seconds["plain"] / value, 2) for name, value in seconds.items()
            },
            teraflops={
                name: round(flops / value / 1e12, 3) for name, value in seconds.items()
            },
        )  # fmt: skip


@torch.inference_mode()
def measure(ways: dict[str, Way], pictures: Tensor, rounds: int) -> dict[str, float]:
    """Return the median seconds per image of each variant; plain gets one image at a time."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            shown = pictures[:1] if name == "plain" else pictures
            seconds = timed(partial(finished, way, shown)) / len(shown)
            times[name] += [seconds] if number else []  # the first one warms up
    return {name: statistics.median(values) for name, values in times.items()}


def finished(way: Way, pictures: Tensor) -> None:
    """Translate images and wait for the device."""
    wait_for(way(pictures).device)
