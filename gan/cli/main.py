"""The command line: `gan NAME` and `python scripts/NAME.py` parse one signature, make one call."""

import importlib
import inspect
import json
import re
import signal
import sys
from argparse import SUPPRESS
from collections.abc import Callable, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NoReturn, get_origin

from docstring_parser import parse
from jsonargparse import ArgumentParser, Namespace

from gan import __version__
from gan.cli.completion import bash
from gan.config import Section
from gan.config.files import check_file
from gan.system.processes import leave
from gan.system.text import nearest

COMMANDS = {
    "prepare": "gan.preparation:prepare",
    "train": "gan.training.entry:train_command",
    "translate": "gan.inference.folder:translate_folder",
    "stylize": "gan.stylize:stylize",
    "inspect": "gan.inspection:inspect_folders",
    "report": "gan.report:report",
    "evaluate": "gan.evaluation:evaluate_model",
    "augment": "gan.augment:augment",
    "convert": "gan.export:convert",
    "export": "gan.export:export_model",
    "serve": "gan.serve:serve",
}

GOING_ON = ("prepare", "train", "translate", "augment")
"""Commands that take up what an earlier call of theirs has left."""

UNKNOWN = (
    r"[Uu]nrecognized arguments: (?:--)?([\w.-]+)",
    r"Option '([\w.]+)' is not accepted",
    r"Group '([\w.]+)' does not accept option '([\w.]+)'",
)
"""How jsonargparse says that there is no such key."""
UNION = (
    "Does not validate against any of the Union subtypes Subtypes: .*? Errors: - (.*?)"
    " Given value type: .*? Given value: "
)
"""How it says that a value is none of several types."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The `gan` command; the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help"):
        print(
            f"usage: gan COMMAND ...\n\ncommands: {', '.join(COMMANDS)}\n\n"
            "gan COMMAND --help says more. gan --version; gan --completion for bash and zsh."
        )
        return 0 if arguments else 2
    if name == "--version":
        print(f"gan {__version__}")
        return 0
    if name == "--completion":
        print(bash({name: options(load(name)) for name in COMMANDS}), end="")
        return 0
    if name not in COMMANDS:
        print(f"gan: error: no command {name}{nearest(name, COMMANDS)}", file=sys.stderr)
        return 2
    return run(name, arguments[1:], prog=f"gan {name}")


def run(name: str, arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Parse a command's arguments and call its function; errors for users become one line."""
    command = load(name)
    parser = build_parser(command, prog)
    texts = sys.argv[1:] if arguments is None else arguments
    try:
        words = ranked(command, [underscored(text) for text in named_first(command, texts)])
        given = appending(command, words)
        values = bind(command, parser.instantiate(parser.parse_args(given)))
    except ValueError as error:
        parser.error(str(error))
    try:
        status = command(**values) or 0
        leave()  # not after an error: others may be waiting for this process
        return status
    except (ValueError, OSError) as error:
        from gan.system.text import printable

        print(f"{parser.prog}: error: {printable(one_line(str(error)))}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        goes_on = "; the same command goes on" if name in GOING_ON else ""
        print(f"{parser.prog}: interrupted{goes_on}", file=sys.stderr)
        return 128 + signal.SIGINT


def load(name: str) -> Callable[..., int | None]:
    """The function behind a command."""
    module, function = COMMANDS[name].split(":")
    command: Callable[..., int | None] = getattr(importlib.import_module(module), function)
    return command


def options(command: Callable[..., Any]) -> list[str]:
    """A command's options as they are typed."""
    actions = build_parser(command, "gan")._actions
    names = [name for action in actions for name in action.option_strings]
    return [name for name in names if name.startswith("--") and not name.endswith("+")]


def first_parameter(command: Callable[..., Any]) -> str:
    return next(iter(inspect.signature(command).parameters))


def named_first(command: Callable[..., Any], arguments: Sequence[str]) -> list[str]:
    """The arguments with words without dashes before all others as the first parameters.

    The very first, and others that must be given: gan inspect ROOT, gan convert IN OUT. Where the
    first is a list, all such words are in it: gan serve RUN RUN.
    """
    parameters = list(inspect.signature(command).parameters.values())
    words = list(takewhile(lambda text: not text.startswith("-"), arguments))
    if words and get_origin(parameters[0].annotation) is list:
        return [f"--{parameters[0].name}", json.dumps(words), *arguments[len(words) :]]
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    names = list(dict.fromkeys([parameters[0].name, *required]))
    pairs = list(zip(names, words, strict=False))
    named = [text for name, word in pairs for text in (f"--{name}", word)]
    return [*named, *arguments[len(pairs) :]]


def underscored(text: str) -> str:
    """An argument with its name as we spell it: --dry-run is --dry_run."""
    name, equals, value = text.partition("=")
    named = name.startswith("--")
    return "--" + name[2:].replace("-", "_") + equals + value if named else text


def ranked(command: Callable[..., Any], arguments: Sequence[str]) -> list[str]:
    """The arguments with files first, whole sections next, single keys last: the last one holds.

    --loss.cycle 3 --config FILE is --config FILE --loss.cycle 3.
    """
    section = config_class(command)
    fields = section.model_fields if section else {}
    ranks = {f"--{name}": 1 for name, field in fields.items() if is_section(field.annotation)}
    ranks |= {"--config": 0} if section else {}
    groups: list[list[str]] = []
    for argument in arguments:
        if argument.startswith("--") or not groups:
            groups.append([])
        groups[-1].append(argument)
    groups.sort(key=lambda words: ranks.get(words[0].partition("=")[0], 2))
    return [word for words in groups for word in words]


def is_section(annotation: Any) -> bool:
    """Whether a field is a section of keys."""
    return isinstance(annotation, type) and issubclass(annotation, Section)


def config_class(command: Callable[..., Any]) -> type[Section] | None:
    """The class of a command's one parameter `config`, whose fields are its options."""
    parameter = inspect.signature(command).parameters.get("config")
    return parameter.annotation if parameter else None


def flags(command: Callable[..., Any]) -> list[str]:
    """A command's parameters beside its configuration: what is said once, not kept."""
    return [name for name in inspect.signature(command).parameters if name != "config"]


def about(command: Callable[..., Any], parameter: str) -> str:
    """What a command's docstring says of a parameter."""
    described = {entry.arg_name: entry.description for entry in parse(command.__doc__ or "").params}
    return " ".join((described[parameter] or "").split())


def appending(command: Callable[..., Any], arguments: Sequence[str]) -> list[str]:
    """The arguments with `--style a.jpg --style b.jpg` as what jsonargparse calls --style+.

    The first mention takes the place of the default, later ones are added to it. Whole lists,
    --style [a.jpg,b.jpg], are left alone, and so are keys of sections.
    """
    section = config_class(command)
    fields = section.model_fields if section else {}
    lists = {f"--{name}" for name, field in fields.items() if get_origin(field.annotation) is list}
    result: list[str] = []
    begun = set[str]()
    for index, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        value = value if equals else "".join(arguments[index + 1 : index + 2])
        if name in lists and not value.startswith("["):
            result += [] if name in begun else [f"{name}=[]"]
            argument = f"{name}+{argument.removeprefix(name)}"
        begun.add(name)
        result.append(argument)
    return result


def build_parser(command: Callable[..., Any], prog: str | None) -> "Parser":
    """A parser of a function's parameters, or of its configuration's fields, by dotted keys."""
    summary = (inspect.getdoc(command) or "").splitlines()[0]
    if section := config_class(command):
        usage = "%(prog)s [--config FILE] [--section.key VALUE ...]"
        parser = Parser(prog=prog, usage=usage, description=summary, allow_abbrev=False)
        parser.add_argument(
            "--config", action="config", help="YAML file with any of the keys below"
        )
        for flag in flags(command):
            parser.add_argument(f"--{flag}", action="store_true", help=about(command, flag))
        parser.add_class_arguments(section)
        return parser
    usage = f"%(prog)s [{first_parameter(command).upper()}] [--key VALUE ...]"
    parser = Parser(prog=prog, usage=usage, description=summary, allow_abbrev=False)
    parser.add_function_arguments(command, as_group=False)
    for action in parser._actions:
        if getattr(action, "_typehint", None) is bool:
            action.nargs, action.const = "?", True  # --overwrite alone means true
    return parser


def bind(command: Callable[..., Any], values: Namespace) -> dict[str, Any]:
    """The keyword arguments of a command, checked as a whole."""
    if section := config_class(command):
        config = section(**{name: values[name] for name in section.model_fields})
        return {"config": config} | {flag: values[flag] for flag in flags(command)}
    return {name: values[name] for name in inspect.signature(command).parameters}


class Parser(ArgumentParser):
    """A parser whose errors are one line: the dotted key, what is wrong, the nearest name."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Print one line on stderr and exit with status 2."""
        print(f"{self.prog}: error: {self.explain(message)}", file=sys.stderr)
        sys.exit(2)

    def parse_path(self, path: Any, *arguments: Any, **options: Any) -> Namespace:
        """The keys of a file; ValueError names one that holds none, or holds one of them twice."""
        check_file(Path(path))
        keys: Namespace = super().parse_path(path, *arguments, **options)
        return keys

    def explain(self, message: str) -> str:
        for pattern in UNKNOWN:
            if found := re.search(pattern, message):
                name = ".".join(found.groups())
                return f"no key {name}{nearest(name, self.keys())}"
        return one_line(message)

    def keys(self) -> list[str]:
        """All dotted names that --help shows."""
        shown = [action for action in self._actions if action.help != SUPPRESS]
        return [action.dest for action in shown if action.dest != "help"]


def one_line(message: str) -> str:
    """A message of pydantic or jsonargparse without its line breaks, type codes and links."""
    if "Original Traceback" in message:  # from a loader worker; its last line says it all
        message = re.sub(r"^[\w.]+Error: ", "", message.strip().splitlines()[-1])
    message = re.sub(r"\[type=[^\n]*\]|For further information visit \S+", "", message)
    message = re.sub(r"Parser key \"([\w.]+)\":", r"\1:", message)
    message = re.sub(r"\d+ validation errors? for [\w-]+|Value error, |typing\.", "", message)
    message = re.sub(r" \.(?=\s|$)", ".", " ".join(message.split()))
    message = re.sub(
        r"a Literal\[(.*?)\]", lambda found: "one of " + found[1].replace("'", ""), message
    )
    message = re.sub(UNION, members, message)
    message = re.sub(r"<class '([\w.]+)'>", r"\1", message).replace("a int.", "an int.")
    message = message.replace("Expected a list", "Expected a list, [ONE,TWO]")
    return re.sub(r"(?<![.:]) Got value:", ". Got value:", message)


def members(found: re.Match[str]) -> str:
    """What is wrong with a value for the members of a union; of None nobody wants to hear."""
    reasons = [reason.partition(" Got value:")[0].rstrip(".") for reason in found[1].split(" - ")]
    said = "; ".join(reason for reason in reasons if "NoneType" not in reason)
    return f"{said.replace('; Expected one of ', ', ')}. Got value: "
