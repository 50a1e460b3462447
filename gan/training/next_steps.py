"""The last lines that a run prints: its verdict, and commands to copy into a shell."""

import shlex
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from gan.config import Config, DataConfig, RunConfig
from gan.config.tables.datasets import DATASETS
from gan.config.tables.recipes import RECIPES
from gan.config.tables.trackers import TRACKERS
from gan.domains import DIRECTIONS, Domain
from gan.images import list_images
from gan.interop import find_generator
from gan.interop.mixtures import LISTED
from gan.networks.files import read_about
from gan.training.verdict import run_verdict


def print_end(config: Config, step: int, text: str, print_line: Callable[[str], None]) -> None:
    """Print why a run has ended, its verdict, and commands for its report and generators."""
    verdict = str(run_verdict(config.run.dir, config, step))
    new = added_styles(config)
    for line in (f"{config.run.dir}: {text}", verdict, *new, *next_steps(config)):
        print_line(line)


def next_steps(config: Config) -> Iterator[str]:
    """Yield lines of text: a heading, then commands for report, trackers and use.

    The commands start programs as this process was started, so they work in the same place.
    """
    model = ["--model", _path(config.run.dir), *_extensions()]
    use = _stylize if RECIPES[config.recipe].decodes else _translate
    yield "Next (docs/looks.md: if it looks wrong; docs/stopping.md: when to stop):"
    for words in ([*_command("report"), *model], *_trackers(config.run), use(config)):
        yield f"  {shlex.join(words)}"


def _translate(config: Config) -> list[str]:
    """Return the words of a command that translates a folder."""
    row, folder = RECIPES[config.recipe], config.run.dir
    model = ["--model", _path(folder), *_extensions()]
    direction = row.directions[0]
    ends = DIRECTIONS[direction]
    images = ["--input", _images(config.data, ends.source)]
    style = ["--style", _first_image(config.data, ends.target)] if row.styled else []
    style += ["--style_index", str(_first_style(config))] if row.many_styles else []
    output = ["--output", _path(folder / "translations")]
    return [*_command("translate"), *model, "--direction", direction, *style, *images, *output]


def _stylize(config: Config) -> list[str]:
    """Return the words of a command that stylizes a photograph with the run's decoder."""
    decoder = ["--method", "wct", "--wct.decoder", _path(config.run.dir), *_extensions()]
    pictures = ["--content", _first_image(config.data, "a"), "--style", "PAINTING"]
    output = ["--output", _path(config.run.dir / "stylized.png")]
    return [*_command("stylize"), *decoder, *pictures, *output]


def added_styles(config: Config) -> Iterator[str]:
    """Yield a line with the numbers and names of the styles that style.add_to has added."""
    names = _styles(config.run.dir)
    new = [f"{at} {names[at]}" for at in range(_first_style(config), len(names))]
    if config.style.add_to and new:
        more = f" and {len(new) - LISTED} more" if len(new) > LISTED else ""
        yield f"New styles for --style_index: {', '.join(new[:LISTED])}{more}"


def _first_style(config: Config) -> int:
    """Return the number of the first style that the run trained."""
    return len(_styles(config.style.add_to)) if config.style.add_to else 0


def _styles(path: Path) -> list[str]:
    """Return the names of the styles of a run or a file; [] if it cannot be read."""
    with suppress(ValueError):
        return [*read_about(find_generator(path, "ab")).get("styles", ())]
    return []


def _trackers(run: RunConfig) -> Iterator[list[str]]:
    """Yield the words of a command for each tracker that works without a network."""
    places = {"python": _python(), "folder": _path(run.dir), "project": run.project}
    for name in run.trackers:
        if words := TRACKERS[name].opens:
            yield [word.format(**places) for word in words]


# The program


def _command(name: str) -> list[str]:
    """Return the words that start another gan command in the way this program was started."""
    program = Path(sys.argv[0])
    script = program.parent / "scripts" / f"{name}.py"
    if program.name == "train.py" and script.is_file():
        return [_python(), _path(script)]
    if program.name == "gan" and program.is_file():
        return [_program("gan", program), name]
    return [_python(), "-m", "gan.cli", name]


def _python() -> str:
    """Return the command that starts this Python."""
    return _program("python", Path(sys.executable))


def _program(name: str, file: Path) -> str:
    """Return a program's name if the shell finds this file under it, else the file's path."""
    found = shutil.which(name)
    if found and Path(found).absolute() == file.absolute():
        return name
    return str(file.absolute())


def _extensions() -> list[str]:
    """Return this program's --extend options."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--extend", action="append", nargs="?", const="", default=[])
    given, _ = parser.parse_known_args(sys.argv[1:])
    return [word for name in given.extend for word in ("--extend", name)]


def _path(path: Path) -> str:
    """Return a path as a word of a command, relative to the working folder if inside it."""
    here = Path.cwd()
    short = path.relative_to(here) if path.is_relative_to(here) else path
    return f"./{short}" if str(short).startswith("-") else str(short)


# The images


def _images(data: DataConfig, domain: Domain) -> str:
    """Return the path of a folder with images of a domain, or a placeholder."""
    return next((_path(folder) for folder, _ in _folders(data, domain)), "PHOTOS")


def _first_image(data: DataConfig, domain: Domain) -> str:
    """Return the path of a domain's first image, for use in a command, or a placeholder."""
    return next((_path(images[0]) for _, images in _folders(data, domain)), "PAINTING")


def _folders(data: DataConfig, domain: Domain) -> Iterator[tuple[Path, list[Path]]]:
    """Yield (folder, its images) for a domain's test and training folder; skip empty ones."""
    if not DATASETS[data.dataset].folders:
        return
    for folder in (data.test_folder(domain), data.train_folder(domain)):
        with suppress(ValueError):  # removed or unreadable: the training is finished anyway
            if folder and (images := list_images(folder)):
                yield folder, images
