"""What `gan evaluate` prints: a table of comparisons, answers in sentences, warnings by name."""

from typing import Any

import pytest

import gan
from gan.config.choices import Change
from gan.config.tables.metrics import METRICS
from gan.evaluation import Evaluation, Metric
from gan.evaluation.answers import WIDTH, rounded, summarize
from gan.evaluation.records import Unchanged
from tests.support.registering import forget_rows

PROTOCOL: dict[str, Any] = {
    "sources": {"a": {"images": 40}, "b": {"images": 38}},
    "references": {"b": {"images": 38}},
    "resize": {"size": 64},
    "extractor": {"name": "vgg16"},
}


def compared(value: float, before: float, change: Change | None) -> Metric:
    """A metric with an interval of a tenth of its value on both sides."""
    old = Unchanged(before, before * 0.9, before * 1.1)
    return Metric(value, value * 0.9, value * 1.1, 40, "lower", old, change)


def evaluation(*notes: str, **metrics: Metric) -> Evaluation:
    return Evaluation(dict(metrics), {}, (), notes)


WHOLE = Evaluation(
    {
        "fid_ab": Metric(1814, 1629, 2015, 40, "lower", Unchanged(4492, 3936, 5197), "better"),
        "kid_ab": Metric(3.1, 2.2, 4.0, 40, "lower", Unchanged(12.4, 9.1, 15.7), "better"),
        "l1_ab": Metric(0.259, 0.242, 0.276, 40, "lower", Unchanged(0.439, 0.406, 0.48), "better"),
        "ssim_ab": Metric(0.347, 0.32, 0.374, 40, "higher", Unchanged(0.505), "worse"),
        "lpips_ab": Metric(0.2, 0.19, 0.21, 40, "lower", Unchanged(0.2), "no clear difference"),
        "structure_ab": Metric(0.0226, 0.0205, 0.0247, 40, "lower"),
        "cycle_a": Metric(0.102, 0.094, 0.11, 40, "lower"),
        "identity_a": Metric(0.02, 0.016, 0.024, 40, "lower", warning="40 images"),
    },
    PROTOCOL,
    (),
    ("testB: no such folder",),
)
TEXT = """\
A to B: 40 images of A, 38 images of B, 64 pixels a side, features of vgg16
       translations [95 % interval]  images of A
FID    1814 [1629, 2015]             4492         better
KID    3.10 [2.20, 4.00]             12.4         better
L1     0.259 [0.242, 0.276]          0.439        better
SSIM   0.347 [0.320, 0.374]          0.505        worse
LPIPS  0.200 [0.190, 0.210]          0.200        no clear difference

Nearer to B than the images of A are: yes, clearly (KID 3.10 against 12.4).
Nearer to the true images of B than those of A are: clearly yes by L1; clearly
  no by SSIM; no clear difference by LPIPS.
Keeps what is seen: Structure distance 0.0226 [0.0205, 0.0247] (0 keeps all; to
  compare models).
Reconstruction of the images of A: mean error 0.0510 [0.0470, 0.0550] of 1 (13
  gray levels).

B to A: 38 images of B, 64 pixels a side, features of vgg16
Leaves images of A as they are: mean error 0.0100 [0.0080, 0.0120] of 1 (3 gray
  levels).

warning: Identity error: 40 images
note: testB: no such folder"""


def test_the_whole_text_is_as_expected() -> None:
    assert summarize(WHOLE) == TEXT


@pytest.mark.parametrize(("change", "answer"), [
    ("better", "yes, clearly (KID 1.00 against 2.00)"),
    ("worse", "no, clearly worse (KID 1.00 against 2.00)"),
    ("no clear difference", "no clear difference (KID 1.00 against 2.00)"),
    (None, "not known without an interval (KID 1.00 against 2.00)"),
])  # fmt: skip
def test_an_answer_is_as_clear_as_the_interval_of_the_difference(
    change: Change | None, answer: str
) -> None:
    text = summarize(evaluation(kid_ab=compared(1, 2, change)))
    sentence = " ".join(text.partition("\n\n")[2].split())
    assert sentence == f"Nearer to B than the images of A are: {answer}."


def test_without_a_comparison_no_table_is_printed() -> None:
    lines = summarize(evaluation(cycle_a=Metric(0.1), cycle_b=Metric(0.2))).splitlines()
    assert lines == [
        "A to B",
        "Reconstruction of the images of A: mean error 0.0500 of 1 (13 gray levels).",
        "",
        "B to A",
        "Reconstruction of the images of B: mean error 0.100 of 1 (26 gray levels).",
    ]


def test_pixels_that_got_better_and_features_that_got_worse_are_explained_once() -> None:
    better, worse = compared(1, 2, "better"), compared(1, 2, "worse")
    text = summarize(
        evaluation(l1_ab=better, lpips_ab=worse, l1_ba=better, lpips_ba=worse, kid_ba=better)
    )
    assert text.count("A to B and B to A: nearer to the truth by pixels, further by") == 1
    assert "checkerboards" in text


CHANGES: list[Change] = ["better", "worse"]


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_explained_if_both_agree(change: Change) -> None:
    both = compared(1, 2, change)
    assert "checkerboards" not in summarize(evaluation(l1_ab=both, lpips_ab=both))


def test_one_warning_of_several_metrics_is_one_line() -> None:
    few = Metric(0.1, warning="4 images")
    text = summarize(evaluation(cycle_a=few, cycle_b=few, identity_a=few))
    assert text.count("warning") == 1
    assert "warning: Cycle error and Identity error: 4 images" in text


def test_a_metric_from_outside_has_a_sentence_and_a_row_in_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_rows(monkeypatch, METRICS)
    title = "Difference of the edges of translations and of the truth"
    gan.register_metric("edge", len, title=title, better="lower", baseline=True)
    gan.register_metric("light", len, title="Brightness", better="higher")
    text = summarize(
        evaluation(
            edge_ab=compared(-1.2345e-5, 1e-5, "no clear difference"),
            light_ab=Metric(0.25, better="higher"),
        )
    )
    assert max(map(len, text.splitlines())) <= WIDTH
    words = " ".join(text.split())
    assert f"{title} better than that of the images of A: no clear difference (Difference" in words
    assert "Brightness: 0.250 (higher is better)." in text


@pytest.mark.parametrize(("values", "text"), [
    ((0.25,), "0.250"),
    ((1234.5,), "1234"),
    ((-0.0012, -0.0125, 0.0111), "-0.0012 [-0.0125, 0.0111]"),
    ((99.5, 80.0, 120.0), "100 [80, 120]"),
    ((0.0,), "0"),
    ((1.5e-6, 1e-6, 2e-6), "1.50e-06 [1.00e-06, 2.00e-06]"),
    ((2.5e30,), "2.50e+30"),
])  # fmt: skip
def test_numbers_have_three_digits_and_their_intervals_as_many_decimals(
    values: tuple[float, ...], text: str
) -> None:
    assert rounded(*values) == text
