"""The generators that are served."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.inference.translator import Device, Direction, Precision, Translator
from gan.interop import generators_in
from gan.serve.names import FreeNames, clean_part


@dataclass(frozen=True)
class Way:
    """One generator: a model in one direction."""

    model: str
    """A name that no other model has."""
    direction: Direction
    translator: Translator

    @property
    def label(self) -> str:
        """The way in words."""
        return f"{self.model}: {' → '.join(self.direction.upper())}"


def open_models(paths: Iterable[Path], device: Device, precision: Precision) -> list[Way]:
    """All generators of run directories and of generator files.

    ValueError as from `Translator.load`.
    """
    names = FreeNames()
    ways: list[Way] = []
    for path in paths:
        model = names.take(model_name(path), "")
        for direction in directions(path):
            translator = Translator.load(path, direction, device, precision)
            ways.append(Way(model, direction or named_direction(path), translator))
    return ways


def model_name(path: Path) -> str:
    """The name of a run's folder; a file's own name comes after that of its folder."""
    place = path.resolve()
    name = f"{place.parent.name}-{place.stem}" if place.is_file() else place.name
    return clean_part(name) or "model"


def directions(path: Path) -> Sequence[Direction | None]:
    """The directions of a run directory; None for anything else, which has the one that it has."""
    return list(generators_in(path)) or [None]


def named_direction(path: Path) -> Direction:
    """What a file's name says, ab without a word."""
    return "ba" if re.search(r"gen_ba|G_B", path.name) else "ab"


def choose(ways: list[Way], model: str | None, direction: str | None) -> Way:
    """The one way that a model and a direction mean; either may be left out where one is left.

    ValueError says what there is.
    """
    models = list(dict.fromkeys(way.model for way in ways))
    if model is not None and model not in models:
        raise ValueError(f"model {model}: not served; there is {', '.join(models)}")
    if model is None and len(models) > 1:
        raise ValueError(f"model: say which, {', '.join(models)}")
    left = [way for way in ways if way.model == (model or models[0])]
    there = " and ".join(way.direction for way in left)
    if direction is None and len(left) > 1:
        raise ValueError(f"direction: say which, {there}")
    for way in left:
        if direction in (None, way.direction):
            return way
    raise ValueError(f"direction {direction}: not served; model {left[0].model} has {there}")
