"""Every typed option reaches its function: a parser may use some words for itself."""

import functools
import inspect
import json
import runpy
import sys
import types
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import jsonargparse
import pytest
from pydantic import TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo

from gan.cli import main as cli
from gan.cli.commands import COMMANDS
from gan.cli.parser import Parser, constrained
from gan.config import Section
from gan.config.section import leaves, sections
from gan.config.table import NameIn
from gan.config.tables.datasets import DATASETS
from gan.config.tables.observers import OBSERVERS
from gan.config.tables.recipes import RECIPES

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    for folder in ("benchmarks", "demo", "experiments")
    for path in (ROOT / folder).rglob("*.py")
    if "auto_cli(" in path.read_text(encoding="utf-8")
)
"""Modules that `python -m` starts."""
Function = Callable[..., Any]


def other(kind: Any, default: Any) -> Any:
    """Return a value of a type that is not the default."""
    if get_origin(kind) in (Union, types.UnionType):
        return other(next(one for one in get_args(kind) if one is not type(None)), default)
    if get_origin(kind) is Literal:
        return next(choice for choice in reversed(get_args(kind)) if choice != default)
    if get_origin(kind) in (list, Sequence):
        return [other(get_args(kind)[0], None)]
    if kind is bool:
        return not default
    number = default if isinstance(default, (int, float)) else 0
    if issubclass(kind, (int, float)):
        return number + 2 if issubclass(kind, int) else number + 0.5
    return kind("some/name")


def typed(value: Any) -> str:
    """Return a value as the user would type it."""
    return value if isinstance(value, str) else json.dumps(value, default=str).strip('"')


def every_option(function: Function) -> tuple[list[str], dict[str, Any]]:
    """Return a command line with all options of a function, and the values that it sets."""
    parameters = inspect.signature(function).parameters
    values = {name: other(each.annotation, each.default) for name, each in parameters.items()}
    return [f"--{name}={typed(value)}" for name, value in values.items()], values


def recorded(function: Function, calls: list[dict[str, Any]]) -> Function:
    """Return a function with the same signature that appends its arguments to `calls`."""

    @functools.wraps(function)
    def note(**values: Any) -> int:
        calls.append(values)
        return 0

    return note


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_reaches_its_function(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is set to another value than its default; checks between options are disabled."""
    command, calls = COMMANDS[name], list[tuple[Any, dict[str, bool]]]()
    section = unchecked(Parser(command, "gan").section)
    fields = leaves(section)
    for table in (DATASETS, RECIPES):  # most of their rows require other keys
        monkeypatch.setitem(table, "another", next(iter(table.values())))
    observer = replace(next(iter(OBSERVERS.values())), switch=None)
    monkeypatch.setitem(OBSERVERS, "another", observer)
    values = {key: sample(field) for key, field in fields.items()}

    def note(options: Any, **flags: bool) -> int:
        calls.append((options, flags))
        return 0

    monkeypatch.setitem(COMMANDS, name, replace(command, options=section, run=note))
    arguments = [f"--{key}={typed(value)}" for key, value in values.items()]
    assert cli.main([name, *arguments, *(f"--{flag}" for flag in command.flags)]) == 0
    ((options, flags),) = calls
    assert flags == dict.fromkeys(command.flags, True)
    assert {key: functools.reduce(getattr, key.split("."), options) for key in fields} == values
    assert all(values[key] != field.default for key, field in fields.items())


def unchecked(section: type[Section]) -> type[Section]:
    """Return a class with the same fields, but without the checks between them."""
    inner = sections(section)
    fields: dict[str, Any] = {
        name: (unchecked(inner[name]), unchecked(inner[name])())
        if name in inner
        else (constrained(field), field)
        for name, field in section.model_fields.items()
    }
    return create_model(section.__name__, __base__=Section, **fields)


def sample(field: FieldInfo) -> Any:
    """Return a valid value of a field that is not its default."""
    default = None if field.is_required() else field.default
    adapter = TypeAdapter(constrained(field))
    for value in (
        *choices(field.annotation, field.metadata),
        True,
        False,
        1,
        0.5,
        96,
        320,
        4,
        "another",
    ):
        for whole in (value, [value], [value, 96]):
            with suppress(ValidationError):
                found = adapter.validate_python(whole)
                if found != default:
                    return found
    raise AssertionError(field)


def choices(kind: Any, constraints: Sequence[Any]) -> list[Any]:
    """Return the names that a type, or a type inside it, allows."""
    offered = [name for each in constraints if isinstance(each, NameIn) for name in each.table]
    if get_origin(kind) is Literal:
        return [*offered, *reversed(get_args(kind))]
    if get_origin(kind) is dict:
        return [*offered, {"relu1": 1.0}, {"noise": (1.0, 2.0)}]
    for inner in get_args(kind):
        more = inner.metadata if isinstance(inner, FieldInfo) else []
        offered += choices(inner, [*more, *([inner] if isinstance(inner, NameIn) else [])])
    return offered


def run_module(module: str, monkeypatch: pytest.MonkeyPatch, parse: Function) -> None:
    """Run a module with `parse` in place of jsonargparse.auto_cli."""
    monkeypatch.setattr(jsonargparse, "auto_cli", parse)
    monkeypatch.delitem(sys.modules, module, raising=False)  # another test may have imported it
    with suppress(SystemExit):
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def functions(module: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], Function]]:
    """Yield the words that select each function of a module, and the function."""
    given: list[Any] = []
    run_module(module, monkeypatch, lambda components, **_: given.append(components))
    (components,) = given
    if not isinstance(components, list):
        yield [], components
        return
    for function in components:
        yield [function.__name__], function


@pytest.mark.parametrize("module", MODULES)
def test_every_option_of_a_module_reaches_its_function(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """jsonargparse uses `config` for its own file: a parameter of that name gets no value."""
    auto_cli = jsonargparse.auto_cli
    for words, function in list(functions(module, monkeypatch)):
        arguments, expected = every_option(function)
        calls: list[dict[str, Any]] = []

        def recording(components: Any, calls: list[Any] = calls, **options: Any) -> Any:
            alone = not isinstance(components, list)
            noted = [recorded(each, calls) for each in ([components] if alone else components)]
            return auto_cli(noted[0] if alone else noted, **options)

        monkeypatch.setattr(sys, "argv", [module, *words, *arguments])
        run_module(module, monkeypatch, recording)
        assert calls == [expected], function.__name__
