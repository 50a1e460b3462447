"""Test images before and after, under sliders: from all over the folder, and the best and worst."""

import math
from collections.abc import Sequence

from gan.images import list_images, read_image
from gan.report.cards import cards
from gan.report.html import Html, element, prose, together
from gan.report.metrics import NAMES, WAYS, remark
from gan.report.pictures import inline, shrunk, spread
from gan.report.records import Metric, Score
from gan.report.translations import Translations
from gan.translator import Direction

BUDGET = 4_000_000
"""Bytes for all test images, and for all of the best and worst."""
EXTREMES = 3
"""How many of the best, and of the worst, are shown by each score."""
Scored = tuple[float, str]
"""A score, and the image that has it."""

FIRST = ("structure", "cycle", "lpips", "l1")
"""Scores that are shown before others."""


def test_images(translations: Translations, most: int) -> Html:
    """Up to `most` test images of each direction, in the order of their cycle errors."""
    parts = [
        together(element("h3", WAYS[way]), tests_of_one(translations, most, way))
        for way in (*translations.translators, *translations.missing)
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


def tests_of_one(translations: Translations, most: int, way: Direction) -> Html | None:
    """One direction's test images, or why there are none."""
    if way in translations.missing:
        return remark(f"Nothing can be translated: {translations.missing[way]}.")
    folder, why = translations.folder(way)
    if folder is None:
        return element("p", prose(why), class_="empty")
    names = [path.relative_to(folder).as_posix() for path in list_images(folder)]
    chosen = [names[index] for index in spread(len(names), most)]
    done, failed = translations.translate(way, folder, chosen)
    errors = [translations.cycle_error(way, shown) for shown in done]
    pairs = sorted(zip(done, errors, strict=True), key=lambda pair: pair[1] or 0.0)
    order = ", those that come back best first" if any(errors) else ""
    said = f"{len(chosen)} of {len(names)} test images, from {folder}{order}."
    if len(chosen) < len(names):
        said += " --images shows more."
    captions = [None if error is None else f"cycle error {error:.3f}" for _, error in pairs]
    return together(
        element("p", prose(said), class_="note"),
        [remark(text) for text in failed],
        cards(WAYS[way], [shown for shown, _ in pairs], captions, BUDGET // 2),
    )


def extremes(
    translations: Translations, scores: Sequence[Score], metrics: dict[str, Metric]
) -> Html:
    """The best and worst test images of each direction by each of their scores.

    `metrics` are those of the newest evaluation, which say whether a score is better low or high.
    """
    groups: dict[tuple[Direction, str], list[Scored]] = {}
    for score in scores:
        for name, value in score.scores.items():
            if value is not None and math.isfinite(value):
                groups.setdefault((score.direction, name), []).append((value, score.file))
    if not groups:
        return element(
            "p",
            "Single images have no scores yet: gan evaluate writes them. Until then the test "
            "images above are in the order of their cycle errors, where there is a way back.",
            class_="empty",
        )
    order = sorted(groups, key=lambda key: (key[0], rank(key[1])))
    parts = []
    for index, (way, name) in enumerate(order):
        if way in translations.translators:
            higher = is_higher_better(way, name, metrics)
            ranked = sorted(groups[way, name], reverse=higher)
            first = index == 0 or order[index - 1][0] != way
            room = BUDGET // len(groups)
            parts.append(ranking(translations, way, name, ranked, room, unfolded=first))
    return together(parts, [remark(f"Left out: {text}.") for text in translations.missing.values()])


def rank(name: str) -> tuple[int, str]:
    """The place of a score among others."""
    return (FIRST.index(name) if name in FIRST else len(FIRST), name)


def is_higher_better(way: Direction, name: str, metrics: dict[str, Metric]) -> bool:
    """What the evaluation says of a score, whose mean is a metric of the same name."""
    metric = metrics.get(f"{name}_{way}") or metrics.get(f"{name}_{way[0]}")
    return metric.better == "higher" if metric else name in ("ssim", "ms_ssim", "psnr")


def ranking(
    translations: Translations,
    way: Direction,
    name: str,
    ranked: list[Scored],
    room: int,
    *,
    unfolded: bool,
) -> Html:
    """The first and the last of a ranking, from the best and from the worst."""
    half = min(EXTREMES, len(ranked) // 2)
    columns = {"Best": ranked[:half], "Worst": ranked[len(ranked) - half :][::-1]}
    title = f"{WAYS[way]} by {NAMES.get(name, name)}"
    return element(
        "details",
        element("summary", title, element("small", f"{len(ranked)} images")),
        element("div", [
            element("div", element("h4", kind), scored(translations, way, picked, room // 2))
            for kind, picked in columns.items()
        ], class_="extremes"),
        open=unfolded,
    )  # fmt: skip


def scored(translations: Translations, way: Direction, picked: list[Scored], room: int) -> Html:
    """Images with their scores; those that are not in the test folder are named."""
    folder, why = translations.folder(way)
    if folder is None:
        return element("p", prose(why), class_="empty")
    # A name in a file of scores is looked up, never opened: it could lead anywhere.
    there = {path.relative_to(folder).as_posix() for path in list_images(folder)}
    values = {file: value for value, file in picked}
    done, failed = translations.translate(way, folder, [file for file in values if file in there])
    failed += [f"{file}: not in {folder}" for file in values if file not in there]
    captions = [f"{values[shown.name]:.3g}" for shown in done]
    return together([remark(text) for text in failed], cards(WAYS[way], done, captions, room))
