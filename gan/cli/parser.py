"""Parse words into options: jsonargparse merges words and files, pydantic checks values."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast, get_args, get_origin

import yaml
from jsonargparse import ArgumentParser, Namespace, get_loader
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from gan.cli.commands import Command
from gan.config import Section
from gan.config.errors import explain, shown, unknown
from gan.config.files import check_file, check_values, find_file, scalars
from gan.config.section import leaves, sections
from gan.config.table import load
from gan.config.words import plain
from gan.system.yaml_text import parse_nodes

Pair = tuple[str, Any]
"""An option's name, and a string or a list of strings."""


class Parser(ArgumentParser):
    """The options of one command; its errors are ValueErrors."""

    def __init__(self, command: Command, prog: str) -> None:
        """Add the command's options, as strings: pydantic checks their types."""
        self.command = command
        self.section = cast(type[Section], load(command.options))
        self.fields = leaves(self.section)
        self.lists = {name for name, field in self.fields.items() if _has_origin(field, list)}
        self.flags = ("print_config", *command.flags)
        super().__init__(prog=prog, allow_abbrev=False, print_config=None)
        self.add_argument("--config", action="config")
        self.add_argument("--extend")
        for name in self.flags:
            self.add_argument(f"--{name}", action="store_true")
        for key in self.fields:
            self.add_argument(f"--{key}")

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise ValueError instead of printing the usage and exiting."""
        raise ValueError(message) from ex

    def parse_path(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Read a configuration file; ValueError if a key is unknown, repeated or not for files."""
        for key in check_file(Path(path)):
            if key in ("config", "extend", "help", *self.flags):
                raise ValueError(f"config: {path}: {key} is for the command line only: --{key}")
            try:
                self.check_key(key)
            except ValueError as error:
                raise ValueError(f"config: {path}: {error}") from error
        for key, value in scalars(Path(path)).items():
            if key in sections(self.section) and not Path(value).is_file():
                raise ValueError(
                    f"config: {path}: {key} is a section, not {value!r}: write KEY: VALUE on the "
                    "lines below it"
                )
        return super().parse_path(path, *arguments, **options)

    def names(self) -> list[str]:
        """Return the names of all options, without the dashes."""
        return [action.option_strings[-1].removeprefix("--") for action in self._actions]

    def check_key(self, name: str) -> None:
        """Raise ValueError, with the nearest name, unless a name is an option or section."""
        names = [*self.names(), *sections(self.section)]
        inside = any(
            name.startswith(f"{key}.") and (_has_origin(field, dict) or _has_origin(field, list))
            for key, field in self.fields.items()
        )
        if name not in names and not inside and not self.mapping_of(name):
            raise ValueError(unknown(name, names))

    def mapping_of(self, name: str) -> str | None:
        """Return the option that holds an entry: loss.terms for loss.terms.edges; or None."""
        key = name.rpartition(".")[0]
        return key if _has_origin(self.fields.get(key), dict) else None

    def options(self, words: Sequence[str]) -> tuple[Section, Namespace]:
        """Return the checked options, and those given; ValueError, with the key, if invalid."""
        pairs = list(self.pairs(words))
        given = self.parse_args(self.ranked(pairs), defaults=False)
        for name, value in pairs:  # --style+ adds to the list of a file or the default
            key = name.removesuffix("+")
            if entries := self.mapping_of(name):  # --loss.terms.edges adds to a file's mapping
                given[entries] = {
                    **mapping(entries, given.get(entries) or {}),
                    name[len(entries) + 1 :]: value,
                }
            if key != name:
                before = given.get(key, self.fields[key].get_default(call_default_factory=True))
                given[key] = [*before, *_items(value)]
        for key, value in list(given.items()):
            if key in self.fields:
                given[key] = _checked(key, self.fields[key], value)
            elif key in sections(self.section):
                raise ValueError(f"{key}: expected keys, KEY: VALUE. Got: {value}")
        values = given.as_dict()
        fields = {name: values[name] for name in self.section.model_fields if name in values}
        try:
            return self.section.model_validate(fields), given
        except ValidationError as error:
            raise ValueError(explain(error, self.fields)) from error

    def pairs(self, words: Sequence[str]) -> Iterator[Pair]:
        """Yield (name, value) for each option: gan translate RUN IN --dry-run has three."""
        first = list(takewhile(lambda word: not word.startswith("-"), words))
        if first and self.command.positional[0] in self.lists:
            yield self.command.positional[0], first
        elif len(first) > len(self.command.positional):
            taken = " ".join(name.upper() for name in self.command.positional)
            raise ValueError(
                f"unexpected word {first[-1]}: only {taken} can be given without a name; all other "
                "options are --KEY VALUE"
            )
        else:
            yield from zip(self.command.positional, first, strict=False)
        groups: list[tuple[str, list[str]]] = []
        for word in words[len(first) :]:
            name, equals, value = word.partition("=")
            if word.startswith("--"):
                groups.append((name[2:].replace("-", "_"), [value] if equals else []))
            elif groups:
                groups[-1][1].append(word)
            else:
                raise ValueError(f"unexpected word {word}: options begin with two dashes, --KEY")
        for name, values in groups:
            key = name.removesuffix("+")
            self.check_key(key)
            if key != name and key not in self.lists:
                raise ValueError(f"{name}: {key} is not a list: --{key} VALUE sets it")
            most = 0 if key in self.flags else 1
            if len(values) > most:
                raise ValueError(f"unexpected word {values[-1]} after --{name}")
            switch = key in self.fields and self.fields[key].annotation is bool
            if not values and most and not switch:
                raise ValueError(f"{name}: a value is required")
            yield name, values[0] if values else "true"

    def ranked(self, pairs: Sequence[Pair]) -> list[str]:
        """Return --key=value words: files first, then whole sections, then single keys.

        The last word for a key counts, so typed keys outrank files in any order. Lists outside
        sections may be given item by item: the first item replaces the default, and later ones are
        appended.
        """
        words: list[list[str]] = [[], [], []]
        lists: dict[str, list[Any]] = defaultdict(list)
        for name, value in pairs:
            if name == "config":
                file = find_file(value)
                if file.lstrip().startswith("{"):
                    mapping(name, file)
                words[0].append(f"--config={file}")
            elif name in sections(self.section):
                keys = mapping(name, value)
                for key in keys if isinstance(keys, dict) else ():
                    self.check_key(f"{name}.{key}")
                words[1].append(f"--config={json.dumps({name: keys})}")
            elif name in self.lists and "." not in name:
                lists[name] += _items(value)
            elif name in self.flags:
                words[2].append(f"--{name}")
            elif not name.endswith("+") and not self.mapping_of(name):
                words[2].append(f"--{name}={value}")
        joined = [f"--{name}={json.dumps(values)}" for name, values in lists.items()]
        return [*words[0], *words[1], *words[2], *joined]


