"""Translation of pictures that lie in memory, at several sizes, batches and precisions."""

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
    """Translate in every way in turn, and compare with the plain schedule by medians.

    Plain is float32, eager, torch's own layers, one picture at a time. Each size and batch
    prints a line: seconds per picture, how many times plain's rate that is, achieved TFLOP/s.

    Args:
        sizes: Sides of the pictures in pixels.
        batches: Pictures at once, for all ways but plain.
        precisions: Of the network.
        compile: Also compiled; where that cannot be, one line says why.
        channels: Width of the network.
        generator: Its architecture.
        rounds: Turns of each way, after one that is not counted.
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
    """Median seconds per picture of each way; plain takes one picture of the batch at a time."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            shown = pictures[:1] if name == "plain" else pictures
            seconds = timed(partial(finished, way, shown)) / len(shown)
            times[name] += [seconds] if number else []  # the first one warms up
    return {name: statistics.median(values) for name, values in times.items()}


def finished(way: Way, pictures: Tensor) -> None:
    """Translate, until the device is done."""
    wait_for(way(pictures).device)
