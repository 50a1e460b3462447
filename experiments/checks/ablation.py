"""Whether `gan augment --ablation` sees a translation help and hurt, where it is known to.

python -m experiments.checks.ablation --folder /tmp/ablation

A generator whose weights are set by hand inverts pictures. Where shapes are to be told apart, and
the other domain's pictures are inverted, its translations are what is missing. Where light shapes
are to be told from dark ones, and the other domain is like the first, they swap the labels.
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
"""What the condition that is always translated comes to, by what labels name."""


def check(
    folder: Path,
    train: int = 240,
    test: int = 150,
    steps: int = 80,
    seeds: int = 3,
    seed: int = 0,
    device: Device = "cpu",
) -> int:
    """Draw the sets, run the command on each; the exit status is 1 where a sign is wrong.

    Args:
        folder: A new folder for sets and outputs.
        train: Pictures of domain A, with labels.
        test: Pictures of domain B, with labels.
        steps: Of each small network.
        seeds: Trainings under each condition.
        seed: Of what is drawn and of the command.
        device: Where to compute.
    """
    model = write_inverter(folder / "run" / "gen_ab.safetensors")
    wrong, rows = 0, ["| labels | they name | row | difference to none | expected | |"]
    for labels, format in FORMATS.items():
        for kind, expected in EXPECTED.items():
            place = folder / f"{labels}-{kind}"
            write_dataset(place / "a", labels, kind, train, 2 * seed)
            write_dataset(place / "b", labels, kind, test, 2 * seed + 1, inverted=kind == "shape")
            print(f"\n{labels}, which name the {kind}; seed {seed}", flush=True)
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
    """Return the record of the condition that is always translated."""
    record = json.loads((output / "ablation.json").read_bytes())
    found: dict[str, Any] = record["conditions"]["translated 100 %"]
    return found


if __name__ == "__main__":
    sys.exit(auto_cli(check, as_positional=False))