def _has_origin(field: FieldInfo | None, kind: type) -> bool:
    """Return whether a field's type is a list or a dict: `kind`."""
    return field is not None and get_origin(field.annotation) is kind


def _items(value: Any) -> list[Any]:
    """Return a list's items; of a string, the items of its YAML list, or the string as one item."""
    if isinstance(value, list):
        return value
    loaded = get_loader("yaml")(value) if value.startswith("[") else None
    return loaded if isinstance(loaded, list) else [value]


def mapping(key: str, text: Any) -> Any:
    """Return the mapping for `key`: `text` itself, or parsed from `text` or from the file it names.

    ValueError if `text` is neither a mapping nor the name of a file that holds one.
    """
    if isinstance(text, dict):
        return text
    if not text.lstrip().startswith("{"):
        if not Path(text).is_file():
            raise ValueError(
                f"{key}: expected {{KEY: VALUE}}, or a file of KEY: VALUE lines. Got: {shown(text)}"
            )
        check_file(Path(text))
        text = Path(text).read_text(encoding="utf-8")
    try:
        parse_nodes(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]} is not a mapping, {{KEY: VALUE}}: {error}") from error
    return get_loader("yaml")(text)


def constrained(field: FieldInfo) -> Any:
    """Return a field's type with its constraints."""
    kind: Any = field.annotation
    return Annotated[kind, *field.metadata] if field.metadata else kind


def _checked(key: str, field: FieldInfo, value: Any) -> Any:
    """Return a value as the field's type; ValueError, with the valid values, if it does not fit."""
    adapter = TypeAdapter(constrained(field))
    if isinstance(value, bool) and bool not in (field.annotation, *get_args(field.annotation)):
        wanted = plain(field.annotation, field.metadata)  # yes would be 1, and no a folder "false"
        raise ValueError(
            f"{key}: expected {wanted}. Got: {str(value).lower()} (YAML reads yes and no as true "
            "and false; put them in quotes to get strings)"
        )
    faults: list[ValidationError] = []
    listed = _has_origin(field, list) and "." not in key
    for reading in _readings(key, value, listed=listed):
        try:
            return adapter.validate_python(reading)
        except ValidationError as error:
            faults.append(error)
    raise ValueError(explain(faults[-1], {key: field}, key)) from faults[-1]


def _readings(key: str, value: Any, *, listed: bool) -> Iterator[Any]:
    """Yield the possible values of a text: a string, or else a number, a list or a mapping.

    If `listed` (the option is a list outside sections), a string may also be its only item.
    ValueError if YAML would change an item of a list or mapping (010 is read as 8).
    """
    if value == "null":
        yield None
    yield value
    loaded = None
    if isinstance(value, str):
        with suppress(yaml.YAMLError, ValueError):  # the latter for thousands of digits
            loaded = get_loader("yaml")(value)
    if isinstance(loaded, (list, dict)):
        check_values(f"{key}: an item of {value}", value)
        yield loaded
    if isinstance(loaded, (int, float)) and not isinstance(loaded, bool) and ":" not in value:
        yield loaded  # 1:30 would be 90
    if isinstance(value, str) and not isinstance(loaded, (list, dict)) and listed:
        yield [value]
