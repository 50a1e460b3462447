"""The command line of scripts/compare.py."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import get_args

from gan.config.choices import Split
from gan.config.tables.metrics import METRICS
from gan.domains import DIRECTIONS

ABOUT = """\
Train recipes for equal time (--minutes) or for equal steps (--steps), measure them by one
protocol, print a table and write a sheet. A recipe is a file or a name, with changed keys:
small or small.yaml,loss.style=0. The others are compared with the first. Run the same command
again to continue; finished trainings are in the JSON lines of --output."""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the parsed command line; exit with a message if it is wrong."""
    parser = argparse.ArgumentParser(description=ABOUT)
    add, whole = parser.add_argument, at_least(1)
    add("recipes", nargs="+", help="files or names; the others are compared with the first")
    add("--data", type=Path, required=True, help="folder with trainA, trainB and the split")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=positive, default=0, help="time of a training")
    length.add_argument("--steps", type=whole, default=0, help="steps of a training")
    add("--seeds", type=whole, default=3)
    add("--clock", choices=("processor", "wall"), default="processor", help="clock of --minutes")
    add(
        "--threads",
        type=at_least(0),
        default=1,
        help="threads of a training on a CPU; 0: torch's default",
    )
    add("--jobs", type=whole, default=1, help="trainings in parallel")
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="key for all recipes")
    add("--split", choices=get_args(Split), default="test", help="images to translate")
    add(
        "--reference",
        choices=get_args(Split),
        default="train",
        help="images with which KID compares",
    )
    add("--direction", choices=tuple(DIRECTIONS), default="ab")
    add("--size", type=whole, help="side of the measured images; not set: the training's crop_size")
    add("--features", default="alexnet", help="network of KID, not one of a recipe's loss")
    add("--weights", type=Path, help="file with its weights")
    add("--lpips_alex", type=Path, help="file with AlexNet's convolutions")
    add("--lpips_vgg", type=Path, help="file with VGG-16's convolutions")
    add(
        "--best",
        choices=tuple(METRICS),
        default="kid",
        metavar="METRIC",
        help="metric for choosing the best generator of a run",
    )
    add("--runs", type=Path, default=Path("checkpoints/compare"), help="folder of the trainings")
    add("--output", type=Path, default=Path("experiments/compare/runs.jsonl"))
    return parser.parse_args(arguments)


def at_least(least: int) -> Callable[[str], int]:
    """Return a function that parses an integer of at least `least`."""

    def parsed(text: str) -> int:
        if not text.removeprefix("-").isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"must be an integer of at least {least}, not {text}")
        return int(text)

    return parsed


def positive(text: str) -> float:
    """Parse a number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = 0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number above 0, not {text}")
    return number
