"""Test images before and after, under sliders, from all over the folder."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Tests:
    """One direction's test images, or why there are none."""

    remarks: list[str] = field(default_factory=list)
    empty: str = ""
    """Why no folder is there."""
    said: str = ""
    cards: list[Card] = field(default_factory=list)
    note: str = ""


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
    directions = (*translations.translators, *translations.missing)
    folders = [translations.folder(direction) for direction in directions]
    nowhere = not translations.missing and not any(folder for folder, _ in folders)
    style = translations.style
    return render(
        "gallery.html",
        nowhere=folders[0][1] if nowhere else None,
        style=style,
        painting=style and inline(shrunk(read_image(style), 192)),
        directions={d: tests_of_one(translations, most, d) for d in directions if not nowhere},
    )


def tests_of_one(translations: Translations, most: int, direction: Direction) -> Tests:
    """Translate up to `most` test images of a direction."""
    if direction in translations.missing:
        return Tests([f"Nothing can be translated: {translations.missing[direction]}."])
    folder, why = translations.folder(direction)
    if folder is None:
        return Tests(empty=why)
    names = [path.relative_to(folder).as_posix() for path in list_images(folder)]
    chosen = [names[index] for index in spread(len(names), most)]
    done, failed = translations.translate(direction, folder, chosen)
    errors = [translations.cycle_error(direction, shown) for shown in done]
    ordered = sorted(zip(done, errors, strict=True), key=lambda pair: pair[1] or 0.0)
    order = ", those that come back best first" if any(errors) else ""
    said = f"{len(chosen)} of {len(names)} test images, from {folder}{order}."
    if len(chosen) < len(names):
        said += " --images shows more."
    captioned = [
        (shown, None if error is None else f"cycle error {error:.3f}") for shown, error in ordered
    ]
    return Tests(failed, "", said, *cards(captioned, BUDGET // 2))
