"""Check this machine's GPU: `python scripts/gpu_check.py --output FOLDER`.

It needs torch and torchvision with CUDA, this repository, and: accelerate albumentations filelock
jsonargparse[signatures] numpy pillow psutil pydantic pyyaml safetensors tensorboard tqdm pytest
pytest-xdist pytest-timeout hypothesis (and scikit-image scikit-learn for real photographs).

Every part runs in a separate process with a time limit, so that the other parts run even if one
fails or hangs. `gpu_check.json` and the page `gpu_check.md` are rewritten after each part. Rows of
parts that do not run again are kept if they were measured on the same device, at the same size.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from jsonargparse import auto_cli  # noqa: E402

from experiments.checks.gpu.parts import PARTS  # noqa: E402
from experiments.checks.gpu.report import (  # noqa: E402
    Row,
    earlier_rows,
    machine,
    open_output,
    write_report,
)
from experiments.checks.gpu.setting import Setting  # noqa: E402
from gan.system.text import nearest  # noqa: E402

SHORTEST = 5
"""Least remaining time for starting a part, in seconds."""


@dataclass
class Interruption:
    """Records the first signal that requests the check to stop; 0 before."""

    received: int = 0

    def listen(self) -> None:
        """Record SIGINT and SIGTERM instead of ending the process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note)

    def note(self, number: int, _: object) -> None:
        """Record a signal."""
        self.received = self.received or number


@dataclass(frozen=True)
class Total:
    """The time for all parts together."""

    minutes: float
    until: float
    """The end on the monotonic clock, in seconds."""

    def ran_out(self) -> str:
        """Return the message that the time has run out."""
        return f"the total of {self.minutes:g} minutes ran out"


def check(
    device: Literal["cuda", "cpu"] = "cuda",
    small: bool = False,
    output: Path = Path("gpu-check"),
    parts: str | None = None,
    minutes: float = 8,
    only: str | None = None,
) -> int:
    """Run the parts one after another; return the exit status.

    It is 1 if a part failed, the total time ran out, or no part could run; 130 or 143 after Ctrl-C
    or SIGTERM, which end the running part.

    Args:
        device: cpu tries the check itself; parts that need a GPU are skipped.
        small: Use tiny networks and few pixels.
        output: Folder for gpu_check.json, gpu_check.md and the recipe's last samples.
        parts: Run only these parts, separated by commas: golden, switches, translation,
            benchmark, resume, processes, profile, recipe.
        minutes: Time for all parts together; parts for which no time is left do not run.
        only: Run this part in this process and write its figures (used for starting parts).
    """
    if only:
        figures = PARTS[only].run(Setting(device, small, output))
        (output / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
        return 0
    names = list(PARTS) if parts is None else named(parts)
    try:
        open_output(output)
    except OSError as error:
        raise SystemExit(f"--output: {error}") from error
    interruption = Interruption()
    interruption.listen()
    head: Row = {"machine": machine(device), "device": device, "small": small}
    rows, results = earlier_rows(output, head), []
    total = Total(minutes, time.monotonic() + 60 * minutes)
    for name in names:
        row = run_part(name, device, small, output, total, interruption)
        ran = not row["result"].startswith(("skipped", "not run"))
        if ran or name not in rows:
            rows[name] = row
        write_report(output, head, rows)
        results.append(row["result"])
        if interruption.received:
            print(f"{name}: {row['result']}; finished parts are in {output / 'gpu_check.md'}")
            return 128 + interruption.received
        print(f"{name}: {row['result']}, {row['seconds']:.0f} s", flush=True)
    incomplete = any(each.startswith(("failed", "ended", "not run")) for each in results)
    return int(incomplete or "passed" not in results)


def named(text: str) -> list[str]:
    """Return the parts in text such as golden,resume or [golden,resume], in the order of PARTS.

    SystemExit if the text names no part, or an unknown one.
    """
    words = [word.strip(" '\"") for word in text.strip(" []").split(",")]
    names = [word for word in words if word]
    known = f"use {', '.join(PARTS)}"
    if not names:
        raise SystemExit(f"--parts: empty: {known}")
    for name in names:
        if name not in PARTS:
            raise SystemExit(f"--parts: no part {name}{nearest(name, PARTS)}; {known}")
    return [name for name in PARTS if name in names]


def run_part(
    name: str, device: str, small: bool, output: Path, total: Total, interruption: Interruption
) -> Row:
    """Run one part in a separate process; return its row: result, figures and output."""
    part, left = PARTS[name], total.until - time.monotonic()
    there = torch.cuda.device_count() if device == "cuda" else 0
    row: Row = {"title": part.title, "seconds": 0.0, "figures": {}, "output": ""}
    if part.gpus > there or (device == "cuda" and not there):
        return row | {"result": "skipped: needs a GPU, but torch finds none"}
    if left < SHORTEST:
        return row | {"result": f"not run: {total.ran_out()}"}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [sys.executable, __file__, "--only", name, "--device", device]
        command += ["--small", str(small).lower(), "--output", folder]
        log = Path(folder) / "log"
        status = run_group(command, log, min(part.seconds, left), interruption)
        if status is not None:
            row["result"] = "passed" if status == 0 else f"failed: status {status}"
        elif interruption.received:
            row["result"] = "interrupted"
        elif left < part.seconds:
            row["result"] = f"ended: {total.ran_out()}"
        else:
            row["result"] = f"failed: took longer than {part.seconds} seconds"
        figures = Path(folder) / "figures.json"
        row["figures"] = json.loads(figures.read_text()) if figures.exists() else {}
        row["output"] = log.read_text(encoding="utf-8", errors="replace")[-6000:]
        samples = sorted(Path(folder).glob("run/samples/*.png"))
        if samples:
            shutil.copy(samples[-1], output / f"{name}.png")
    row["ended"] = datetime.now().astimezone().isoformat(" ", "minutes")
    return row | {"seconds": round(time.monotonic() - started, 1)}


def run_group(
    command: Sequence[str], log: Path, seconds: float, interruption: Interruption
) -> int | None:
    """Run a command as a group of processes for at most `seconds`; write its output to `log`.

    Return its exit status, or None if it was ended early, by the time limit or a signal. All
    processes of the group have ended when this returns. Signals are recorded, not raised, so that
    none can leave the group running.
    """
    until = time.monotonic() + seconds
    with log.open("wb") as file:
        child = subprocess.Popen(
            command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
        )  # fmt: skip
    while child.poll() is None and not interruption.received and time.monotonic() < until:
        time.sleep(0.1)
    status = child.poll()
    stop_group(child)
    return status


def stop_group(child: subprocess.Popen[bytes]) -> None:
    """End a part's process and all processes that it started, and wait for their end."""
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(child.pid, signal.SIGKILL)
        child.wait(30)  # it takes longer only if the driver hangs
        for _ in range(20):
            os.killpg(child.pid, 0)
            time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
