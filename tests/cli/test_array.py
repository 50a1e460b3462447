"""The Slurm array of configs/accelerate/ calls `gan translate` for its part of the images."""

import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan.cli.commands import COMMANDS
from gan.cli.main import main

SCRIPT = Path(__file__).parents[2] / "configs" / "accelerate" / "translate_array.sh"


@pytest.mark.parametrize(("again", "shard"), [({}, (7, 64)), ({"SHARDS": "128"}, (7, 128))])
def test_a_job_translates_its_part(
    again: dict[str, str], shard: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program in place of srun prints the command that Slurm would run."""
    srun = tmp_path / "srun"
    srun.write_text("#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done\n")
    srun.chmod(0o755)
    job = {"SLURM_ARRAY_TASK_ID": "7", "SLURM_ARRAY_TASK_COUNT": "64"} | again
    found = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    given = ["--model", "run", "--input", "my photos", "--output", "paintings"]
    done = subprocess.run(
        ["bash", SCRIPT, *given], env=os.environ | job | found, check=True, timeout=30,
        capture_output=True, text=True,
    )  # fmt: skip
    program, *words = done.stdout.splitlines()
    seen: list[Any] = []

    def command(options: Any, **_: Any) -> int:
        seen.append(options)
        return 0

    monkeypatch.setitem(COMMANDS, "translate", replace(COMMANDS["translate"], run=command))
    assert program == "gan"
    assert main(words) == 0
    (options,) = seen
    assert (str(options.input), str(options.output)) == ("my photos", "paintings")
    assert options.shard in (shard, "/".join(map(str, shard)))
