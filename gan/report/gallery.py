"""Test images before and after, under sliders: from all over the folder, and the best and worst."""

from collections.abc import Sequence
from pathlib import Path

from gan.config import Config
from gan.images import list_images
from gan.report.curves import number
from gan.report.html import Html, element, together
from gan.report.metrics import NAMES, WAYS, remark
from gan.report.pictures import Inline, shelve, spread
from gan.report.records import Metric, Score
from gan.report.translations import (
    DOMAINS,
    LARGEST_SIDE,
    Opened,
    Translated,
    test_folder,
    translate_files,
)
from gan.translator import Direction

BUDGET = 4_000_000
"""Bytes for all test images, and for all of the best and worst."""
EXTREMES = 3
"""How many of the best, and of the worst, are shown by each score."""
SMALL = 128
"""Pixels; smaller pictures are enlarged without blurring them."""


def test_images(opened: Opened, config: Config, root: Path | None, most: int) -> Html:
    """Up to `most` test images of each direction, in the order of their cycle errors."""
    parts = [
        directed(way, tests_of_one(opened, config, root, most, way))
        for way in (*opened.translators, *opened.missing)
    ]
    return together(styled(opened), parts)


def tests_of_one(
    opened: Opened, config: Config, root: Path | None, most: int, way: Direction
) -> Html:
    """One direction's test images, or why there are none."""
    if way in opened.missing:
        return together(remark(f"Nothing can be translated: {opened.missing[way]}."))
    folder, why = test_folder(config, root, DOMAINS[way][0])
    if folder is None:
        return element("p", why, class_="empty")
    files = list_images(folder)
    chosen = [files[index] for index in spread(len(files), most)]
    done, failed = translate_files(opened, way, chosen, folder, config)
    order = "."
    if done and all(shown.cycle is not None for shown in done):
        done.sort(key=lambda shown: shown.cycle or 0.0)
        order = ", those that came back best first."
    said = f"{len(chosen)} of {len(files)} test images, from {folder}{order}"
    if len(chosen) < len(files):
        said += f" --images {len(files)} shows all."
    captions = [f"cycle error {number(t.cycle)}" if t.cycle is not None else "" for t in done]
    return together(
        element("p", said, class_="note"),
        [remark(text) for text in failed],
        cards(way, done, captions, BUDGET // 2),
    )


def extremes(
    opened: Opened,
    config: Config,
    root: Path | None,
    scores: Sequence[Score],
    metrics: dict[str, Metric],
) -> Html:
    """The best and worst test images of each direction by each of their scores.

    `metrics` are those of the newest evaluation, which say whether a score is better low or high.
    """
    groups: dict[tuple[Direction, str], list[Score]] = {}
    for score in scores:
        for name in score.scores:
            groups.setdefault((score.direction, name), []).append(score)
    if not groups:
        text = "No scores of single images yet: gan evaluate writes them."
        return element(
            "p", f"{text} Above, the cycle error orders the images shown.", class_="empty"
        )
    room = BUDGET // len(groups)
    parts = []
    for (way, name), group in sorted(groups.items()):
        if way in opened.translators:
            higher = is_higher_better(way, name, metrics)
            ranked = sorted(group, key=lambda score: score.scores[name], reverse=higher)
            parts.append(ranking(opened, config, root, way, name, ranked, room))
    return together(parts, [remark(f"Left out: {text}.") for text in opened.missing.values()])


def is_higher_better(way: Direction, name: str, metrics: dict[str, Metric]) -> bool:
    """What the evaluation says of a score, whose mean is a metric of the same name."""
    metric = metrics.get(f"{name}_{way}") or metrics.get(f"{name}_{way[0]}")
    return metric.better == "higher" if metric else name in ("ssim", "ms_ssim", "psnr")


def ranking(
    opened: Opened, config: Config, root: Path | None,
    way: Direction, name: str, ranked: list[Score], room: int,
) -> Html:  # fmt: skip
    """The first and last of a ranking, folded away unless it is asked for."""
    folder, why = test_folder(config, root, DOMAINS[way][0])
    if folder is None:
        return element("p", why, class_="empty")
    files = {path.relative_to(folder).as_posix(): path for path in list_images(folder)}
    half = min(EXTREMES, len(ranked) // 2)
    chosen = {"best": ranked[:half], "worst": ranked[len(ranked) - half :][::-1]}
    parts: list[Html | None] = []
    for kind, picked in chosen.items():
        known = [score for score in picked if score.file in files]
        done, failed = translate_files(
            opened, way, [files[score.file] for score in known], folder, config
        )
        values = {score.file: score.scores[name] for score in known}
        captions = [f"{NAMES.get(name, name)} {number(values[t.name])}" for t in done]
        lost = [f"{score.file}: no longer there" for score in picked if score.file not in files]
        parts += [
            element("h4", kind.capitalize()),
            *(remark(text) for text in (*failed, *lost)),
            cards(way, done, captions, room // 2),
        ]
    title = f"{WAYS[way]} by {NAMES.get(name, name)}"
    summary = element("summary", title, element("small", f"{len(ranked)} images"))
    return element("details", summary, parts, open=True)


def styled(opened: Opened) -> Html | None:
    """Whose style the results have, where they are shown one."""
    if opened.style is None:
        return None
    return element("p", f"All in the style of a training painting, {opened.style.name}.")


def directed(way: Direction, content: Html) -> Html:
    return together(element("h3", WAYS[way]), content)


def cards(way: Direction, done: Sequence[Translated], captions: list[str], budget: int) -> Html:
    """A slider for each image; all pictures together take at most `budget` bytes."""
    shelf = shelve([image for shown in done for image in (shown.before, shown.after)], budget)
    pairs = zip(shelf.pictures[::2], shelf.pictures[1::2], strict=True)
    scaled = sum(shown.scaled for shown in done)
    said = f"{scaled} were scaled to {LARGEST_SIDE} pixels before translation." if scaled else None
    figures = [
        card(way, shown.name, *pair, caption)
        for shown, pair, caption in zip(done, pairs, captions, strict=True)
    ]
    notes = " ".join(filter(None, (said, shelf.remark)))
    return together(
        element("div", figures, class_="cards"),
        element("p", notes, class_="note") if notes else None,
    )


def card(way: Direction, name: str, before: Inline, after: Inline, caption: str) -> Html:
    """An image whose left part is as it was, and whose right part is translated."""
    pixels = "pixels" if max(before.width, before.height) < SMALL else None
    size = {"width": before.width, "height": before.height, "class_": pixels}
    return element(
        "figure",
        element(
            "div",
            element("img", src=after.uri, alt=f"{name}, translated {WAYS[way]}", **size),
            element("div", element("img", src=before.uri, alt=f"{name}, as it was", **size),
                    class_="before"),
            element("span", class_="handle"),
            element("span", "before", class_="side left", aria_hidden="true"),
            element("span", "after", class_="side right", aria_hidden="true"),
            element("input", type="range", min=0, max=100, value=50,
                    aria_label=f"How much of {name} is shown as it was, in percent"),
            class_="compare",
        ),
        element("figcaption", element("span", name, class_="name"), element("small", caption)),
        class_="card",
    )  # fmt: skip
