"""Check on this machine's GPU what no CPU can show: `python scripts/gpu_check.py --output FOLDER`.

It needs torch and torchvision with CUDA, this tree, and: accelerate albumentations filelock
jsonargparse[signatures] numpy pillow psutil pydantic pyyaml safetensors tensorboard tqdm pytest
pytest-xdist pytest-timeout hypothesis (and scikit-image scikit-learn for real photographs).

Every part runs in a process of its own with a limit, so that one that fails or hangs stops no
other. `gpu_check.json` and the page `gpu_check.md` are written anew after each.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from jsonargparse import auto_cli  # noqa: E402

from experiments.checks.gpu.parts import PARTS  # noqa: E402
from experiments.checks.gpu.setting import Setting  # noqa: E402

Row = dict[str, Any]


def check(
    device: Literal["cuda", "cpu"] = "cuda",
    small: bool = False,
    output: Path = Path("gpu-check"),
    parts: list[str] | None = None,
    minutes: float = 8,
    only: str | None = None,
) -> int:
    """Run the parts one after another; the exit status is 1 where one failed, or none could run.

    Args:
        device: cpu tries the check itself, where parts that need a GPU are skipped.
        small: Tiny networks and few pixels.
        output: Folder for gpu_check.json, gpu_check.md and the recipe's last samples.
        parts: Some of them, in place of all: golden, resume, switches, processes, translation,
            recipe, profile, benchmark.
        minutes: For all together; what comes too late is skipped.
        only: Run this part in this process and print its figures (what the parts are started by).
    """
    if unknown := {*(parts or []), *([only] if only else [])} - PARTS.keys():
        raise SystemExit(f"parts: no {', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    if only:
        figures = PARTS[only].run(Setting(device, small, output))
        (output / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
        return 0
    output.mkdir(parents=True, exist_ok=True)
    rows: dict[str, Row] = {}
    until = time.monotonic() + 60 * minutes
    for name in parts or PARTS:
        rows[name] = run_part(name, device, small, output, until)
        print(f"{name}: {rows[name]['result']}, {rows[name]['seconds']:.0f} s", flush=True)
        report = {"machine": machine(device), "device": device, "small": small, "parts": rows}
        (output / "gpu_check.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
        (output / "gpu_check.md").write_text(page(report), encoding="utf-8")
    passed = [row for row in rows.values() if row["result"] == "passed"]
    return int(not passed or any(row["result"].startswith("failed") for row in rows.values()))


def run_part(name: str, device: str, small: bool, output: Path, until: float) -> Row:
    """Run one part in a process of its own; what became of it, its figures and what it printed."""
    part, left = PARTS[name], until - time.monotonic()
    there = torch.cuda.device_count() if device == "cuda" else 0
    row: Row = {"title": part.title, "seconds": 0.0, "figures": {}, "output": ""}
    if part.gpus > there or (device == "cuda" and not there):
        return row | {"result": "skipped: needs a GPU, and torch sees none"}
    if left < 5:
        return row | {"result": "skipped: no time left"}
    started = time.monotonic()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        command = [sys.executable, __file__, "--only", name, "--device", device]
        command += ["--small", str(small).lower(), "--output", folder]
        log = Path(folder) / "log"
        with log.open("wb") as file:
            child = subprocess.Popen(
                command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, start_new_session=True,
                env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path[1:]])},
            )  # fmt: skip
        try:
            status = child.wait(min(part.seconds, left))
            row["result"] = "passed" if status == 0 else f"failed: status {status}"
        except subprocess.TimeoutExpired:
            row["result"] = "failed: took too long"
        stop_group(child)
        figures = Path(folder) / "figures.json"
        row["figures"] = json.loads(figures.read_text()) if figures.exists() else {}
        row["output"] = log.read_text(encoding="utf-8", errors="replace")[-6000:]
        samples = sorted(Path(folder).glob("run/samples/*.png"))
        if samples:
            shutil.copy(samples[-1], output / f"{name}.png")
    return row | {"seconds": round(time.monotonic() - started, 1)}


def stop_group(child: subprocess.Popen[bytes]) -> None:
    """End a part's process and all that it started."""
    try:
        os.killpg(child.pid, 9)
    except ProcessLookupError:
        return
    child.wait(30)


def machine(device: str) -> Row:
    """Name the device and the versions."""
    row: Row = {"python": platform.python_version(), "torch": torch.__version__}
    row |= {"cores": os.cpu_count(), "system": platform.platform()}
    if device == "cuda" and torch.cuda.is_available():
        row |= {
            "gpu": torch.cuda.get_device_name(), "gpus": torch.cuda.device_count(),
            "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
        }  # fmt: skip
    return row


def page(report: Row) -> str:
    """Write the page: a table of the parts, then each one's figures and, if it failed, output."""
    about = ", ".join(f"{key} {value}" for key, value in report["machine"].items())
    lines = ["# GPU check", "", about, "", "| part | result | seconds |", "| --- | --- | --- |"]
    lines += [
        f"| {row['title']} | {row['result']} | {row['seconds']:.0f} |"
        for row in report["parts"].values()
    ]
    for name, row in report["parts"].items():
        figures = json.dumps(row["figures"], indent=1)
        lines += ["", f"## {row['title']} (`--parts [{name}]`)", ""]
        if row["figures"]:
            lines += ["```", figures, "```"]
        if row["output"] and (name == "benchmark" or row["result"] != "passed"):
            lines += ["```", row["output"].strip(), "```"]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
