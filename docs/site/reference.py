"""A hook of the site: the pages about keys and commands, made from the classes that read them."""

from collections.abc import Iterator, Mapping
from typing import cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic.fields import FieldInfo

from gan.cli.commands import COMMANDS, Command
from gan.cli.help import details, plain, summary
from gan.cli.parser import leaves, sections
from gan.config import Config, Section
from gan.config.table import load


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    pages = {"configuration": configuration(), "commands": commands()}
    for name, lines in pages.items():
        text = "\n".join(lines) + "\n"
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


def configuration() -> Iterator[str]:
    """Yield the page with all keys of a training, section by section."""
    yield "# Configuration keys"
    yield ""
    yield "The keys of a YAML file for `gan train`, and of `gan.Config` in Python. On the command"
    yield "line each is `--SECTION.KEY VALUE` and wins over the file. An unknown key, a wrong type"
    yield "or a value out of range is rejected before anything is loaded. `--print_config` prints"
    yield "the resolved configuration. The defaults are the paper's."
    for name, section in sections(Config).items():
        yield f"\n## {name}\n"
        yield f"{summary(section)}. {details(section)}\n"
        yield from table(leaves(section), f"{name}.")


def commands() -> Iterator[str]:
    """Yield the page with all commands and their options."""
    yield "# Command line"
    yield ""
    yield "`gan NAME` and `python scripts/NAME.py` read the same options and make the same call."
    yield "Every command takes `--config FILE`, a YAML file with any of its options, and"
    yield "`--extend FILE_OR_MODULE` ([extending](../extending.md)). `gan NAME --help` prints what"
    yield "stands here. Words before the first option need no names. A list is `[one, two]`, or"
    yield "the option several times; `--name+ VALUE` adds to the default."
    for name, command in COMMANDS.items():
        yield from command_lines(name, command)


def command_lines(name: str, command: Command) -> Iterator[str]:
    """Yield the section about one command."""
    section = cast(type[Section], load(command.options))
    words = " ".join(f"[{word.upper()}]" for word in command.positional)
    yield f"\n## gan {name}\n\n```text\ngan {name} {words} [--key VALUE ...]\n```\n"
    yield f"{command.summary}. {details(section)}\n"
    if command.resumes:
        yield "The same command continues what was interrupted.\n"
    for flag, text in command.flags.items():
        yield f"`--{flag}`: {text}\n"
    if section is Config:
        yield "Its options are the [configuration keys](configuration.md)."
    else:
        yield from table(leaves(section), "", f"{name}-")


def table(fields: Mapping[str, FieldInfo], prefix: str, anchor: str = "") -> Iterator[str]:
    """Yield a table of options: name, meaning, type and range, default; on phones it scrolls."""
    yield "| key | meaning | takes | default |\n| --- | --- | --- | --- |"
    for name, field in fields.items():
        text = escaped(" ".join((field.description or "").split()))
        kind = escaped(plain(field.annotation, field.metadata))
        key = f"`{prefix}{name}`{{ #{anchor}{prefix}{name} }}"
        yield f"| {key} | {text} | {kind} | {default_of(field)} |"


def default_of(field: FieldInfo) -> str:
    """Return the default of an option as YAML would have it; "required" where it has none."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    words = {None: "none", True: "`true`", False: "`false`"}
    known = value is None or isinstance(value, bool)
    return words[value] if known else f"`{value}`"


def escaped(text: str) -> str:
    """Return a text for a cell, without what Markdown would read as markup."""
    for mark in "|*_<[":
        text = text.replace(mark, f"\\{mark}")
    return text
