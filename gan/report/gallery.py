"""Show test images and translations under sliders: a selection, the best and the worst."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import Any

from markupsafe import Markup

from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, Direction
from gan.evaluation.records import Metric
from gan.images import read_image
from gan.report.html import render
from gan.report.pictures import inline, shelve, shrunk, spread
from gan.report.translations import LARGEST_SIDE, Translated, Translations
from gan.training.records import Lines, Score

BUDGET = 4_000_000
"""Bytes for the selected images of all folders, and again for the best and worst images."""
EXTREMES = 3
"""Number of best and of worst images for each score."""
Scored = tuple[float, str]
"""A score and the name of its image."""
Captioned = tuple[Translated, str | None]


def cards(done: Sequence[Captioned], budget: int) -> tuple[list[dict[str, Any]], str]:
    """Return a dict for each image (name, before, after, caption), and text on scaled images.

    Pictures are shrunk until all together take about `budget` bytes at most.
    """
    images = [image for shown, _ in done for image in (shown.before, shown.after)]
    pictures, smaller = shelve(images, budget)
    made = [
        {"name": shown.name, "before": before, "after": after, "caption": caption}
        for (shown, caption), before, after in zip(done, pictures[::2], pictures[1::2], strict=True)
    ]
    scaled = len({shown.name for shown, _ in done if shown.scaled})
    scaling = (
        f"{scaled} were scaled to {LARGEST_SIDE} pixels before translation." if scaled else None
    )
    return made, " ".join(filter(None, (scaling, smaller)))


def test_images(translations: Translations, most: int) -> Markup:
    """Return the HTML of up to `most` test images of each direction, ordered by cycle error."""
    style = translations.style
    return render(
        "gallery.html",
        directions=[*translations.translators, *translations.missing],
        missing=translations.missing,
        folders=translations.folders,
        absent=translations.absent,
        tests={
            direction: _tests_of_one(translations, most, direction)
            for direction in translations.translators
            if direction in translations.folders
        },
        style=style,
        first=translations.index is not None,
        painting=style and inline(shrunk(read_image(style), 192)),
    )


def _tests_of_one(translations: Translations, most: int, direction: Direction) -> dict[str, Any]:
    """Translate up to `most` test images of a direction; return the template's values."""
    names = translations.names(direction)
    chosen = [names[index] for index in spread(len(names), most)]
    done, failed = translations.translate(direction, chosen)
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


def extremes(
    translations: Translations, scores: Lines[Score], metrics: dict[str, Metric]
) -> Markup:
    """Return the HTML of the best and worst test images, by direction and metric.

    `metrics` are those of an evaluation; they tell whether lower or higher scores are better.
    """
    groups = _grouped(scores.records)
    able = translations.translators.keys() & translations.folders.keys()
    if not groups or not able:
        return render("extremes.html", remark=scores.remark, scored=bool(groups), rankings=None)
    order = sorted(groups, key=lambda key: (key[0], row_of(key[1]).rank, key[1]))
    absent = [translations.absent.get(direction, "") for direction, _ in order]
    failed: list[str] = []
    ranked: dict[tuple[Direction, str], tuple[list[Captioned], list[Captioned]]] = {}
    for direction, name in order:
        if direction in able:
            best_first = sorted(
                groups[direction, name], reverse=_is_higher_better(direction, name, metrics)
            )
            half = min(EXTREMES, len(best_first) // 2)
            ranked[direction, name] = (
                _translate(translations, direction, best_first[:half], failed),
                _translate(translations, direction, best_first[::-1][:half], failed),
            )
    shown = [image for best, worst in ranked.values() for image in best + worst]
    made, note = cards(shown, BUDGET)
    pictures = iter(made)  # in the order of `shown`
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
            for (direction, name), (best, worst) in ranked.items()
        ],
        remarks=dict.fromkeys([*translations.missing.values(), *absent, *failed]),
        note=note,
    )


def _grouped(scores: Sequence[Score]) -> dict[tuple[Direction, str], list[Scored]]:
    """Return pairs (finite score, image's name) by (direction, metric)."""
    groups: dict[tuple[Direction, str], list[Scored]] = {}
    for score in scores:
        for name, value in score.scores.items():
            if value is not None and math.isfinite(value):
                groups.setdefault((score.direction, name), []).append((value, score.file))
    return groups


def _is_higher_better(direction: Direction, name: str, metrics: dict[str, Metric]) -> bool:
    """Return whether higher scores are better: as in `metrics`, or else in the table of metrics."""
    source = DIRECTIONS[direction].source
    metric = metrics.get(f"{name}_{direction}") or metrics.get(f"{name}_{source}")
    return (metric or row_of(name)).better == "higher"


def _translate(
    translations: Translations, direction: Direction, picked: list[Scored], failed: list[str]
) -> list[Captioned]:
    """Translate images; return them, captioned with their scores.

    Add a remark to `failed` for each image that cannot be shown.
    """
    # Names from a file of scores are only compared, never opened: they could be any path.
    there = set(translations.names(direction))
    values = {file: value for value, file in picked}
    done, errors = translations.translate(direction, [file for file in values if file in there])
    strange = [file for file in values if file not in there]
    failed += [*errors, *(f"{file}: not in {translations.folders[direction]}" for file in strange)]
    return [(shown, f"{values[shown.name]:.3g}") for shown in done]
