"""Open the generators that are served, and choose among them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gan.images import Mark, mark_of
from gan.inference.translator import Device, Direction, Precision, Translator
from gan.interop import find_generator, generators_in
from gan.networks.files import read_about
from gan.serve.about import About, describe
from gan.serve.names import FreeNames, clean_part


@dataclass(frozen=True)
class Choice:
    """A generator that can be chosen: one direction of a model."""

    model: str
    """A unique name."""
    direction: Direction
    translator: Translator
    about: About = field(default_factory=About)
    mark: Mark | None = None
    """The mark of the model's results; None for none."""

    @property
    def label(self) -> str:
        """The label on the page: the model and its domains."""
        return f"{self.model}: {self.about.title or ' → '.join(self.direction.upper())}"


def open_models(
    paths: Iterable[Path],
    device: Device,
    precision: Precision,
    examples: bool = True,
    marks: bool = True,
) -> list[Choice]:
    """Open all generators of run directories and of generator files.

    With `examples`, the page offers test images; with `marks`, results are marked. ValueError as
    from `Translator.load`.
    """
    names = FreeNames()
    choices: list[Choice] = []
    for path in paths:
        model = names.take(_model_name(path), "")
        # A file's direction is in its name; without one it counts as ab.
        for direction in generators_in(path) or [None]:
            # A generator with several styles is a model for each of them.
            for number, style in enumerate(_styles(path, direction)):
                index = None if style is None else number
                translator = Translator.load(path, direction, device, precision, style_index=index)
                named: Direction = "ba" if re.search(r"gen_ba|G_B", path.name) else "ab"
                known = direction or named
                file = translator.source
                about = describe(file, known, examples=examples) if file else About()
                own = model if style is None else names.take(f"{model}-{clean_part(style)}", "")
                choices.append(Choice(own, known, translator, about, mark_of(file, marks)))
    return choices


def _styles(path: Path, direction: Direction | None) -> Sequence[str | None]:
    """Return the names of a generator's styles; [None] if it has only one."""
    names = read_about(find_generator(path, direction)).get("styles")
    return [str(name) for name in names] if isinstance(names, list) and names else [None]


def _model_name(path: Path) -> str:
    """Return a run folder's name, or FOLDER-FILE for a generator file."""
    place = path.resolve()
    name = f"{place.parent.name}-{place.stem}" if place.is_file() else place.name
    return clean_part(name) or "model"


def choose(choices: list[Choice], model: str | None, direction: str | None) -> Choice:
    """Return the choice of a model and direction; either may be None if only one is possible.

    ValueError, with the possible values, if one is unknown, or None although several are possible.
    """
    models = list(dict.fromkeys(choice.model for choice in choices))
    if model is not None and model not in models:
        raise ValueError(f"model {model}: not served; available: {', '.join(models)}")
    if model is None and len(models) > 1:
        raise ValueError(f"model: choose one: {', '.join(models)}")
    left = [choice for choice in choices if choice.model == (model or models[0])]
    there = " and ".join(choice.direction for choice in left)
    if direction is None and len(left) > 1:
        raise ValueError(f"direction: choose {' or '.join(choice.direction for choice in left)}")
    for choice in left:
        if direction in (None, choice.direction):
            return choice
    raise ValueError(f"direction {direction}: not served; model {left[0].model} has {there}")
