"""Format the text of --help: the most used options, all options, or those of a section or key.

An option has a line with its name, type and default, and a sentence below.
"""

import inspect
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo

from gan.config.errors import unknown
from gan.config.section import leaves, sections
from gan.config.words import limits, placeholder

if TYPE_CHECKING:
    from gan.cli.parser import Parser

NARROWEST = 60
WIDEST = 100
"""Largest width in columns, because longer lines are hard to read."""
GENERAL = {
    "config": "YAML file that sets any of these options.",
    "extend": "Python file or module that adds your own networks, losses, metrics, recipes or "
    "datasets (docs/extending.md). May be given several times.",
    "print_config": "Print the resolved options as YAML, and exit.",
    "help": "Print the most used options, or the help of a section or key, and exit.",
    "help-all": "Print all options, and exit.",
}
"""Options of every command, with their help."""
PLACEHOLDERS = {"config": "FILE", "extend": "FILE_OR_MODULE", "help": "[SECTION_OR_KEY]"}
"""Placeholders of the options above; the others are switches."""


def page(parser: "Parser", topic: str = "", *, everything: bool = False) -> str:
    """Return the help of a command, or of `topic`, one of its sections or keys.

    The help of a command explains the most used options, or with `everything` all. ValueError if
    the section or key does not exist.
    """
    width = min(max(shutil.get_terminal_size().columns, NARROWEST), WIDEST) - 1
    if topic:
        blocks = _on(topic, parser, width)
    elif everything or not parser.command.most_used:
        blocks = _all(parser, width)
    else:
        blocks = _short(parser, width)
    return "\n\n".join(blocks)


def summary(section: type) -> str:
    """Return the first sentence of a class's documentation, without its period."""
    return (inspect.getdoc(section) or "").partition("\n")[0].removesuffix(".")


def details(section: type) -> str:
    """Return a class's documentation after the first sentence, as one paragraph."""
    return " ".join((inspect.getdoc(section) or "").partition("\n\n")[2].split())


def _head(parser: "Parser", width: int) -> Iterator[str]:
    """Yield a command's usage, description and examples."""
    first = parser.command.positional
    words = " ".join(_word(name, parser) for name in first)
    yield f"usage: {parser.prog} {words} [--KEY VALUE ...]"
    if first != ("config",):
        named = ", ".join(f"--{name}" for name in first)
        yield _wrapped(f"Words before the first option are {named}, in this order.", width, "", "")
    yield textwrap.fill(f"{parser.command.summary}. {details(parser.section)}", width)
    examples = parser.command.examples
    if examples:
        lines = [_command(f"{parser.prog} {words}", width) for words in examples]
        yield _block("Example" if len(examples) == 1 else "Examples", lines)


def _word(name: str, parser: "Parser") -> str:
    """Return a positional option as the usage line shows it: MODEL, [ROOT], MODELS ..."""
    word = f"{name.upper()} ..." if name in parser.lists else name.upper()
    field = parser.fields.get(name)
    return word if field is not None and field.is_required() else f"[{word}]"


def _short(parser: "Parser", width: int) -> Iterator[str]:
    """Yield the most used options, and the names of the others."""
    yield from _head(parser, width)
    used = parser.command.most_used
    yield _block("Most used", [_option(name, parser, width) for name in used])
    inner = sections(parser.section)
    names = [name for name in parser.section.model_fields if name not in (*used, *inner)]
    if names:
        listed = ", ".join(f"--{name}" for name in names)
        title = f"Others ({parser.prog} --help-all explains them)"
        yield _block(title, [_wrapped(listed, width, "  ", "  ")])
    if inner:
        lines = [
            _wrapped(
                f"{name:<11} {len(leaves(kind)):>2} keys  {summary(kind)}.", width, "  ", " " * 23
            )
            for name, kind in inner.items()
        ]
        title = f"Sections ({parser.prog} --help SECTION prints one; --help-all prints all)"
        yield _block(title, lines)
    yield _general(parser, [name for name in _switches(parser) if name not in used], width)


def _all(parser: "Parser", width: int) -> Iterator[str]:
    """Yield all options, grouped by section."""
    yield from _head(parser, width)
    inner = sections(parser.section)
    top = [name for name in parser.section.model_fields if name not in inner]
    if top:
        yield _block("Options", [_option(name, parser, width) for name in top])
    for name in inner:
        yield _section(name, parser, width)
    yield _general(parser, _switches(parser), width)


def _on(topic: str, parser: "Parser", width: int) -> Iterator[str]:
    """Yield the help of a section or of a key; ValueError if it does not exist."""
    name = topic.removeprefix("--")
    if name in sections(parser.section):
        yield _section(name, parser, width)
    elif name in parser.fields or name in _switches(parser):
        yield _option(name, parser, width)
    else:
        raise ValueError(unknown(name, [*parser.fields, *sections(parser.section)]))


def _section(name: str, parser: "Parser", width: int) -> str:
    """Return the help of a section's keys."""
    kind = sections(parser.section)[name]
    about = _wrapped(f"{summary(kind)}.", width, "  ", "  ")
    return _block(name, [about, *(_option(f"{name}.{key}", parser, width) for key in leaves(kind))])


def _general(parser: "Parser", names: Iterable[str], width: int) -> str:
    """Return the help of named options outside the options class."""
    return _block("General", [_option(name, parser, width) for name in names])


def _switches(parser: "Parser") -> dict[str, str]:
    """Return the options outside the options class, with their help."""
    switches = {**parser.command.flags, **GENERAL}
    if "config" in parser.command.positional:
        switches["config"] += " Or the name of a packaged recipe, for instance small."
    return switches


def _option(name: str, parser: "Parser", width: int) -> str:
    """Return an option's line and its sentence."""
    field = parser.fields.get(name)
    if field is None:
        head, text = f"{name} {PLACEHOLDERS.get(name, '')}", _switches(parser)[name]
    else:
        takes = placeholder(field.annotation, field.metadata)
        head, text = f"{name} {takes} {_facts(field)}", field.description or ""
    return "\n".join([
        _wrapped(f"--{head.strip()}", width, "  ", " " * 10),
        _wrapped(text, width, " " * 6, " " * 6),
    ])  # fmt: skip


def _facts(field: FieldInfo) -> str:
    """Return a field's valid values and its default, in parentheses."""
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    facts = [
        limits(field.annotation, field.metadata),
        "required" if field.is_required() else "",
        "" if default is None or default in ([], {}) else f"default {_typed(default)}",
    ]
    text = "; ".join(filter(None, facts))
    return f"({text})" if text else ""


def _typed(value: Any) -> str:
    """Return a default as the user would type it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping | Sequence) and not isinstance(value, str):
        return str(value).replace("'", "")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _block(title: str, lines: Iterable[str]) -> str:
    """Return lines below a title."""
    return "\n".join([f"{title}:", *lines])


def _command(text: str, width: int) -> str:
    """Return a command wrapped with backslashes, with each value on the line of its option."""
    glued = re.sub(r"(--\S+) (?!--)", "\\1\N{NO-BREAK SPACE}", text)
    lines = _wrapped(glued, width - 2, "  ", "      ").replace("\n", " \\\n")
    return lines.replace("\N{NO-BREAK SPACE}", " ")


def _wrapped(text: str, width: int, first: str, others: str) -> str:
    """Return a text wrapped to `width`, with indents `first` and `others`; words are not broken."""
    return textwrap.fill(
        text,
        width,
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
