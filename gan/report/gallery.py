"""Test images before and after, under sliders, from all over the folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from gan.domains import Direction
from gan.images import list_images, read_image
from gan.report.html import render
from gan.report.pictures import Inline, inline, shelve, shrunk, spread
from gan.report.translations import LARGEST_SIDE, Translated, Translations

BUDGET = 4_000_000
"""Bytes for all test images."""


@dataclass(frozen=True)
class Card:
    """A picture that a slider uncovers: on its left as it was, on its right translated."""

    name: str
    before: Inline
    after: Inline
    caption: str | None


def cards(done: Sequence[tuple[Translated, str | None]], budget: int) -> tuple[list[Card], str]:
    """Return captioned images, at most about `budget` bytes, and what was done for that."""
    images = [image for shown, _ in done for image in (shown.before, shown.after)]
    pictures, smaller = shelve(images, budget)
    pairs = zip(pictures[::2], pictures[1::2], strict=True)
    made = [
        Card(shown.name, before, after, caption)
        for (shown, caption), (before, after) in zip(done, pairs, strict=True)
    ]
    scaled = len({shown.name for shown, _ in done if shown.scaled})
    said = f"{scaled} were scaled to {LARGEST_SIDE} pixels before translation." if scaled else None
    return made, " ".join(filter(None, (said, smaller)))


def test_images(translations: Translations, most: int) -> Markup:
    """Up to `most` test images of each direction, in the order of their cycle errors."""
    translators, missing = translations.translators, translations.missing
    folders = {d: translations.folder(d) for d in (*translators, *missing)}
    style = translations.style
    return render(
        "gallery.html",
        nowhere=not missing and not any(folder for folder, _ in folders.values()),
        folders=folders,
        missing=missing,
        tests={
            direction: _tests_of_one(translations, most, direction, folder)
            for direction, (folder, _) in folders.items()
            if folder and direction in translators
        },
        style=style,
        painting=style and inline(shrunk(read_image(style), 192)),
    )


def _tests_of_one(
    translations: Translations, most: int, direction: Direction, folder: Path
) -> dict[str, Any]:
    """Translate up to `most` test images of a direction; return what the page says of them."""
    names = [path.relative_to(folder).as_posix() for path in list_images(folder)]
    chosen = [names[index] for index in spread(len(names), most)]
    done, failed = translations.translate(direction, folder, chosen)
    errors = [translations.cycle_error(direction, shown) for shown in done]
    ordered = sorted(zip(done, errors, strict=True), key=lambda pair: pair[1] or 0.0)
    captioned = [
        (shown, None if error is None else f"cycle error {error:.3f}") for shown, error in ordered
    ]
    made, note = cards(captioned, BUDGET // 2)
    return {
        "shown": len(chosen),
        "count": len(names),
        "ordered": any(errors),
        "failed": failed,
        "cards": made,
        "note": note,
    }
