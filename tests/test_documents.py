"""Every command line of the README, the recipes and other pages is one that our parser takes."""

import functools
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gan.cli

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("", "docs", "docs/recipes", "datasets", "checkpoints")
    for path in (ROOT / folder).glob("*.md")
)
UNFINISHED = re.compile(r"\.\.\.|`|'|identiy")
"""Lines that leave something out, speak of a command, or show an error."""
NAMES = {"inspect_data": "inspect"}
"""Scripts with another name than their command."""


def command_lines(page: str) -> Iterator[tuple[str, list[str]]]:
    """(command, arguments) of the lines in a page's code blocks that start one of ours."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```(?:bash|sh)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for line in block.replace("\\\n", " ").splitlines():
            if UNFINISHED.search(line):
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            for start, word in enumerate(words):
                name = NAMES.get(Path(word).stem, Path(word).stem)
                if word == "gan" and start == 0:
                    name, start = words[1], 1
                elif not word.endswith(".py"):
                    continue
                if name in gan.cli.COMMANDS:
                    yield name, words[start + 1 :]
                break


LINES = [(page, name, arguments) for page in PAGES for name, arguments in command_lines(page)]


def idle(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command of the same signature that does nothing."""

    @functools.wraps(command)
    def nothing(**values: Any) -> int:
        return 0

    return nothing


@pytest.mark.parametrize(("page", "name", "arguments"), LINES, ids=lambda value: str(value)[:60])
def test_our_parser_takes_every_command_line_of_the_documents(
    page: str, name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    load = gan.cli.load
    monkeypatch.setattr(gan.cli, "load", lambda name: idle(load(name)))
    assert gan.cli.run(name, arguments) == 0


def test_the_recipes_are_full_of_commands() -> None:
    recipes = {page for page, _, _ in LINES if page.startswith("docs/recipes/")}
    assert len(recipes) >= 4
    assert {"prepare", "train", "translate", "evaluate"} <= {name for _, name, _ in LINES}


@pytest.mark.parametrize("page", PAGES)
def test_links_between_the_documents_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target
