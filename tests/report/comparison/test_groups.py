"""Runs form one group if they differ only in the seed."""

from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gan.config import Config
from gan.config.resuming import NOT_NUMBERS
from gan.report.comparison.groups import FOLDERS, KEEPING, PLACES, SEED, WHOLE_RUN, grouped
from gan.report.comparison.runs import read_runs
from gan.system.text import dotted
from tests.support.reports import write_run, write_state

VALUES: dict[str, Any] = {
    "data.flip": False, "data.load_size": 20, "data.max_images": 3, "data.root": "elsewhere",
    "loss.adversarial": "hinge", "loss.cycle": 7.0, "loss.identity_a": 1.0,
    "networks.generator_channels": 4, "networks.init_gain": 0.1, "networks.weights_ab": "w.pth",
    "optim.beta1": 0.6, "optim.grad_clip": 1.0, "optim.lr": 0.1, "perceptual.gram_decay": 0.5,
    "perceptual.weights": "w.pth", "train.batch_size": 2, "train.compile": True,
    "train.ema": 0.9, "train.epochs": 5, "train.max_steps": 3, "train.pool_size": 7,
    "train.precision": "bf16", "train.schedule": "cosine", "run.deterministic": True,
}  # fmt: skip
"""Values that differ from a small run's, by key."""
OF_NO_ACCOUNT: dict[str, Any] = {
    "data.workers": 1, "evaluate.batch_size": 3, "evaluate.resamples": 7, "run.allow_changes": True,
    "run.device": "auto", "run.threads": 1, "train.checkpoint_every": 3, "train.keep_states": 5,
    "train.log_every": 7, "train.recipe": "cyclegan", "train.sample_every": 9,
}  # fmt: skip
"""Values that change no number."""


def write(folder: Path, seed: int, values: dict[str, Any]) -> Path:
    sections: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        section, _, name = key.partition(".")
        sections.setdefault(section, {})[name] = value
    return write_run(folder, seed, **sections)


@pytest.fixture
def folders(tmp_path: Path) -> Any:
    """New folders, one after the other."""
    return (tmp_path / str(number) for number in count())


@given(
    st.lists(
        st.tuples(
            st.integers(0, 5),
            st.dictionaries(st.sampled_from(sorted(VALUES)), st.booleans(), max_size=2),
            st.sets(st.sampled_from(sorted(OF_NO_ACCOUNT)), max_size=3),
        ),
        min_size=2,
        max_size=5,
    )
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_runs_are_one_group_exactly_if_all_facts_are_equal(
    folders: Any, drawn: list[tuple[int, dict[str, bool], set[str]]]
) -> None:
    runs, recipes = [], []
    for seed, changed, others in drawn:
        changes = {key: VALUES[key] for key, differs in changed.items() if differs}
        extra = {key: OF_NO_ACCOUNT[key] for key in others}
        runs.append(write(next(folders), seed, changes | extra))
        recipes.append((seed, frozenset(changes)))
    found = grouped(read_runs(runs))
    assert len(found.groups) == len({changes for _, changes in recipes})
    assert sum(len(group.runs) for group in found.groups) == len(set(recipes))
    assert sum(len(group.every) for group in found.groups) == len(runs)
    for group in found.groups:
        places = [int(run.folder.name) - int(runs[0].name) for run in group.every]
        assert len({recipes[place][1] for place in places}) == 1
    changed_keys = set().union(*(changes for _, changes in recipes))
    shared = set(changed_keys).intersection(*(changes for _, changes in recipes))
    assert found.different.keys() == changed_keys - shared


def test_every_key_separates_except_those_that_resuming_may_change() -> None:
    """The configuration's own list, except keys that affect the end of a whole run."""
    keys = {key for key, _ in dotted(Config().model_dump(mode="json"))} | {"loss.terms"}
    assert keys >= NOT_NUMBERS >= WHOLE_RUN | PLACES | FOLDERS | KEEPING
    assert not (NOT_NUMBERS & VALUES.keys()) - WHOLE_RUN - PLACES - FOLDERS
    assert OF_NO_ACCOUNT.keys() <= NOT_NUMBERS - PLACES - FOLDERS
    assert SEED not in NOT_NUMBERS


def test_keys_of_the_best_separate_only_if_the_best_is_kept(tmp_path: Path) -> None:
    def groups(**evaluate: Any) -> int:
        runs = [
            write_run(tmp_path / str(len([*tmp_path.iterdir()])), seed, evaluate=values)
            for seed, values in enumerate(({"every": 4}, {"every": 6}))
            for values in [values | evaluate]
        ]
        return len(grouped(read_runs(runs)).groups)

    assert groups() == 1
    assert groups(best="l1_ab") == 2


def test_folders_are_compared_by_content_if_every_run_has_hashes(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / name, seed, data={"root": f"{name}/data"})
        for seed, name in enumerate("xyz")
    ]
    assert len(grouped(read_runs(runs)).groups) == 3
    for run, mark in zip(runs, ("1", "1", "other"), strict=True):
        write_state(run, folders={"a": mark, "b": "2"})
    found = grouped(read_runs(runs))
    assert [len(group.runs) for group in found.groups] == [2, 1]
    assert found.different == {"folders.a": ["x/data/trainA (1)", "z/data/trainA (other)"]}


