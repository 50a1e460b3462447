"""The best and the worst test images by every score, under sliders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gan.config.tables.metrics import row_of
from gan.domains import DIRECTIONS, Direction
from gan.images import list_images
from gan.report.cards import Pair, cards, pairs
from gan.report.html import Html, element, together
from gan.report.metrics import LABELS, remark
from gan.report.records import Metric, Score
from gan.report.translations import Translated, Translations

BUDGET = 4_000_000
"""Bytes for all of them."""
EXTREMES = 3
"""How many of the best, and of the worst, are shown by each score."""
Scored = tuple[float, str]
"""A score, and the image that has it."""


def extremes(
    translations: Translations, scores: Sequence[Score], metrics: dict[str, Metric]
) -> Html:
    """The best and worst test images of each direction by each of their scores.

    `metrics` are those of the newest evaluation, which say whether a score is better low or high.
    """
    groups = grouped(scores)
    if not groups:
        return element(
            "p",
            "Single images have no scores yet: gan evaluate writes them. Until then the test "
            "images above are in the order of their cycle errors, where there is a way back.",
            class_="empty",
        )
    if not any(translations.folder(direction)[0] for direction in translations.translators):
        text = "Single images have scores, but there is nothing to show: see Test images."
        return element("p", text, class_="empty")
    order = sorted(groups, key=lambda key: (key[0], row_of(key[1]).rank, key[1]))
    rankings = []
    for direction, name in order:
        folder = translations.folder(direction)[0]
        if folder and direction in translations.translators:
            higher = is_higher_better(direction, name, metrics)
            best_first = sorted(groups[direction, name], reverse=higher)
            rankings.append(ranked(translations, direction, name, folder, best_first))
    pictures, note = pairs([image for found in rankings for image in found.images], BUDGET)
    parts, unfolded = [], set[str]()
    for found in rankings:
        own, pictures = pictures[: len(found.images)], pictures[len(found.images) :]
        parts.append(drawn(found, own, unfolded=found.direction not in unfolded))
        unfolded.add(found.direction)
    absent = [translations.folder(direction)[1] for direction, _ in order]
    failed = [text for found in rankings for text in found.failed]
    said = filter(None, dict.fromkeys([*translations.missing.values(), *absent, *failed]))
    return together(
        parts,
        [remark(text) for text in said],
        element("p", note, class_="note") if note else None,
    )


def grouped(scores: Sequence[Score]) -> dict[tuple[Direction, str], list[Scored]]:
    """What there is of each score in each direction."""
    groups: dict[tuple[Direction, str], list[Scored]] = {}
    for score in scores:
        for name, value in score.scores.items():
            if value is not None and math.isfinite(value):
                groups.setdefault((score.direction, name), []).append((value, score.file))
    return groups


def is_higher_better(direction: Direction, name: str, metrics: dict[str, Metric]) -> bool:
    """What the evaluation says of a score, whose mean is a metric of the same name."""
    source = DIRECTIONS[direction].source
    metric = metrics.get(f"{name}_{direction}") or metrics.get(f"{name}_{source}")
    return (metric or row_of(name)).better == "higher"


@dataclass(frozen=True)
class Ranking:
    """The best and the worst images of a direction by one score."""

    direction: Direction
    name: str
    count: int
    """Images that have the score."""
    best: list[tuple[Translated, float]]
    worst: list[tuple[Translated, float]]
    """The worst first."""
    failed: list[str]

    @property
    def images(self) -> list[Translated]:
        """All that are shown, the best first."""
        return [image for image, _ in (*self.best, *self.worst)]


def ranked(
    translations: Translations, direction: Direction, name: str, folder: Path, order: list[Scored]
) -> Ranking:
    """Translate both ends of an order, from the best to the worst."""
    half = min(EXTREMES, len(order) // 2)
    best, failed = scored(translations, direction, folder, order[:half])
    worst, more = scored(translations, direction, folder, order[len(order) - half :][::-1])
    return Ranking(direction, name, len(order), best, worst, [*failed, *more])


def scored(
    translations: Translations, direction: Direction, folder: Path, picked: list[Scored]
) -> tuple[list[tuple[Translated, float]], list[str]]:
    """Images with their scores; and a sentence on each that is not in the test folder."""
    # A name in a file of scores is looked up, never opened: it could lead anywhere.
    there = {path.relative_to(folder).as_posix() for path in list_images(folder)}
    values = {file: value for value, file in picked}
    done, failed = translations.translate(
        direction, folder, [file for file in values if file in there]
    )
    failed += [f"{file}: not in {folder}" for file in values if file not in there]
    return [(shown, values[shown.name]) for shown in done], failed


def drawn(found: Ranking, pictures: Sequence[Pair], *, unfolded: bool) -> Html:
    """Two rows of sliders, folded away but for the first ranking of a direction."""
    split = len(found.best)
    rows = {"Best": (found.best, pictures[:split]), "Worst": (found.worst, pictures[split:])}
    label = LABELS[found.direction]
    return element(
        "details",
        element("summary", f"{label} by {row_of(found.name).title}",
                element("small", f"{found.count} images")),
        element("div", [
            element("div", element("h4", kind), cards(
                label, [image for image, _ in images], shown,
                [f"{value:.3g}" for _, value in images],
            ))
            for kind, (images, shown) in rows.items()
        ], class_="extremes"),
        open=unfolded,
    )  # fmt: skip
