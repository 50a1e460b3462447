"""Which evaluations are shown: the run's own, whatever was measured later."""

from typing import Any

import pytest

from gan.report.metrics import comparable, metrics, same
from gan.training.records import Evaluation, Lines, chosen

OWN: dict[str, Any] = {
    "precision": "fp32",
    "sources": {"a": {"folder": "data/testA", "images": 40, "sha256": "abc"}},
    "bootstrap": {"resamples": 200, "fid_resamples": 200},
    "batch_size": 8,
}


def line(step: int, *files: str, **protocol: Any) -> Evaluation:
    models = {"models": {str(i): {"file": file} for i, file in enumerate(files)}} if files else {}
    return Evaluation.model_validate(
        {
            "step": step,
            "protocol": models | OWN | protocol,
            "metrics": {"l1_ab": {"value": step / 100}},
        }
    )


BY_HAND = line(60, "gen_ab.safetensors", "gen_ba.safetensors", bootstrap={"resamples": 1000})
FEWER = {"sources": {"a": {"folder": "data/testA", "images": 10, "sha256": "other"}}}


@pytest.mark.parametrize(("protocol", "expected"), [
    ({"bootstrap": {"resamples": 1000, "fid_resamples": 200, "seed": 3}}, True),
    ({"batch_size": 2}, True),
    ({"sources": {"a": {"folder": "/elsewhere/testA", "images": 40, "sha256": "abc"}}}, True),
    ({"models": {"ab": {"file": "gen_ab-best.safetensors", "sha256": "1"}}}, True),
    (FEWER, False),
    ({"precision": "bf16"}, False),
    ({"resize": {"size": 128}}, False),
])  # fmt: skip
def test_only_settings_that_change_values_separate_evaluations(
    protocol: dict[str, Any], expected: bool
) -> None:
    assert same(line(20, **protocol), line(40)) == expected


def test_later_measurements_do_not_replace_the_runs_own() -> None:
    own = [line(step) for step in (0, 20, 40, 60)]
    hand = [BY_HAND, line(20, "gen_ab-best.safetensors"), line(60, "gen_ab.safetensors", **FEWER)]
    shown = chosen([*own, *hand])
    assert shown is own[-1]
    assert comparable([*own, *hand], shown) == own


def test_without_evaluations_by_training_the_runs_generators_come_first() -> None:
    best = line(20, "gen_ab-best.safetensors")
    assert chosen([BY_HAND, best]) is BY_HAND
    assert chosen([best]) is best
    assert chosen([]) is None


def test_the_page_shows_the_best_with_the_last_and_names_every_file() -> None:
    own = [line(step) for step in (0, 20, 40)]
    hand = line(40, "gen_ab-best.safetensors", **FEWER)
    text = metrics(Lines([*own, BY_HAND, hand], None, True), 20)
    assert "Best, step 20" in text
    assert "the generators of step 40, by training" in text
    assert "1 more evaluations, not drawn:" in text
    assert "<summary>gen_ab-best.safetensors of step 40, by gan evaluate</summary>" in text
