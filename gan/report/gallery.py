"""Test images before and after, under sliders, from all over the folder."""

from gan.domains import Direction
from gan.images import list_images, read_image
from gan.report.cards import cards, pairs
from gan.report.html import Html, element, prose, together
from gan.report.metrics import LABELS, remark
from gan.report.pictures import inline, shrunk, spread
from gan.report.translations import Translations

BUDGET = 4_000_000
"""Bytes for all test images."""


def test_images(translations: Translations, most: int) -> Html:
    """Up to `most` test images of each direction, in the order of their cycle errors."""
    directions = (*translations.translators, *translations.missing)
    if not translations.missing and not any(
        translations.folder(direction)[0] for direction in directions
    ):
        return element("p", prose(translations.folder(directions[0])[1]), class_="empty")
    parts = [
        together(element("h3", LABELS[direction]), tests_of_one(translations, most, direction))
        for direction in directions
    ]
    return together(styled(translations), parts)


def styled(translations: Translations) -> Html | None:
    """Whose style the results have, where they are shown one."""
    if (style := translations.style) is None:
        return None
    picture = inline(shrunk(read_image(style), 192))
    return element(
        "figure",
        element("img", src=picture.uri, width=picture.width, height=picture.height,
                alt="The painting whose style is given"),
        element("figcaption", f"All in the style of a training painting, {style.name}."),
        class_="style",
    )  # fmt: skip


def tests_of_one(translations: Translations, most: int, direction: Direction) -> Html | None:
    """One direction's test images, or why there are none."""
    if direction in translations.missing:
        return remark(f"Nothing can be translated: {translations.missing[direction]}.")
    folder, why = translations.folder(direction)
    if folder is None:
        return element("p", prose(why), class_="empty")
    names = [path.relative_to(folder).as_posix() for path in list_images(folder)]
    chosen = [names[index] for index in spread(len(names), most)]
    done, failed = translations.translate(direction, folder, chosen)
    errors = [translations.cycle_error(direction, shown) for shown in done]
    ordered = sorted(zip(done, errors, strict=True), key=lambda pair: pair[1] or 0.0)
    order = ", those that come back best first" if any(errors) else ""
    said = f"{len(chosen)} of {len(names)} test images, from {folder}{order}."
    if len(chosen) < len(names):
        said += " --images shows more."
    captions = [None if error is None else f"cycle error {error:.3f}" for _, error in ordered]
    images = [shown for shown, _ in ordered]
    pictures, note = pairs(images, BUDGET // 2)
    return together(
        element("p", prose(said), class_="note"),
        [remark(text) for text in failed],
        cards(LABELS[direction], images, pictures, captions),
        element("p", note, class_="note") if note else None,
    )
