"""The table of a comparison: last and best generators of every recipe, compared with the first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.compare.intervals import change
from gan.config.tables.metrics import full_names

Record = Mapping[str, Any]


def tables(records: Sequence[Record]) -> str:
    """Return a Markdown table for each protocol among the records."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record["protocol"], []).append(record)
    return "\n\n".join("\n".join(_table(title, group)) for title, group in groups.items())


def _table(title: str, records: Sequence[Record]) -> Iterator[str]:
    """Yield the lines of a protocol's table; recipes are compared with the first."""
    recipes: dict[str, list[Record]] = {}
    for record in records:
        recipes.setdefault(record["recipe"], []).append(record)
    # A recipe for one direction has no cycle: its cells are empty.
    found = {name for record in records for name in record["generators"]["last"]}
    metrics = [name for name in full_names() if name in found]
    yield title
    yield ""
    faults = list(records[0]["generators"]["last"]["artifacts"])
    head = ["recipe", "seeds", "steps", "seconds", "which", *metrics, *faults]
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join(['---'] * len(head))} |"
    first = next(iter(recipes.values()))
    last = first[0]["generators"]["last"]
    unchanged = [_number(last.get(name, {}).get("unchanged")) for name in metrics]
    rest = " |" * len(faults)
    yield f"| photographs | | | | | {' | '.join(unchanged)} |{rest}"
    truth = [_number(first[0]["truth"]) if name.startswith("kid") else "" for name in metrics]
    yield f"| truth | | | | | {' | '.join(truth)} |{rest}"
    for recipe, seeds in recipes.items():
        steps, seconds = (_mean([seed[key] for seed in seeds]) for key in ("steps", "seconds"))
        for which in ("last", "best"):
            own = [seed["generators"][_chosen(seed, which)] for seed in seeds]
            base = [seed["generators"][_chosen(seed, which)] for seed in first]
            cells = [_cell(name, own, [] if seeds is first else base) for name in metrics]
            cells += [
                _number(_mean([entry["artifacts"][fault] for entry in own])) for fault in faults
            ]
            start = [recipe, f"{len(seeds)}", f"{steps:.0f}", f"{seconds:.0f}", which]
            yield f"| {' | '.join([*start, *cells])} |"


def _chosen(record: Record, which: str) -> str:
    """Return the name of a record's last or best generator."""
    return str(record["best"]) if which == "best" else "last"


def _cell(name: str, own: Sequence[Record], base: Sequence[Record]) -> str:
    """Return a metric's mean over seeds, and its change from the first recipe, if any.

    Empty if a seed does not have it: for a kept generator the other direction, which the cycle
    needs, is missing.
    """
    if not all(name in entry for entry in own):
        return ""
    text = _number(_mean([entry[name]["value"] for entry in own]))
    if not base or not all(name in entry for entry in base):
        return text
    found = change([entry[name] for entry in base], [entry[name] for entry in own])
    return f"{text} ({found.value:+.0%}, {found.low:+.0%} to {found.high:+.0%})"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
