"""The completions that bash offers, and the version."""

import io
import re
import shlex
import shutil
import subprocess
from contextlib import redirect_stdout, suppress

import pytest

import gan
from gan.cli.commands import COMMANDS
from gan.cli.main import main

BASH = pytest.mark.skipif(not shutil.which("bash"), reason="needs bash")


def printed(*arguments: str) -> str:
    """Return the output of a command line."""
    with redirect_stdout(io.StringIO()) as output, suppress(SystemExit):
        main([*arguments])
    return output.getvalue()


@pytest.fixture(scope="module")
def script() -> str:
    return printed("--completion")


def completed(script: str, *words: str) -> list[str]:
    """Return bash's completions of the last word, by the function that is registered for gan."""
    typed = " ".join(map(shlex.quote, ("gan", *words)))
    ask = f"""{script}
registered=$(complete -p gan)
registered=${{registered##*-F }}
COMP_WORDS=({typed}); COMP_CWORD={len(words)}; ${{registered% gan}}
printf "%s\\n" "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


@BASH
@pytest.mark.parametrize(("words", "expected"), [
    (["tran"], {"translate"}),
    ([""], {*COMMANDS}),
    (["translate", "--ov"], {"--overwrite"}),
    (["train", "--loss.cycle_"], {"--loss.cycle_a", "--loss.cycle_b"}),
    (["prepare", "--a", "photos"], set()),
])  # fmt: skip
def test_bash_completes_commands_and_options(
    script: str, words: list[str], expected: set[str]
) -> None:
    assert set(completed(script, *words)) == expected


@BASH
@pytest.mark.parametrize("name", ["train", "translate", "inspect"])
def test_bash_offers_the_options_of_a_commands_help(script: str, name: str) -> None:
    listed = set(re.findall(r"^  (--[\w.-]+)", printed(name, "--help-all"), re.MULTILINE))
    assert {"--help", "--help-all", "--config"} <= listed
    assert set(completed(script, name, "--")) == listed


def test_the_command_prints_its_version() -> None:
    assert printed("--version") == f"gan {gan.__version__}\n"
