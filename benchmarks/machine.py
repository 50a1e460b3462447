"""Measure seconds, and print figures as a line of JSON with the machine."""

import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gan.inference.devices import pick_device


def timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def report(file: Path | None = None, /, **figures: Any) -> None:
    """Print a line of JSON with the figures, the machine and the versions; also write it."""
    text = json.dumps(figures | {"machine": describe()})
    print(text)
    if file:
        file.write_text(f"{text}\n", encoding="utf-8")


def describe() -> dict[str, Any]:
    """Return the machine and the versions."""
    device = pick_device("auto")
    name = torch.cuda.get_device_name() if device.type == "cuda" else processor()
    machine = {"device": name, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    return machine | {"python": platform.python_version(), "torch": torch.__version__}


def processor() -> str:
    """Return the processor's name, on Linux from /proc/cpuinfo."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "CPU")
