"""Batches reach the device unchanged; waiting for them is measured and reported."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch

from gan.config import Config
from gan.training import feed as module
from gan.training import train
from gan.training.feed import LoaderWait, feed
from gan.training.observers.base import RunContext
from gan.training.observers.loader_wait import LoaderWaitObserver
from gan.training.recipes.base import Batch
from tests.support.pictures import Photos

CPU = torch.device("cpu")


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def batches(count: int, clock: Clock, seconds: float) -> Iterator[Batch]:
    """Batches that each take a given time to arrive."""
    for number in range(count):
        clock.now += seconds
        yield [torch.full((2, 3, 4, 4), number, dtype=torch.uint8)] * 2


def test_batches_pass_unchanged_on_a_cpu(clock: Clock) -> None:
    expected = list(batches(3, clock, 0))
    for batch, fed in zip(expected, feed(iter(expected), CPU, LoaderWait()), strict=True):
        assert fed is batch


def test_the_share_is_that_of_waits_in_each_window_without_the_first_batch(clock: Clock) -> None:
    waits = LoaderWait()
    fed = feed(batches(5, clock, 3.0), CPU, waits)
    next(fed)  # 3 s: the workers start
    clock.now += 1
    next(fed)  # 3 s
    clock.now += 3
    assert waits.share() == pytest.approx(3 / 10)
    next(fed)
    clock.now += 9
    assert waits.share() == pytest.approx(3 / 12)
    clock.now += 1
    assert waits.share() == 0


def test_a_wait_does_not_count_while_the_device_is_busy(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_idle", lambda _: False)
    waits = LoaderWait()
    assert len(list(feed(batches(4, clock, 1.0), CPU, waits))) == 4
    assert waits.share() == 0


def test_waiting_too_long_is_reported_once_until_it_improves() -> None:
    printed: list[str] = []
    shares = iter([0.0, 0.1, 0.9, 0.5, 0.2, 0.3])
    waits = SimpleNamespace(share=lambda: next(shares))
    waiting = LoaderWaitObserver(
        cast(RunContext, SimpleNamespace(print_line=printed.append, waits=waits))
    )
    logged: list[Any] = []
    tracker = cast(Any, SimpleNamespace(scalars=lambda step, values: logged.append((step, values))))
    waiting.begin(100, None)
    for step in (110, 120, 130, 140, 150):
        waiting.log(step, {}, tracker)
    assert [line.split(" of the time")[0] for line in printed] == [
        "steps 111 to 120: 90%", "steps 141 to 150: 30%",
    ]  # fmt: skip
    assert logged[1] == (120, {"loader_wait": 0.9})


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU here")
def test_batches_that_are_copied_during_computation_arrive_complete() -> None:
    device = torch.device("cuda")
    sent = [[torch.randint(0, 256, (8, 3, 256, 256), dtype=torch.uint8)] * 2 for _ in range(20)]
    pinned: Iterator[Batch] = ([images.pin_memory() for images in batch] for batch in sent)
    busy = torch.rand(2048, 2048, device=device)
    for batch, fed in zip(sent, feed(pinned, device, LoaderWait()), strict=True):
        busy = busy @ busy / 1024
        assert all(map(torch.equal, batch, (images.cpu() for images in fed)))


def test_a_run_reports_how_long_it_waited(
    photos: Photos,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("gan.training.observers.loader_wait.TOO_MUCH", 0)
    photos("data/trainA")
    root = photos("data/trainB").parent
    config = Config.model_validate({
        "data": {"root": root, "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": {
            "generator": "resnet_6blocks", "generator_channels": 2,
            "discriminator": "pixel", "discriminator_channels": 2,
        },
        "train": {"max_steps": 3},
        "run": {"dir": tmp_path / "run", "device": "cpu"},
    })  # fmt: skip
    assert train(config).status == 0
    assert re.search(r"steps 1 to 3: [1-9]\d?% of the time was spent", capsys.readouterr().err)
