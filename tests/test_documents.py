"""Every command line of the documents, recipes and scripts is one that our parsers take."""

import functools
import re
import runpy
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonargparse
import pytest

from gan.cli import main as cli
from gan.cli.commands import COMMANDS
from gan.config import Config

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "docs", "docs/recipes", "docs/reference", "datasets", "checkpoints")
    for path in (ROOT / folder).glob("*.md")
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
"""A language and lines."""
CODE = re.compile(r"`([^`]+)`")
CONTINUED = {"": "\\\n", "bash": "\\\n", "sh": "\\\n", "powershell": "`\n"}
"""Languages of commands, and what stands at the end of a line that is continued."""
GENERATED = [ROOT / "docs" / "reference" / f"{page}.md" for page in ("commands", "configuration")]
"""Pages that docs/site/reference.py makes; tests/test_site.py holds links to them."""
NAMES = {"inspect_data": "inspect"}
"""Scripts with another name than their command."""
MODULES = [
    path.relative_to(ROOT).as_posix()
    for folder in ("benchmarks", "demo", "experiments")
    for path in (ROOT / folder).rglob("*.py")
    if "auto_cli(" in path.read_text(encoding="utf-8")
]
SCRIPTS = {path.removesuffix(".py").removesuffix("/__main__").replace("/", ".") for path in MODULES}
"""What `python -m` starts."""
OTHERS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("Makefile", "Dockerfile", "*.py", "scripts/*.py", "configs/**/*.*")
    for path in ROOT.glob(pattern)
) + sorted(MODULES)
"""Files that show how they are used."""


@dataclass(frozen=True)
class Line:
    """A command as a file shows it."""

    page: str
    name: str
    arguments: tuple[str, ...]
    whole: bool
    """Whether the command is complete and can be typed as it is."""

    def __str__(self) -> str:
        return f"{self.page}: {self.name} {' '.join(self.arguments)}"[:80]


def in_blocks(page: str) -> Iterator[Line]:
    """Yield the lines in a page's code blocks that start a command of this program."""
    for language, block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        if language not in CONTINUED:
            continue
        for text in block.replace(CONTINUED[language], " ").splitlines():
            if not re.search("identiy|`", text):  # an error that is shown; a table of files
                yield from parsed(page, text.removeprefix("$ "), whole="..." not in text)


def in_sentences(page: str) -> Iterator[Line]:
    """Yield the commands with arguments in a page's sentences; they may be incomplete."""
    text = BLOCK.sub("", (ROOT / page).read_text(encoding="utf-8"))
    for code in CODE.findall(text):
        for line in parsed(page, " ".join(code.split()), whole=False):
            if line.arguments:
                yield line


def in_comments(page: str) -> Iterator[Line]:
    """The commands that a script's first lines, a recipe's head or a rule of make shows."""
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ").replace("$(BIN)/", "")
    for line in text.splitlines():
        line = re.sub(r"^\W*", "", line).partition("`")[0]
        if re.match(r"(accelerate launch|torchrun|python|gan) ", line):
            yield from parsed(page, line, whole=False)


def parsed(page: str, text: str, whole: bool) -> Iterator[Line]:
    """Return the command in a line of shell, if it is one of this program."""
    try:
        words = shlex.split(text.replace(" ...", ""), comments=True)
    except ValueError:  # an apostrophe: no shell
        return
    for start, word in enumerate(words):
        name = NAMES.get(Path(word).stem, Path(word).stem)
        if word == "gan" and start == 0 and len(words) > 1:
            name, start = words[1], 1
        elif word in SCRIPTS and words[max(0, start - 1)] == "-m":
            name = word
        elif not word.endswith(".py"):
            continue
        if (name in COMMANDS or name in SCRIPTS) and "--extend" not in words:  # test_extending
            yield Line(page, name, tuple(words[start + 1 :]), whole)
        return


LINES = [
    *(line for page in PAGES for line in in_blocks(page)),
    *(line for page in PAGES for line in in_sentences(page)),
    *(line for page in OTHERS for line in in_comments(page)),
]


def idle(command: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the same signature that does nothing."""

    @functools.wraps(command)
    def nothing(**values: Any) -> int:
        return 0

    return nothing


def status(line: Line, monkeypatch: pytest.MonkeyPatch) -> int | str | None:
    """The exit status of a command that does nothing but take its arguments."""
    auto_cli = jsonargparse.auto_cli

    def idle_cli(commands: Any, **options: Any) -> Any:
        alone = not isinstance(commands, list)
        return auto_cli(idle(commands) if alone else [idle(one) for one in commands], **options)

    monkeypatch.chdir(ROOT)
    for name, command in COMMANDS.items():
        monkeypatch.setitem(COMMANDS, name, replace(command, run=lambda *_, **__: 0))
    monkeypatch.setattr(jsonargparse, "auto_cli", idle_cli)
    monkeypatch.setattr("gan.interop.hub.fetch", lambda path: path)  # nothing is downloaded
    monkeypatch.setattr(sys, "argv", [f"{line.name}.py", *line.arguments])
    try:
        if line.name in COMMANDS:
            return cli.run(line.name, line.arguments)
        monkeypatch.delitem(sys.modules, line.name, raising=False)  # another test's import of it
        runpy.run_module(line.name, run_name="__main__", alter_sys=True)
    except SystemExit as stopped:
        return stopped.code
    return 0


@pytest.mark.parametrize("line", LINES, ids=str)
def test_our_parsers_take_every_command_line_of_the_documents(
    line: Line, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found, said = status(line, monkeypatch), capsys.readouterr().err
    incomplete = not line.whole and re.search("required|expected one argument", said)
    assert not found or incomplete, said


def test_the_recipes_are_full_of_commands() -> None:
    recipes = {line.page for line in LINES if line.page.startswith("docs/recipes/")}
    assert len(recipes) >= 4
    assert {"prepare", "train", "translate", "evaluate"} <= {line.name for line in LINES}


@pytest.mark.parametrize(("page", "name"), [
    ("docs/install.md", "demo"),  # in PowerShell, too
    ("README.md", "stylize"),  # behind a block of Python
    ("docs/running.md", "experiments.checks.doctor"),  # in a sentence, over two lines
    ("benchmarks/__main__.py", "benchmarks"),
    ("configs/reference.yaml", "translate"),
    ("Makefile", "demo"),
])  # fmt: skip
def test_commands_are_found_in_blocks_sentences_and_comments(page: str, name: str) -> None:
    assert (page, name) in {(line.page, line.name) for line in LINES}


def test_every_script_and_command_is_shown_somewhere() -> None:
    assert {line.name for line in LINES} == SCRIPTS | COMMANDS.keys()


@pytest.mark.parametrize("page", [*PAGES, *OTHERS])
def test_every_key_that_a_document_names_is_one(page: str) -> None:
    fields = {name: field.annotation for name, field in Config.model_fields.items()}
    keys = {
        f"{name}.{key}"
        for name, section in fields.items()
        if isinstance(section, type)
        for key in getattr(section, "model_fields", {})
    }
    named = rf"(?:`|--)((?:{'|'.join(fields)})\.[a-z]\w*)(?![\w.(])"
    files = {f"{name}.{suffix}" for name in fields for suffix in ("py", "yaml", "json")}
    text = (ROOT / page).read_text(encoding="utf-8")
    assert set(re.findall(named, text)) - files - {"loss.identiy"} <= keys


@pytest.mark.parametrize("page", PAGES)
def test_links_between_the_documents_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        place = (ROOT / page).parent / target
        assert place.exists() or place in GENERATED, target
