"""Report an ablation as a table and a conclusion in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gan.augment.ablation.comparison import Number
from gan.augment.ablation.trials import COLOR, NONE, TRANSLATED

Cells = tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """The scores of a condition."""

    score: Number
    difference: Number | None
    """Difference to the condition `none`; None for that condition."""
    over_color: Number | None = None
    """Difference to color augmentation; None for conditions without translations."""


Rows = Mapping[str, Row]


def lines_of(rows: Rows, measure: str) -> list[Cells]:
    """Return the lines of the table, the header first."""
    header = ("trained on", measure, "95 % interval", "difference to none", "95 % interval", "")
    return [header, *(_cells(name, row) for name, row in rows.items())]


def _cells(name: str, row: Row) -> Cells:
    """Return the line of a condition."""
    difference = row.difference
    after = ("", "", "")
    if difference:
        after = (f"{difference.value:+.3f}", spread(difference, "+.3f"), difference.word)
    return (name, f"{row.score.value:.3f}", spread(row.score, ".3f"), *after)


def spread(number: Number, form: str) -> str:
    """Return an interval in brackets; an empty string if there is none."""
    if number.low is None or number.high is None:
        return ""
    return f"[{number.low:{form}}, {number.high:{form}}]"


def plain(lines: Sequence[Cells]) -> str:
    """Return a table as text with aligned columns."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown(lines: Sequence[Cells]) -> str:
    """Return a table in Markdown."""
    rows = [f"| {' | '.join(line)} |" for line in (lines[0], ["---"] * len(lines[0]), *lines[1:])]
    return "\n".join(rows)


def conclusion(rows: Rows, measure: str) -> Iterator[str]:
    """Yield sentences: do translations help, and does color augmentation help as much?

    The best of three shares is chosen by the same test, so its score is slightly too high.
    """
    name = max((each.name for each in TRANSLATED), key=lambda each: rows[each].score.value)
    best, color = rows[name], rows[COLOR.name]
    assert best.difference
    assert color.difference
    worse = [n for n in (each.name for each in TRANSLATED) if _difference(rows, n).word == "worse"]
    shown = f"{_shown(best.difference)} {measure}"
    match best.difference.word:
        case "better":
            yield f"{_share(name)} helps: {shown}."
        case "worse":
            yield f"The translation hurts at every share, least at {name}: {shown}."
        case "no clear difference":
            yield f"The translation does not clearly help: at best {shown} ({name})."
        case "unknown":
            yield f"Too few test images for a conclusion; {name}: {shown}."
    if worse and best.difference.word != "worse":
        yield f"Worse than none: {', '.join(worse)}."
    yield from _beside_color(name, best, color.difference)
    if best.difference.word in ("worse", "no clear difference"):
        yield (
            "Look at sheet.png; train longer, try --strength or stricter gates, and do not train "
            "with these translations alone."
        )


def _beside_color(name: str, best: Row, color: Number) -> Iterator[str]:
    """Yield at most one sentence: is the best share of translations better than color changes?"""
    assert best.difference
    assert best.over_color
    gap = f"{name} minus color: {_shown(best.over_color)}"
    match best.over_color.word:
        case "better":
            yield f"It helps more than color augmentation ({_shown(color)}; {gap})."
        case "worse":
            yield f"Color augmentation alone is better ({_shown(color)}; {gap}): use it."
        case "no clear difference" if color.word == "better" or best.difference.word == "better":
            yield f"Color augmentation alone is about as good ({_shown(color)}; {gap})."
        case "no clear difference":
            yield f"Color augmentation does not clearly help either ({_shown(color)})."


def _difference(rows: Rows, name: str) -> Number:
    """Return a condition's difference to the condition `none`."""
    found = rows[name].difference
    assert found, name != NONE.name
    return found


def _share(name: str) -> str:
    """Return a condition's name as the start of a sentence: Translated at 50 %."""
    return name.replace("translated", "Translated at")


def _shown(number: Number) -> str:
    """Return a difference with its interval."""
    return f"{number.value:+.3f} {spread(number, '+.3f')}".strip()
