"""All numbers by name with interval and protocol; the main ones in one line."""

from gan.config.choices import Change
from gan.evaluation import Evaluation, Metric
from gan.evaluation.records import Unchanged
from gan.evaluation.table import brief, details


def metric(change: Change, warning: str | None = None) -> Metric:
    old = Unchanged(0.5, 0.4, 0.6)
    return Metric(0.25, 0.2, 0.3, 40, "lower", old, change, warning)


def evaluation(**metrics: Metric) -> Evaluation:
    protocol = {"precision": "fp32", "sources": {"a": {"folder": "testA", "images": 40}}}
    return Evaluation(dict(metrics), protocol, (), ())


def test_numbers_are_printed_with_intervals_and_protocol() -> None:
    text = details(evaluation(l1_ab=metric("better")))
    line = next(line for line in text.splitlines() if line.startswith("l1_ab"))
    assert line.split("  ")[0] == "l1_ab"
    assert "0.25 " in line
    assert "[0.2, 0.3]" in line
    assert "0.5 [0.4, 0.6]" in line
    assert "  sources.a: folder testA, images 40" in text


def test_a_metric_without_interval_or_comparison_is_printed_too() -> None:
    alone = Metric(0.25, None, None, 1, "lower")
    (line,) = [x for x in details(evaluation(cycle_a=alone)).splitlines() if "cycle_a" in x]
    assert line.split() == ["cycle_a", "0.25", "lower", "is", "better,", "1", "images"]


def test_the_line_has_the_deciding_metric_before_the_leading_one() -> None:
    metrics = {name: Metric(value) for name, value in (("fid_ab", 9.0), ("kid_ab", 3.0))}
    assert brief(metrics, None) == "kid_ab 3"
    assert brief(metrics, "fid_ab") == "fid_ab 9, kid_ab 3"
    assert brief({"edge_ab": Metric(0.5, 0.4, 0.6)}, None) == "edge_ab 0.5 [0.4, 0.6]"
