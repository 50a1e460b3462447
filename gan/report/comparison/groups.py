"""Runs of one recipe with different seeds are one group; what tells groups apart is named."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gan.config.whole import NOT_NUMBERS
from gan.domains import DOMAINS
from gan.report.comparison.runs import Run
from gan.report.standing import shown
from gan.system.text import dotted, nearest

SEED = "run.seed"
ABSENT = "absent"
BY_CONTENT = "by content"
"""Stands for the place of a folder of which the content is known."""
FOLDERS = {"data.root", "data.a", "data.b"}
PLACES = {
    "networks.discriminator_weights",
    "perceptual.weights",
    "semantic.classifier",
    "style.image",
}
"""Keys that name files of which a manifest knows the content."""
WHOLE_RUN = {
    "networks.weights",
    "networks.weights_ab",
    "networks.weights_ba",
    "train.max_steps",
    "train.recipe",
}
"""Keys that a resumed run may change, and that decide how a run begins and ends."""
KEEPING = {"evaluate.best", "evaluate.every", "evaluate.patience"}
"""The same of a run that keeps its best generators: which these are, and when it ends."""
NAMING = 2
"""Keys in a group's title."""
Facts = dict[str, str]
"""What a recipe is, by dotted key; equal ones are one recipe."""


@dataclass(frozen=True)
class Group:
    """The runs of one recipe: one of each seed is counted, others are copies."""

    number: int
    facts: Facts
    runs: tuple[Run, ...]
    copies: tuple[tuple[Run, Run], ...]
    """Runs that are not counted, each with the one that is."""

    @property
    def every(self) -> list[Run]:
        """The runs that are counted, and their copies."""
        return [*self.runs, *(copy for copy, _ in self.copies)]


@dataclass(frozen=True)
class Groups:
    """All groups, in the order of their first runs."""

    groups: tuple[Group, ...]
    different: dict[str, list[str]]
    """What tells them apart: a value for each group by dotted key."""
    ignored: dict[str, list[str]]
    """The same of keys that differ although they were not to separate: all values of a group."""

    def title(self, group: Group) -> str:
        """Return a group's number, and its values of the keys that tell most groups apart."""
        named = [f"{key} {self.different[key][group.number - 1]}" for key in self.naming()]
        return f"{group.number}: {', '.join(named)}" if named else str(group.number)

    def naming(self) -> list[str]:
        """Return as few keys as tell all groups apart, of more than NAMING the first."""
        keys: list[str] = []
        apart = 1
        while apart < len(self.groups) and len(keys) < NAMING:
            found = {key: self._apart([*keys, key]) for key in self.different}
            keys.append(max(found, key=lambda key: found[key]))
            apart = found[keys[-1]]
        return keys

    def _apart(self, keys: Sequence[str]) -> int:
        """Return how many groups differ in the values of some keys."""
        return len(set(zip(*(self.different[key] for key in keys), strict=True)))


def grouped(runs: Sequence[Run], ignore: Collection[str] = ()) -> Groups:
    """Fold runs that are equal but for their seeds, and for the keys of `ignore`.

    ValueError names a key of `ignore` that separates no runs.
    """
    by_content = all(run.manifest for run in runs)
    facts = [facts_of(run, by_content) for run in runs]
    _check_ignored(ignore, facts)
    members: dict[frozenset[tuple[str, str]], list[int]] = {}
    for index, found in enumerate(facts):
        kept = frozenset((key, value) for key, value in found.items() if key not in ignore)
        members.setdefault(kept, []).append(index)
    groups = tuple(
        _group(number, facts[indices[0]], [runs[index] for index in indices])
        for number, indices in enumerate(members.values(), start=1)
    )
    keys = list(dict.fromkeys(key for found in facts for key in found))
    varied = [key for key in keys if len({found.get(key) for found in facts}) > 1]
    rows = {
        key: [
            ", ".join(dict.fromkeys(_spelled(runs[i], key, facts[i].get(key)) for i in indices))
            if key in ignore
            else _spelled(runs[indices[0]], key, facts[indices[0]].get(key))
            for indices in members.values()
        ]
        for key in varied
    }
    return Groups(
        groups,
        {key: row for key, row in rows.items() if key not in ignore},
        {key: row for key, row in rows.items() if key in ignore},
    )


def _spelled(run: Run, key: str, value: str | None) -> str:
    """Return a fact for people: with the place of a folder that is known by its content."""
    if value is None:
        return ABSENT
    for domain in DOMAINS:
        if key == f"folders.{domain}":
            with suppress(ValueError):  # the configuration names no folder
                return f"{run.config.data.train_folder(domain)} ({value})"
    return value


def facts_of(run: Run, by_content: bool) -> Facts:
    """Return all that may change a run's numbers, without its seed.

    By content, folders and files are known by the hashes that the training state's manifest holds;
    else by their places, which is all that a run without a state knows of them.
    """
    config = run.config
    keys = dict(dotted(config.model_dump(mode="json"))) | {"train.recipe": config.recipe}
    ignored = NOT_NUMBERS - WHOLE_RUN - PLACES - FOLDERS
    if config.evaluate.best is not None:
        ignored -= KEEPING
    found = {key: shown(value) for key, value in keys.items() if key not in {SEED, *ignored}}
    if run.opened.fault and not run.manifest:
        found["config.yaml"] = f"damaged: {run.name}"
    return found | _content(run) if by_content else found


def _content(run: Run) -> Facts:
    """Return what a manifest knows of a run's folders and files, and of where it ran."""
    manifest = run.manifest
    folders, files = (
        of if isinstance(of := manifest.get(key), dict) else {}
        for key in ("folders", "fingerprints")
    )
    return {
        **(dict.fromkeys(FOLDERS, BY_CONTENT) if folders else {}),
        **{f"folders.{domain}": str(mark) for domain, mark in folders.items()},
        **{str(key): str(mark) for key, mark in files.items()},
        **{key: str(manifest[key]) for key in ("processes", "device") if key in manifest},
    }


def _check_ignored(ignore: Iterable[str], facts: Sequence[Facts]) -> None:
    """Raise ValueError for an unknown key, and for one that never separates runs."""
    names = sorted({key for found in facts for key in found})
    for key in ignore:
        if key in {SEED, *NOT_NUMBERS} and key not in names:
            raise ValueError(f"ignore: {key} never separates runs: remove it")
        if key not in names:
            raise ValueError(f"ignore: no key {key}{nearest(key, names)}")


def _group(number: int, facts: Facts, runs: Sequence[Run]) -> Group:
    """Count one run of each seed: the one with most steps, of equal ones the first."""
    counted: dict[int, Run] = {}
    for run in runs:
        first = counted.setdefault(run.seed, run)
        if run.standing.step > first.standing.step:
            counted[run.seed] = run
    copies = [(run, counted[run.seed]) for run in runs if run is not counted[run.seed]]
    return Group(number, facts, tuple(counted.values()), tuple(copies))
