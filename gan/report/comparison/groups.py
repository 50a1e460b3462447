"""Group runs that differ only in their seeds, and find the keys in which groups differ."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from gan.config.resuming import NOT_NUMBERS
from gan.domains import DOMAINS
from gan.report.comparison.runs import Run
from gan.report.standing import shown
from gan.system.text import dotted, nearest

SEED = "run.seed"
ABSENT = "absent"
BY_CONTENT = "by content"
"""Replaces the path of a folder whose content is known by its hash."""
FOLDERS = {"data.root", "data.a", "data.b"}
PLACES = {
    "networks.discriminator_weights",
    "perceptual.weights",
    "semantic.classifier",
    "style.image",
}
"""Keys that name files; a training state's manifest has hashes of their content."""
WHOLE_RUN = {
    "networks.weights",
    "networks.weights_ab",
    "networks.weights_ba",
    "train.max_steps",
    "train.recipe",
}
"""Keys that a resumed run may change and that affect the beginning or the end of a run."""
KEEPING = {"evaluate.best", "evaluate.every", "evaluate.patience"}
"""Further such keys if evaluate.best is set: they choose the best generators, or end the run."""
NAMING = 2
"""Largest number of keys in a group's title."""
Facts = dict[str, str]
"""Everything that defines a recipe, by dotted key; runs with equal facts form a group."""


@dataclass(frozen=True)
class Group:
    """The runs of one recipe: one run of each seed is counted, the others are copies."""

    number: int
    facts: Facts
    runs: tuple[Run, ...]
    copies: tuple[tuple[Run, Run], ...]
    """Pairs (run that is not counted, counted run with the same seed)."""

    @property
    def every(self) -> list[Run]:
        """All runs of the group: the counted ones, then those that repeat a counted run's seed."""
        return [*self.runs, *(copy for copy, _ in self.copies)]


@dataclass(frozen=True)
class Groups:
    """All groups, in the order of their first runs."""

    groups: tuple[Group, ...]
    different: dict[str, list[str]]
    """Keys in which groups differ, with one value for each group."""
    ignored: dict[str, list[str]]
    """Ignored keys that differ, with all values of each group."""

    def title(self, group: Group) -> str:
        """Return a group's number, with its values of the keys that `naming` returns."""
        named = [f"{key} {self.different[key][group.number - 1]}" for key in self.naming()]
        return f"{group.number}: {', '.join(named)}" if named else str(group.number)

    def naming(self) -> list[str]:
        """Return up to NAMING keys, each chosen to distinguish as many groups as possible."""
        keys: list[str] = []
        apart = 1
        while apart < len(self.groups) and len(keys) < NAMING:
            found = {key: self._apart([*keys, key]) for key in self.different}
            keys.append(max(found, key=lambda key: found[key]))
            apart = found[keys[-1]]
        return keys

    def _apart(self, keys: Sequence[str]) -> int:
        """Return how many different combinations of values of these keys the groups have."""
        return len(set(zip(*(self.different[key] for key in keys), strict=True)))


def grouped(runs: Sequence[Run], ignore: Collection[str] = ()) -> Groups:
    """Group runs that are equal except for their seeds and the keys in `ignore`.

    ValueError if a key in `ignore` does not exist, or can never separate runs.
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
    """Return a value as text: ABSENT for None, and a folder's path in front of its hash."""
    if value is None:
        return ABSENT
    for domain in DOMAINS:
        if key == f"folders.{domain}":
            with suppress(ValueError):  # the configuration lacks the folder
                return f"{run.config.data.train_folder(domain)} ({value})"
    return value


def facts_of(run: Run, by_content: bool) -> Facts:
    """Return everything that may change a run's numbers, except its seed.

    by_content: identify folders and files by the hashes in the training state's manifest; else by
    their paths, since runs without a state have no hashes.
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
    """Return what a run's manifest records: hashes of folders and files, processes, device."""
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
    """Raise ValueError for unknown keys, and for keys that never separate runs."""
    names = sorted({key for found in facts for key in found})
    for key in ignore:
        if key in {SEED, *NOT_NUMBERS} and key not in names:
            raise ValueError(f"ignore: {key} never separates runs: remove it")
        if key not in names:
            raise ValueError(f"ignore: no key {key}{nearest(key, names)}")


def _group(number: int, facts: Facts, runs: Sequence[Run]) -> Group:
    """Return a group that counts one run of each seed: the first of those with most steps."""
    counted: dict[int, Run] = {}
    for run in runs:
        first = counted.setdefault(run.seed, run)
        if run.standing.step > first.standing.step:
            counted[run.seed] = run
    copies = [(run, counted[run.seed]) for run in runs if run is not counted[run.seed]]
    return Group(number, facts, tuple(counted.values()), tuple(copies))
