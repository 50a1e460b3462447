"""What the commands print: their help at 80 columns, and the messages about common mistakes.

`python -m tests.support.screens FOLDER` writes them into a folder.
"""

import io
import os
import shlex
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from pathlib import Path

from gan.cli.commands import COMMANDS
from gan.cli.main import main

WIDTH = 80
"""Columns; test_help.py checks that other widths only break the lines elsewhere."""
MISTAKES = """
gan trian
gan train --loss.identiy 0
gan train --los.cycle 1
gan translate run photos paintings --dry-rum
gan train --config nosuch
gan train --config configs/small.yaml
gan train --config settings.yaml
gan train photos paintings
gan train -loss.cycle 3
gan train small
gan train small --data.root nowhere
gan train --loss.identity much
gan train --loss.identity -1
gan train --train.epochs 0
gan train --train.epochs 1.5
gan train --train.epochs
gan train --train.epochs 10 20
gan train --data.crop_size 300
gan train --data.crop_size 250 --data.load_size 260
gan train --networks.generator resnet_9block
gan train --networks.norm layer
gan train --train.doctor_ignore copy
gan train --data.range_a "[4095]"
gan train --data.flip maybe
gan train --data.a photos
gan train --evaluate.best kid_ab
gan train --loss "cycle: 3"
gan train --extend nothing.py
gan translate
gan translate run photos paintings more
gan translate run photos paintings --precision half
gan translate nowhere photos paintings
gan translate --modle run photos paintings
gan stylize --content nowhere.png --style nowhere.png --output out.png
gan prepare --a nowhere --b nowhere --output new
gan inspect nowhere
gan report nowhere
gan export nowhere generator.onnx onnx
gan convert nowhere.pth generator.safetensors
gan evaluate nowhere datasets
gan serve
"""
"""Common mistakes, in an empty folder."""


def screens() -> Iterator[tuple[str, str]]:
    """Yield names of files, and what they should hold."""
    os.environ["COLUMNS"] = str(WIDTH)
    yield f"gan-{WIDTH}.txt", shown("gan --help")
    for name, command in COMMANDS.items():
        # Without most used options both pages are the same (test_help.py).
        options = ("--help", "--help-all") if command.most_used else ("--help",)
        pages = [shown(f"gan {name} {option}") for option in options]
        yield f"{name}-{WIDTH}.txt", "\n".join(pages)
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        mistakes = [shown(line) for line in MISTAKES.strip().splitlines()]
    yield "mistakes.txt", "\n".join(mistakes)


def shown(line: str) -> str:
    """Return a command line and all that it prints."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output), suppress(SystemExit):
        main(shlex.split(line)[1:])
    return f"$ {line}\n{output.getvalue()}"


def write(folder: Path) -> None:
    """Write all files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in screens():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
