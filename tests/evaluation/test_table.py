"""What is printed: every number beside its interval, and the bad news by name."""

from gan.config.choices import Change
from gan.evaluation import Evaluation, Metric
from gan.evaluation.records import Unchanged
from gan.evaluation.table import report


def metric(change: Change, warning: str | None = None) -> Metric:
    old = Unchanged(0.5, 0.4, 0.6)
    return Metric(0.25, 0.2, 0.3, 40, "lower", old, change, warning)


def evaluation(**metrics: Metric) -> Evaluation:
    protocol = {"precision": "fp32", "sources": {"a": {"folder": "testA", "images": 40}}}
    return Evaluation(dict(metrics), protocol, (), ("testB: no such folder",))


def test_numbers_stand_beside_their_intervals_and_their_protocol() -> None:
    text = report(evaluation(l1_ab=metric("better")))
    line = next(line for line in text.splitlines() if line.startswith("l1_ab"))
    assert line.split("  ")[0] == "l1_ab"
    assert "0.25 " in line
    assert "[0.2, 0.3]" in line
    assert "0.5 [0.4, 0.6]" in line
    assert "  sources.a: folder testA, images 40" in text
    assert "note: testB: no such folder" in text


def test_what_got_worse_is_named_and_explained_where_pixels_got_better() -> None:
    text = report(evaluation(l1_ab=metric("better"), lpips_ab=metric("worse")))
    assert "better than doing nothing: l1_ab\nworse than doing nothing: lpips_ab\n" in text
    assert "A to B: nearer to the truth by pixels, further by features" in text
    assert "checkerboards" in text


CHANGES: list[Change] = ["better", "worse"]


def test_nothing_is_explained_away_where_both_agree() -> None:
    for change in CHANGES:
        text = report(evaluation(l1_ab=metric(change), lpips_ab=metric(change)))
        assert "checkerboards" not in text
    assert "worse than doing nothing: l1_ab, lpips_ab" in text


def test_one_warning_of_several_metrics_is_one_line() -> None:
    few = metric("no clear difference", "40 images")
    text = report(evaluation(kid_ab=few, kid_ba=few))
    assert "warning: kid_ab, kid_ba: 40 images" in text
    assert "no clear difference from doing nothing: kid_ab, kid_ba" in text


def test_a_metric_without_interval_or_comparison_is_printed_too() -> None:
    alone = Metric(0.25, None, None, 1, "lower")
    (line,) = [x for x in report(evaluation(cycle_a=alone)).splitlines() if "cycle_a" in x]
    assert line.split() == ["cycle_a", "0.25", "lower", "is", "better,", "1", "images"]