@pytest.mark.parametrize("facts", [
    {"processes": 2}, {"device": "cuda"}, {"fingerprints": {"style.image": "abc"}},
])  # fmt: skip
def test_device_processes_and_files_separate_runs(facts: dict[str, Any], tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    write_state(runs[0])
    write_state(runs[1], **facts)
    (key,) = grouped(read_runs(runs)).different
    assert key in {*facts, "style.image"}


@pytest.mark.parametrize("damage", [{"folders": 3}, {"fingerprints": []}, {"folders": None}])
def test_an_unusual_manifest_does_not_raise(damage: dict[str, Any], tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(2)]
    for run in runs:
        write_state(run, **damage)
    assert len(grouped(read_runs(runs)).groups) == 1


def test_a_damaged_configuration_is_a_separate_group(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed) for seed in range(3)]
    for run in runs[:2]:
        (run / "config.yaml").write_text("loss: [")
    assert len(grouped(read_runs(runs)).groups) == 3


def test_ignored_keys_do_not_separate_runs_and_are_shown(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / str(seed), seed, train={"epochs": 3 + seed}) for seed in range(3)]
    assert len(grouped(read_runs(runs)).groups) == 3
    found = grouped(read_runs(runs), ["train.epochs"])
    assert [len(group.runs) for group in found.groups] == [3]
    assert (found.different, found.ignored) == ({}, {"train.epochs": ["3, 4, 5"]})


@pytest.mark.parametrize(("key", "expected"), [
    ("train.epoch", "ignore: no key train.epoch; did you mean train.epochs?"),
    ("run.dir", "ignore: run.dir never separates runs: remove it"),
    ("run.seed", "ignore: run.seed never separates runs: remove it"),
])  # fmt: skip
def test_an_ignored_key_that_separates_nothing_is_rejected(
    key: str, expected: str, tmp_path: Path
) -> None:
    runs = read_runs([write_run(tmp_path / str(seed), seed) for seed in range(2)])
    with pytest.raises(ValueError, match=expected.replace("?", r"\?")):
        grouped(runs, [key])


def test_a_seed_is_counted_once_by_the_run_with_most_steps(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name, 0) for name in ("short", "long", "equal")]
    for run, step in zip(runs, (4, 12, 12), strict=True):
        write_state(run, step)
    (group,) = grouped(read_runs(runs)).groups
    assert [run.name for run in group.runs] == ["long"]
    assert [(copy.name, run.name) for copy, run in group.copies] == [
        ("short", "long"), ("equal", "long"),
    ]  # fmt: skip


def test_groups_are_named_by_the_fewest_distinguishing_keys(tmp_path: Path) -> None:
    changes: list[dict[str, Any]] = [
        {"optim": {"lr": 0.1}},
        {"optim": {"lr": 0.1}, "loss": {"cycle": 3}},
        {},
    ]
    runs = [write_run(tmp_path / str(n), **sections) for n, sections in enumerate(changes)]
    found = grouped(read_runs(runs))
    titles = [found.title(group) for group in found.groups]
    assert titles == [
        "1: loss.cycle 10.0, optim.lr 0.1",
        "2: loss.cycle 3.0, optim.lr 0.1",
        "3: loss.cycle 10.0, optim.lr 0.0002",
    ]
    alone = grouped(read_runs(runs[:1]))
    assert alone.title(alone.groups[0]) == "1"


def test_values_are_written_as_in_the_configuration(tmp_path: Path) -> None:
    runs = [
        write_run(tmp_path / str(n), data={"flip": flip}) for n, flip in enumerate((True, False))
    ]
    assert grouped(read_runs(runs)).different == {"data.flip": ["true", "false"]}
