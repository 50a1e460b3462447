"""The command line: `gan NAME` and `python scripts/NAME.py` read the options and call a function.

Libraries are imported where they are used: `gan --help` needs none.
"""

import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Any

from gan import __version__
from gan.cli.commands import COMMANDS
from gan.system.text import nearest, printable

os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")  # we print errors of files ourselves
USAGE = """\
usage: gan COMMAND ...

{commands}

Example: gan train --config small --data.root FOLDER --run.dir RUN

gan COMMAND --help prints its most used options, --help-all all options.
gan --version prints the version, gan --completion a script for bash and zsh.
Every command takes --config FILE (its options in YAML) and --extend FILE
(your own networks, losses and datasets). In names of options, - is _."""
HELP = ("-h", "--help", "--help-all", "--help_all")
"""Words that print help; the last two print all options."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the `gan` command; return the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    name = arguments[0] if arguments else "--help"
    if name == "help":  # gan help train is gan train --help
        return main([*arguments[1:2], "--help", *arguments[2:]])
    if name in HELP:
        lines = [f"  {name:<10} {command.summary}" for name, command in COMMANDS.items()]
        print(USAGE.format(commands="\n".join(lines)))
        return 0 if arguments else 2
    if name == "--version":
        print(f"gan {__version__}")
        return 0
    if name == "--completion":
        from gan.cli.completion import script

        print(script(), end="")
        return 0
    if name not in COMMANDS:
        print(f"gan: error: no command {name}{nearest(name, COMMANDS)}", file=sys.stderr)
        return 2
    return run(name, arguments[1:], prog=f"gan {name}")


def run(name: str, arguments: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Read a command's options, call its function and return the exit status.

    Errors for users are printed as one line.
    """
    import yaml

    from gan.cli.errors import of_a_compiler, of_a_worker, one_line
    from gan.cli.help import page
    from gan.cli.parser import Parser
    from gan.config.extensions import load_extensions
    from gan.config.table import load
    from gan.system.launchers import explain_failure
    from gan.system.processes import abandon, lost_process, part

    command = COMMANDS[name]
    prog = prog or Path(sys.argv[0]).name
    extending = ArgumentParser(add_help=False, allow_abbrev=False)
    extending.add_argument("--extend", action="append", nargs="?", const="", default=[])
    named, words = extending.parse_known_args(arguments)
    try:
        if not all(named.extend):
            raise ValueError("extend: a value is required")
        load_extensions(named.extend)
        parser = Parser(command, prog)
        if asked := [*dropwhile(lambda word: word not in HELP, words)]:
            topic = "".join(word for word in asked[1:2] if not word.startswith("-"))
            print(page(parser, topic, everything=bool({*HELP[2:]} & {*words})))
            sys.exit(0)
        options, given = parser.options(words)
    except ValueError as error:
        print(f"{prog}: error: {printable(one_line(error))}", file=sys.stderr)
        sys.exit(2)
    if given.get("print_config"):
        print(yaml.safe_dump(options.model_dump(mode="json"), sort_keys=False), end="")
        sys.exit(0)
    try:
        flags = {flag: bool(given.get(flag)) for flag in command.flags}
        status = load(command.run)(_with_local_models(options), **flags) or 0
        # Not after an error: other processes may be waiting for this one.
        return part(status, f"{prog}: some items failed; they are listed above")
    except BrokenPipeError:  # the reader of the output, for instance head, has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return abandon(1)
    except (ValueError, OSError) as error:
        if not getattr(error, "said_elsewhere", False):  # the main process prints it
            print(f"{prog}: error: {printable(one_line(error))}", file=sys.stderr)
            explain_failure(f"error: {printable(one_line(error))}")
        return abandon(1)
    except RuntimeError as error:
        others = "another process has ended; it printed why" if lost_process(error) else None
        reason = others or of_a_worker(error) or of_a_compiler(error)
        if reason is None:
            raise
        print(f"{prog}: error: {reason}", file=sys.stderr)
        return abandon(1)
    except KeyboardInterrupt:
        advice = "; run the same command again to continue" if command.resumes else ""
        print(f"{prog}: interrupted{advice}", file=sys.stderr)
        return 128 + signal.SIGINT


def _with_local_models(options: Any) -> Any:
    """Return the options with downloaded models: local paths in place of hf://user/name."""
    named = str([getattr(options, name, None) for name in ("model", "models")])
    if ":" not in named:  # so that the room and its libraries are not imported here
        return options
    from gan.interop.hub import with_local_models

    return with_local_models(options)
