"""Choose or mix the styles of a generator that has several: the result is an ordinary generator."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.config.tables.generators import generator_row
from gan.interop.generators import Opened
from gan.networks.conditional import fixed_weights
from gan.networks.files import fill

LISTED = 16
"""Most styles that an error lists."""


@dataclass(frozen=True)
class StyleChoice:
    """Which style of a generator with several: one, or a mixture."""

    index: int | str | None = None
    """Number of a style, from 0, or its name."""
    blend: str | None = None
    """Numbers or names with weights, such as "0:0.5,3:0.5"; they are divided by their sum."""

    def __bool__(self) -> bool:
        return self.index is not None or self.blend is not None

    def mixture(self, names: Sequence[str], file: Path) -> list[float]:
        """Return a weight for each style, with the sum 1; names are the styles', in order.

        ValueError, with the file and its styles, if none or both are chosen, if a style is
        missing, or if a weight is not a positive number.
        """
        if (self.index is None) == (self.blend is None):
            if self.index is not None:
                raise ValueError("style_index and style_blend exclude each other: set one of them")
            raise ValueError(
                f"{file}: has several styles: choose one with --style_index NUMBER, or mix some "
                "with --style_blend 0:0.5,1:0.5 (for a command without these options, first write "
                "a file with one style: gan export --format safetensors --style_index NUMBER); "
                f"{listed(names)}"
            )
        mixture = [0.0] * len(names)
        if self.blend is None:
            mixture[_number(str(self.index), names, "style_index", file)] = 1.0
            return mixture
        for part in self.blend.split(","):
            name, _, weight = part.strip().rpartition(":")
            value = _weight(part, weight if name else "")
            mixture[_number(name.strip(), names, "style_blend", file)] += value
        return [weight / sum(mixture) for weight in mixture]


def style_words(opened: Opened) -> str:
    """Return the styles of a generator, or those mixed into it, as text; "" if unknown."""
    if names := style_names(opened):
        return listed(names)
    chosen = opened.about.get("style")
    if not isinstance(chosen, dict):
        return ""
    return "style " + " + ".join(f"{weight:g} {name}" for name, weight in chosen.items())


def listed(names: Sequence[str]) -> str:
    """Return the styles with their numbers, as text."""
    shown = ", ".join(f"{number} {name}" for number, name in enumerate(names[:LISTED]))
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f"styles: {shown}{more}"


def style_names(opened: Opened) -> list[str]:
    """Return the names of a generator's styles; [] if it has only one."""
    if generator_row(opened.spec["kind"]).fixed_kind is None:
        return []
    count = int(opened.spec["styles"])
    names = opened.about.get("styles")
    if isinstance(names, list) and len(names) == count:
        return [str(name) for name in names]
    return [str(number) for number in range(count)]


def with_style(opened: Opened, choice: StyleChoice, file: Path) -> Opened:
    """Return a generator with its chosen style alone; one that has only one style is not changed.

    The result is a ResNet generator, like any other. ValueError as from StyleChoice.mixture, or if
    a style is chosen and the generator has only one.
    """
    names, kind = style_names(opened), generator_row(opened.spec["kind"]).fixed_kind
    if not names:
        if choice:
            raise ValueError(f"{file}: has only one style: remove --style_index and --style_blend")
        return opened
    mixture = choice.mixture(names, file)
    spec = {key: value for key, value in opened.spec.items() if key != "styles"}
    spec |= {"kind": kind, "norm": "instance_affine"}
    chosen = {name: weight for name, weight in zip(names, mixture, strict=True) if weight}
    about: dict[str, Any] = {key: v for key, v in opened.about.items() if key != "styles"}
    return Opened(
        fill(spec, fixed_weights(opened.network, mixture)), spec, about | {"style": chosen}
    )


def _number(text: str, names: Sequence[str], key: str, file: Path) -> int:
    """Return the number of a style that is given by its number or its name."""
    if text in names:
        return list(names).index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    raise ValueError(f"{key}: no style {text or '(empty)'} in {file}; {listed(names)}")


def _weight(part: str, weight: str) -> float:
    """Return the weight in a part of a blend."""
    try:
        value = float(weight)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise ValueError(
            f"style_blend: {part.strip() or '(empty)'} must be STYLE:WEIGHT with a weight above 0, "
            "for instance 0:0.5,3:0.5"
        )
    return value
