"""Pictures that a slider uncovers: on its left as they were, on its right translated."""

from collections.abc import Sequence

from gan.report.html import Html, element
from gan.report.pictures import Inline, pixelated, shelve
from gan.report.translations import LARGEST_SIDE, Translated

Pair = tuple[Inline, Inline]
"""A picture before and after."""


def pairs(done: Sequence[Translated], budget: int) -> tuple[list[Pair], str | None]:
    """The pictures of a section, at most about `budget` bytes, and what was done for that."""
    shelf = shelve([image for shown in done for image in (shown.before, shown.after)], budget)
    scaled = len({shown.name for shown in done if shown.scaled})
    said = f"{scaled} were scaled to {LARGEST_SIDE} pixels before translation." if scaled else None
    notes = " ".join(filter(None, (said, shelf.remark)))
    return list(zip(shelf.pictures[::2], shelf.pictures[1::2], strict=True)), notes or None


def cards(
    label: str, done: Sequence[Translated], pictures: Sequence[Pair], captions: Sequence[str | None]
) -> Html:
    """A slider for each image."""
    figures = [
        card(label, shown.name, before, after, caption)
        for shown, (before, after), caption in zip(done, pictures, captions, strict=True)
    ]
    return element("div", figures, class_="cards")


def card(label: str, name: str, before: Inline, after: Inline, caption: str | None) -> Html:
    """One image; the range input holds the slider's place, in percent from the left."""
    return element(
        "figure",
        element(
            "div",
            picture(after, f"{name}, translated {label}"),
            element("div", picture(before, f"{name}, as it was"), class_="before"),
            element("span", class_="handle"),
            element("span", "before", class_="side left", aria_hidden="true"),
            element("span", "after", class_="side right", aria_hidden="true"),
            element("input", type="range", min=0, max=100, value=50,
                    aria_label=f"How much of {name} is shown as it was, in percent"),
            class_="compare",
        ),
        element("figcaption", element("span", name, class_="name"),
                element("small", caption) if caption else None),
        class_="card",
    )  # fmt: skip


def picture(shown: Inline, alt: str) -> Html:
    return element(
        "img", src=shown.uri, alt=alt, width=shown.width, height=shown.height,
        class_=pixelated(max(shown.width, shown.height)),
    )  # fmt: skip
