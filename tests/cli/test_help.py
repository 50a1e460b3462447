"""The text of --help: the golden files, plain types, the most used options first, the width."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from gan.cli import help as helping
from gan.cli.commands import COMMANDS, Command
from gan.cli.main import main
from gan.cli.parser import Parser
from gan.config import Config, Section
from gan.config.section import leaves
from gan.config.table import NameIn, Table
from gan.domains import Direction
from tests.support.screens import WIDTH

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "help"
AGAIN = "read the difference; GAN_WRITE_GOLDEN=1 writes it again"


@pytest.fixture(autouse=True)
def usual_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set a width of 80 columns, independent of the terminal in which the tests run."""
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the current help, printed by a new process with unchanged tables."""
    again = os.environ.get("GAN_WRITE_GOLDEN")
    assert not (again and os.environ.get("CI")), "golden files are not written under CI"
    folder = GOLDEN if again else tmp_path_factory.mktemp("help")
    subprocess.run(
        [sys.executable, "-m", "tests.support.screens", folder],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        check=True,
        timeout=200,
    )
    return folder


def test_the_help_is_that_of_the_golden_files(printed: Path) -> None:
    names = {path.name for path in printed.iterdir()}
    assert names == {path.name for path in GOLDEN.iterdir()}
    for name in sorted(names):
        now, before = ((folder / name).read_text("utf-8") for folder in (printed, GOLDEN))
        assert now == before, f"{name}: {AGAIN}"


def test_no_line_of_help_is_wider_than_the_terminal() -> None:
    files = [*GOLDEN.glob(f"*-{WIDTH}.txt")]
    assert len(files) == 1 + len(COMMANDS)
    for file in files:
        assert max(map(len, file.read_text("utf-8").splitlines())) <= WIDTH, file


def test_every_mistake_of_the_golden_file_is_answered_by_one_line() -> None:
    blocks = (GOLDEN / "mistakes.txt").read_text("utf-8").rstrip("\n").split("\n\n")
    assert len(blocks) >= 25
    for block in blocks:
        typed, answer = block.split("\n")
        command = " ".join(word for word in typed.split()[1:3] if word != "trian")
        assert answer.startswith(f"{command}: error: ")


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what a command line prints; it ends with exit status 0."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_width_follows_the_terminal_within_limits_and_breaks_only_lines(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The golden files hold the words, and where lines break at 80 columns."""
    words = shown(capsys, command, "--help-all").replace("\\\n", " ").split()
    for columns, widest in (("20", 60), ("120", 100), ("300", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        text = shown(capsys, command, "--help-all")
        assert text.replace("\\\n", " ").split() == words
        widths = [len(line) for line in text.splitlines()]
        assert max(widths) <= widest
        assert command != "train" or max(widths) > widest - 10


KINDS = Table("kind", {"round": 1, "square": 2})


class Typed(Section):
    """One field of each type."""

    count: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """A."""
    share: Annotated[float, Field(ge=0, lt=1)] = 0.5
    """B."""
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    """C."""
    kind: Annotated[str, NameIn(KINDS)] = "round"
    """D, 5%."""
    places: list[Path]
    """E."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """F."""
    strict: bool = False
    """G."""
    direction: Direction | None = None
    """H."""
    sides: list[Annotated[int, Field(ge=16)]] = Field(default=[16])
    """I."""
    terms: dict[str, float] = Field(default={})
    """J."""
    ends: tuple[float, float] | None = None
    """K."""


def test_help_names_types_in_plain_words() -> None:
    text = helping.page(Parser(Command(Typed, main, "Do nothing"), "typed"))
    for expected in (
        "--count INTEGER (≥ 1)\n      A.",
        "--share NUMBER (≥ 0, < 1; default 0.5)\n      B.",
        "--quality INTEGER (from 1 to 100; default 95)\n      C.",
        "--kind CHOICE (one of round, square; default round)\n      D, 5%.",
        "--places [PATH, ...] (required)\n      E.",
        "--seed INTEGER (≥ 0; default 0)\n      F.",
        "--strict [true|false] (default false)\n      G.",
        "--direction CHOICE (one of ab, ba)\n      H.",
        "--sides [INTEGER, ...] (each ≥ 16; default [16])\n      I.",
        "--terms {NAME: NUMBER}\n      J.",
        "--ends [NUMBER, NUMBER]\n      K.",
    ):
        assert f"\n  {expected}\n" in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_all_explains_every_option_once(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, name, "--help-all").splitlines()
    told = [line.split()[0] for line in lines if line.startswith("  --")]
    parser = Parser(COMMANDS[name], "gan")
    expected = [*parser.fields, *COMMANDS[name].flags, *helping.GENERAL]
    assert sorted(told) == sorted(f"--{key}" for key in expected)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_every_option_that_it_does_not_explain(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(capsys, name, "--help")
    for key in Parser(COMMANDS[name], "gan").fields:
        section = key.partition(".")[0]
        assert f"--{key}" in text or f"\n  {section} " in text, key
    assert len(text.splitlines()) <= 80


@pytest.mark.parametrize("name", [name for name, each in COMMANDS.items() if each.most_used])
def test_the_most_used_options_come_first(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, name, "--help").partition("\nMost used:\n")[2].partition("\n\n")[0]
    told = [line.split()[0] for line in text.splitlines() if line.startswith("  --")]
    assert told == [f"--{key}" for key in COMMANDS[name].most_used]


@pytest.mark.parametrize("name", COMMANDS)
def test_commands_with_many_options_say_which_are_most_used(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (len(Parser(COMMANDS[name], "gan").fields) > 15) == bool(COMMANDS[name].most_used)
    pages = {shown(capsys, name, option) for option in ("--help", "--help-all")}
    assert len(pages) == 1 + bool(COMMANDS[name].most_used)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_of_help_is_one_that_the_command_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert COMMANDS[name].examples
    for example in COMMANDS[name].examples:
        Parser(COMMANDS[name], "gan").options(shlex.split(example))


def test_help_of_a_section_or_key_prints_only_that(
    capsys: pytest.CaptureFixture[str],
) -> None:
    key = shown(capsys, "train", "--help", "loss.cycle")
    assert (
        key
        == "  --loss.cycle NUMBER (≥ 0; default 10)\n      Weight of the cycle-consistency loss.\n"
    )
    section = shown(capsys, "train", "--help", "loss")
    assert key in section
    assert section.count("  --loss.") == len(leaves(Config.model_fields["loss"].annotation))  # type: ignore[arg-type]
    assert "--data" not in section
    assert shown(capsys, "help", "train", "loss") == section
    assert shown(capsys, "translate", "--help", "tile").startswith("  --tile INTEGER (≥ 64)\n")


def test_a_section_that_does_not_exist_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--help", "los"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "gan train: error: no key los; did you mean loss?\n"


def test_help_is_also_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for words in (["help"], ["--help"], ["--help-all"], ["-h"]):
        assert main(words) == 0
        pages.append(capsys.readouterr().out)
    assert len({*pages}) == 1
    assert "usage: gan COMMAND" in pages[0]
    same = {shown(capsys, *words) for words in (["help", "report"], ["report", "a", "--help"])}
    assert len(same) == 1
    assert "usage: gan report" in same.pop()


@pytest.mark.parametrize("words", [["trian", "--help"], ["help", "trian"], ["trian", "--help-all"]])
def test_help_of_a_misspelt_command_names_the_nearest(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr().err == "gan: error: no command trian; did you mean train?\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_sentence_begins_and_ends_like_one(name: str) -> None:
    for key, field in Parser(COMMANDS[name], "gan").fields.items():
        text = field.description or ""
        assert text.endswith("."), key
        assert text[0].isupper() or text.partition(" ")[0] in CHOICES, key


CHOICES = {"ab", "lbfgs"}
"""Lowercase words with which a sentence may begin: users type them in lowercase."""


@pytest.mark.parametrize("name", COMMANDS)
def test_no_help_shows_types_of_python(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, name, "--help-all")
    assert "--extend FILE_OR_MODULE" in text
    for foreign in (
        "Annotated",
        "FieldInfo",
        "NameIn",
        "Literal",
        "Optional",
        "class '",
        "VALUE (",
    ):
        assert foreign not in text
