"""A run's verdict: each word in its case, with basis and certainty."""

import json
from pathlib import Path
from typing import Any

import pytest

from gan.config import Config
from gan.config.tables.findings import FAULTS
from gan.training.records import Evaluation, Finding
from gan.training.verdict import Checks, run_verdict, verdict

BETTER, WORSE, UNCLEAR = "better", "worse", "no clear difference"


def finding(name: str, where: str = "ab", step: int = 300) -> Finding:
    return Finding(step=step, finding=name, where=where)


def evaluation(count: int = 100, **changes: str | None) -> Evaluation:
    metrics: dict[str, Any] = {
        name: {"value": 1.0, "count": count, "change": change} for name, change in changes.items()
    }
    return Evaluation.model_validate({"step": 500, "metrics": metrics})


@pytest.mark.parametrize(("findings", "measured", "word"), [
    ([finding("lost")], None, "broken"),
    ([finding("lost")], evaluation(kid_ab=BETTER, kid_ba=BETTER), "broken"),
    ([finding("grain"), finding("inverted", "ba")], None, "broken"),
    ([finding("grain")], evaluation(kid_ab=BETTER, kid_ba=BETTER), "look here"),
    ([finding("saturated", "a")], None, "look here"),
    ([finding("of_a_later_version")], None, "look here"),
    ([], evaluation(kid_ab=BETTER, kid_ba=WORSE), "look here"),
    ([], evaluation(kid_ab=BETTER, kid_ba=UNCLEAR), "usable"),
    ([], evaluation(kid_ab=BETTER, l1_ab=UNCLEAR, kid_ba=BETTER, cycle_a=None), "good"),
    ([], evaluation(kid_ab=BETTER), "good"),
    ([], evaluation(cycle_a=None), "usable"),
    ([], None, "usable"),
])  # fmt: skip
def test_the_word_is_that_of_the_worst_finding(
    findings: list[Finding], measured: Evaluation | None, word: str
) -> None:
    assert verdict(findings, measured, Checks(500, 100)).word == word


def test_a_broken_run_is_named_in_one_sentence() -> None:
    found = [finding("lost", "ba", 200), finding("lost", "ab", 300), finding("grain", "ab", 400)]
    told = verdict(found, None, Checks(560, 100))
    assert told.sentence == (
        "Broken, stop training: the pictures no longer show what the inputs show "
        "(lost, both directions, in the last 4 checks)."
    )
    assert told.basis == "It rests on 5 checks of up to 4 test images, the last at step 500."
    assert told.certainty == "Sure: 4 checks in a row found it."


def test_a_good_run_names_what_was_measured() -> None:
    told = verdict(
        [], evaluation(12, kid_ab=BETTER, fid_ab=BETTER, kid_ba=BETTER), Checks(500, 100)
    )
    assert str(told) == (
        "Good: the translations are nearer to B and A (by KID, FID) than their sources, and the "
        "doctor finds no fault. It rests on 5 checks of up to 4 test images, the last at step 500 "
        "and an evaluation at step 500. Fairly sure: the 95 % intervals of the differences, of 12 "
        "images, exclude 0."
    )


def test_metrics_that_disagree_are_both_named() -> None:
    told = verdict([], evaluation(kid_ab=BETTER, lpips_ab=WORSE, l1_ab=BETTER), Checks(500, 100))
    assert told.sentence == (
        "Look here: the translations are further from B (by LPIPS) than their sources, though "
        "nearer by KID, L1."
    )


@pytest.mark.parametrize(("since", "step", "printed"), [
    (500, 500, "Not sure: one check found it."),
    (400, 599, "Fairly sure: 2 checks in a row found it."),
    (100, 500, "Sure: 5 checks in a row found it."),
])  # fmt: skip
def test_repeated_findings_are_certain(since: int, step: int, printed: str) -> None:
    told = verdict([finding("lost", step=since)], None, Checks(step, 100))
    assert told.certainty == printed
    assert told.sentence.startswith("It seems broken: " if since == 500 else "Broken, stop")


def test_a_young_run_has_no_verdict_unless_it_is_broken() -> None:
    assert verdict([], None, Checks(99, 100)).sentence == (
        "Too early to say: the doctor's first check is at step 100."
    )
    assert verdict([], None, Checks(199, 10)).sentence == (
        "Too early to say: pictures are formed from step 200 on."
    )
    assert verdict([finding("clipped")], None, Checks(199, 10)).word == "broken"
    assert (
        verdict([], None, Checks(5000, 0)).sentence
        == "Too early to say: the training doctor has not checked this run."
    )
    assert verdict([], evaluation(kid_ab=BETTER), Checks(5000, 0)).word == "good"


def test_the_records_of_a_run_are_read_and_old_findings_do_not_count(tmp_path: Path) -> None:
    config = Config.model_validate({"train": {"doctor_every": 100}})
    assert run_verdict(tmp_path, config, 300).word == "too early"
    lines: list[dict[str, Any]] = [
        {"step": 100, "finding": "lost", "where": "ab"},
        {"step": 200, "gone": "lost", "where": "ab"},
        {"step": 200, "finding": "blurred", "where": "ab"},
    ]  # fmt: skip
    text = "".join(json.dumps(line) + "\n" for line in lines)
    later = json.dumps({"step": 10**8, "finding": "lost", "where": "ab"}) + "\n"  # of another run
    (tmp_path / "doctor.jsonl").write_text(text + later + '{"torn', encoding="utf-8")
    told = run_verdict(tmp_path, config, 300)
    assert (told.word, FAULTS["blurred"].title in told.sentence) == ("look here", True)
    # The evaluation before the first step does not measure training.
    record = {"step": 0, "metrics": {"kid_ab": {"value": 1, "count": 9, "change": WORSE}}}
    (tmp_path / "metrics.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    (tmp_path / "doctor.jsonl").write_text("", encoding="utf-8")
    assert run_verdict(tmp_path, config, 300).word == "usable"
