"""Three hundred damaged files; experiments/fuzz tries twenty thousand."""

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from experiments.fuzz import trial
from experiments.fuzz.mutants import KNOWN, Mutant, mutant, seeds
from experiments.fuzz.trial import attempt
from gan.images import ImageError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_undamaged_files_are_read_by_all_readers() -> None:
    for name, content in seeds().items():
        verdict = attempt(Mutant(0, name, "none", content, must_fail=False))
        if name != "signed.tif":  # its numbers lie between 0 and 65535
            assert verdict.outcome == "read", (name, verdict)


@pytest.mark.parametrize(
    "first", [0, *(pytest.param(first, marks=pytest.mark.slow) for first in (100, 200))]
)
def test_damaged_files_neither_crash_nor_hang_nor_are_read_in_part(first: int) -> None:
    verdicts = [attempt(mutant(number)) for number in range(first, first + 100)]
    assert [each for each in verdicts if each.found] == []
    counts = Counter(each.outcome for each in verdicts)
    assert min(counts["read"], counts["rejected"]) > 5
    assert sum(each.mutant.must_fail for each in verdicts) > 5


def test_a_number_is_always_the_same_mutant() -> None:
    assert mutant(7) == mutant(7)
    assert len({mutant(number).content for number in range(50)}) == 50
    assert {mutant(number).damage for number in range(200)} >= set(KNOWN)


def burn(path: Path) -> None:
    sum(range(30_000_000))


def reject(path: Path) -> None:
    raise ImageError("no name of a file")


def lose(path: Path) -> None:
    raise KeyError(path)


@pytest.mark.parametrize(
    ("reader", "outcome"),
    [
        (lambda path: os.abort(), "crashed"),
        (lose, "raised"),
        (reject, "raised"),
        (burn, "slow"),
        (lambda path: len(bytearray(b"1") * 600_000_000), "large"),
        (lambda path: None, "silent"),
    ],
)
def test_each_kind_of_finding_is_found(
    monkeypatch: pytest.MonkeyPatch, reader: Callable[[Path], object], outcome: str
) -> None:
    """With readers that fail in each way."""
    if outcome == "slow":
        monkeypatch.setattr(trial, "SECONDS", 0.3)
    monkeypatch.setattr(trial, "_readers", lambda folder: {"wrong": reader})
    verdict = attempt(Mutant(0, "plain.png", "cut pixels", seeds()["plain.png"], must_fail=True))
    assert verdict.outcome == outcome
