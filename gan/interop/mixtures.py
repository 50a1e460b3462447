"""Select or mix the styles of a generator with several. The result is an ordinary generator."""

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
"""Largest number of styles that an error lists."""


@dataclass(frozen=True)
class StyleChoice:
    """The choice of a style, or of a mixture of styles, of a generator with several."""

    index: int | str | None = None
    """Number of a style, from 0, or its name."""
    blend: str | None = None
    """Styles with weights, such as "0:0.5,3:0.5". The weights are divided by their sum."""

    def __bool__(self) -> bool:
        return self.index is not None or self.blend is not None

    def mixture(self, names: Sequence[str], file: Path) -> list[float]:
        """Return a weight for each style, in the order of `names`; their sum is 1.

        ValueError, with the file and its styles, if index and blend are both set or both missing,
        if a style does not exist, or if a weight is not a positive number.
        """
        if (self.index is None) == (self.blend is None):
            if self.index is not None:
                raise ValueError("style_index and style_blend exclude each other: set one of them")
            raise ValueError(
                f"{file}: has several styles: select one with --style_index NUMBER, or mix them "
                "with --style_blend 0:0.5,1:0.5. For a command without these options, first write "
                "a file with one style: gan export --format safetensors --style_index NUMBER; "
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
    """Return a generator's styles, or the ones mixed into it, as text; "" if unknown."""
    if names := style_names(opened):
        return listed(names)
    chosen = opened.about.get("style")
    if not isinstance(chosen, dict):
        return ""
    return "style " + " + ".join(f"{weight:g} {name}" for name, weight in chosen.items())


def listed(names: Sequence[str]) -> str:
    """Return the styles and their numbers as text."""
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
    """Return a generator with its chosen style only, or unchanged if it has only one style.

    The result is an ordinary ResNet generator. ValueError as from StyleChoice.mixture, or if a
    style is chosen but the generator has only one.
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
    """Return the number of a style, given its number or its name as text."""
    if text in names:
        return list(names).index(text)
    if text.isdecimal() and int(text) < len(names):
        return int(text)
    raise ValueError(f"{key}: {file} has no style {text or '(empty)'}; {listed(names)}")


def _weight(part: str, weight: str) -> float:
    """Return the weight in one part of style_blend, STYLE:WEIGHT."""
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
