"""Write gpu_check.json and gpu_check.md with the rows of all parts, also of earlier checks."""

import json
import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from experiments.checks.gpu.parts import PARTS
from gan.system.atomic import check_writable

Row = dict[str, Any]
NAMES = ("gpu_check.json", "gpu_check.md")


def open_output(output: Path) -> None:
    """Create the folder of a report; OSError, in one line, if it cannot be written."""
    for name in NAMES:
        check_writable(output / name)
    output.mkdir(parents=True, exist_ok=True)


def machine(device: str) -> Row:
    """Return the device and the versions."""
    row: Row = {"python": platform.python_version(), "torch": torch.__version__}
    row |= {"cores": os.cpu_count(), "system": platform.platform()}
    if device == "cuda" and torch.cuda.is_available():
        row |= {
            "gpu": torch.cuda.get_device_name(), "gpus": torch.cuda.device_count(),
            "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version(),
        }  # fmt: skip
    return row


def earlier_rows(output: Path, head: Row) -> dict[str, Row]:
    """Return the rows of an earlier check of the same device, torch and size, or print why not.

    head are the report's entries besides its parts.
    """
    file = output / NAMES[0]
    if not file.exists():
        return {}
    try:
        report = json.loads(file.read_text(encoding="utf-8"))
        rows = {name: dict(row) for name, row in report["parts"].items() if name in PARTS}
        ours, theirs = _compared(head), _compared(report)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        print(f"{file}: not a report: ignored", flush=True)
        return {}
    apart = [f"{key} {theirs[key]}, not {ours[key]}" for key in ours if ours[key] != theirs[key]]
    if apart:
        print(f"{file}: {'; '.join(apart)}: dropped {', '.join(rows)}", flush=True)
    return {} if apart else rows


def _compared(report: Row) -> Row:
    """Return the entries that must be equal for two reports to share rows."""
    about = report["machine"]
    row: Row = {"device": report["device"], "small": report["small"]}
    return row | {"gpu": about.get("gpu"), "torch": about["torch"]}


def write_report(output: Path, head: Row, rows: Mapping[str, Row]) -> None:
    """Write both files, with the parts in their usual order."""
    report = head | {"parts": {name: rows[name] for name in PARTS if name in rows}}
    (output / NAMES[0]).write_text(json.dumps(report, indent=1), encoding="utf-8")
    (output / NAMES[1]).write_text(page(report), encoding="utf-8")


def page(report: Row) -> str:
    """Return the page: a table of the parts, then each part's figures and, if it failed, output."""
    about = ", ".join(f"{key} {value}" for key, value in report["machine"].items())
    lines = ["# GPU check", "", about, ""]
    lines += ["| part | result | seconds | ended |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {row['title']} | {row['result']} | {row['seconds']:.0f} | {row.get('ended', '')} |"
        for row in report["parts"].values()
    ]
    for name, row in report["parts"].items():
        figures = json.dumps(row["figures"], indent=1)
        lines += ["", f"## {row['title']} (`--parts {name}`)", ""]
        if row["figures"]:
            lines += ["```", figures, "```"]
        if row["output"] and (name == "benchmark" or row["result"] != "passed"):
            lines += ["```", row["output"].strip(), "```"]
    return "\n".join([*lines, ""])
