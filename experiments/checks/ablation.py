"""Check that `gan augment --ablation` detects translations that help, and that hurt.

python -m experiments.checks.ablation --folder /tmp/ablation

A generator with weights set by hand inverts images. If classes are shapes, and the images of the
other domain are inverted, its translations help. If classes are light and dark shapes, and the
other domain is like the first, its translations swap the classes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from jsonargparse import auto_cli

from experiments.checks.drawn import FORMATS, Kind, write_dataset, write_inverter
from gan.cli.main import main
from gan.config.choices import Device

EXPECTED: dict[Kind, str] = {"shape": "better", "lightness": "worse"}
"""The expected word for the condition `translated 100 %`, by the meaning of the labels."""


def check(
    folder: Path,
    train: int = 240,
    test: int = 150,
    steps: int = 80,
    seeds: int = 3,
    seed: int = 0,
    device: Device = "cpu",
) -> int:
    """Draw datasets, run the command on each, and return 1 if a result differs from EXPECTED.

    Args:
        folder: A new folder for datasets and outputs.
        train: Number of labeled images of domain A.
        test: Number of labeled images of domain B.
        steps: Steps of each small network.
        seeds: Trainings per condition.
        seed: Seed of the drawings and of the command.
        device: Device for computing.
    """
    model = write_inverter(folder / "run" / "gen_ab.safetensors")
    wrong, rows = 0, ["| labels | classes | row | difference to none | expected | |"]
    for labels, format in FORMATS.items():
        for kind, expected in EXPECTED.items():
            place = folder / f"{labels}-{kind}"
            write_dataset(place / "a", labels, kind, train, 2 * seed)
            write_dataset(place / "b", labels, kind, test, 2 * seed + 1, inverted=kind == "shape")
            print(f"\n{labels} by {kind}; seed {seed}", flush=True)
            words = ["--model", model, "--dataset", place / "a", "--test", place / "b"]
            words += ["--format", format, "--output", place / "out", "--direction", "ab"]
            words += ["--luma", "off", "--ablation", "--seed", seed, "--device", device]
            words += ["--ablation_steps", steps, "--ablation_seeds", seeds]
            status = main(["augment", *map(str, words)])
            row = _row(place / "out")
            right = status == 0 and row["word"] == expected
            wrong += not right
            difference = row["difference"]
            shown = "{value:+.3f} [{low:+.3f}, {high:+.3f}]".format(**difference)
            rows.append(
                f"| {labels} | {kind} | translated 100 % | {shown} | {expected} | "
                f"{'as expected' if right else 'WRONG'} |"
            )
    print("\n" + "\n".join([rows[0], "| --- | --- | --- | --- | --- | --- |", *rows[1:]]))
    return 1 if wrong else 0


def _row(output: Path) -> dict[str, Any]:
    """Return the record of the condition `translated 100 %`."""
    record = json.loads((output / "ablation.json").read_bytes())
    found: dict[str, Any] = record["conditions"]["translated 100 %"]
    return found


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
