"""The best and the worst test images by every score, under sliders."""

import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from markupsafe import Markup

from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.records import Metric
from gan.images import list_images
from gan.report.gallery import cards
from gan.report.html import render
from gan.report.records import Lines, Score
from gan.report.translations import Translated, Translations

BUDGET = 4_000_000
"""Bytes for all of them."""
EXTREMES = 3
"""How many of the best, and of the worst, are shown by each score."""
Scored = tuple[float, str]
"""A score, and the image that has it."""
Captioned = tuple[Translated, str]


def extremes(
    translations: Translations, scores: Lines[Score], metrics: dict[str, Metric]
) -> Markup:
    """The best and worst test images of each direction by each of their scores.

    `metrics` are those of the newest evaluation, which say whether a score is better low or high.
    """
    groups = _grouped(scores.records)
    folders = {direction: translations.folder(direction) for direction in DIRECTIONS}
    if not groups or not any(folders[direction][0] for direction in translations.translators):
        return render("extremes.html", remark=scores.remark, scored=bool(groups), rankings=None)
    order = sorted(groups, key=lambda key: (key[0], row_of(key[1]).rank, key[1]))
    ranked = {}
    for direction, name in order:
        folder = folders[direction][0]
        if folder and direction in translations.translators:
            higher = _is_higher_better(direction, name, metrics)
            best_first = sorted(groups[direction, name], reverse=higher)
            ranked[direction, name] = _ends(translations, direction, folder, best_first)
    shown = [image for best, worst, _ in ranked.values() for image in best + worst]
    made, note = cards(shown, BUDGET)
    pictures = iter(made)  # in the order of `shown`
    absent = [folders[direction][1] for direction, _ in order]
    failed = [text for _, _, texts in ranked.values() for text in texts]
    return render(
        "extremes.html",
        remark=scores.remark,
        rankings=[
            {
                "direction": direction,
                "name": name,
                "count": len(groups[direction, name]),
                "best": list(islice(pictures, len(best))),
                "worst": list(islice(pictures, len(worst))),
            }
            for (direction, name), (best, worst, _) in ranked.items()
        ],
        remarks=dict.fromkeys([*translations.missing.values(), *absent, *failed]),
        note=note,
    )


def _grouped(scores: Sequence[Score]) -> dict[tuple[Direction, str], list[Scored]]:
    """What there is of each score in each direction."""
    groups: dict[tuple[Direction, str], list[Scored]] = {}
    for score in scores:
        for name, value in score.scores.items():
            if value is not None and math.isfinite(value):
                groups.setdefault((score.direction, name), []).append((value, score.file))
    return groups


def _is_higher_better(direction: Direction, name: str, metrics: dict[str, Metric]) -> bool:
    """What the evaluation says of a score, whose mean is a metric of the same name."""
    source = DIRECTIONS[direction].source
    metric = metrics.get(f"{name}_{direction}") or metrics.get(f"{name}_{source}")
    return (metric or row_of(name)).better == "higher"


def _ends(
    translations: Translations, direction: Direction, folder: Path, order: list[Scored]
) -> tuple[list[Captioned], list[Captioned], list[str]]:
    """Translate the best and the worst of an order, the worst first; and say what failed."""
    half = min(EXTREMES, len(order) // 2)
    best, failed = _scored(translations, direction, folder, order[:half])
    worst, more = _scored(translations, direction, folder, order[len(order) - half :][::-1])
    return best, worst, [*failed, *more]


def _scored(
    translations: Translations, direction: Direction, folder: Path, picked: list[Scored]
) -> tuple[list[Captioned], list[str]]:
    """Images captioned with their scores; and a sentence on each that is not in the test folder."""
    # A name in a file of scores is looked up, never opened: it could lead anywhere.
    there = {path.relative_to(folder).as_posix() for path in list_images(folder)}
    values = {file: value for value, file in picked}
    done, failed = translations.translate(
        direction, folder, [file for file in values if file in there]
    )
    failed += [f"{file}: not in {folder}" for file in values if file not in there]
    return [(shown, f"{values[shown.name]:.3g}") for shown in done], failed
