"""A training shows few values, those that tell most, on lines and bars that fit."""

import pytest

from gan.config import Config, LossConfig
from gan.config.tables.recipes import RECIPES
from gan.training.progress import Progress, line, number, shown_terms, shown_values
from tests.support.terminal import WIDTHS, be_clock, be_terminal, check_golden

CYCLEGAN = {
    "adversarial_ab": 0.31, "cycle_a": 3.2, "identity_b": 1.06, "adversarial_ba": 0.53,
    "cycle_b": 2.8, "identity_a": 0.9, "discriminator_b": 0.2, "score_real_b": 0.7,
    "score_fake_b": 0.3, "discriminator_a": 0.25, "score_real_a": 0.6, "score_fake_a": 0.4,
    "gradient_norm_generators": 12.0, "skipped_steps": 0.0, "skipped_in_row": 0.0,
}  # fmt: skip
TERMS = ("cycle", "adversarial")
BIG = {f"a_long_name_of_a_loss_number_{number}_ab": 12345.678 for number in range(5)}


def test_the_lines_of_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    be_clock(monkeypatch)
    for values, terms, step, rate in (
        (CYCLEGAN, TERMS, 500, 2.1), (CYCLEGAN | {"skipped_steps": 3.0}, TERMS, 600, 0.04),
        ({"nce_ab": 4.1, "nce_identity_b": 3, "adversarial_ab": 0.5}, ("nce", "adversarial"), 1, 0),
        (BIG | {"score_real_b": 1}, (), 3779, 123.4), ({"skipped_steps": 0}, TERMS, 3780, 1),
        ({"cycle_a": float("nan"), "cycle_b": 1.0}, TERMS, 20, 2),
    ):  # fmt: skip
        progress = Progress(0, 3780, quiet=False, terms=terms)
        progress.show(step, values, rate)
        Progress(0, 3780, quiet=True, terms=terms).show(step, values, rate)
    printed = capsys.readouterr().err
    assert all(len(each) <= 100 for each in printed.splitlines())
    assert printed.splitlines()[0] == (
        "step 500/3780, 26:01 left, 2.1 steps/s: cycle 3.00, adversarial 0.42"
    )
    check_golden("training_log", printed)


@pytest.mark.parametrize("columns", [*WIDTHS, 60])
def test_the_bar(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    clock = be_clock(monkeypatch)
    terminal = be_terminal(monkeypatch, columns)
    shown = []
    for last, step in ((3780, 500), (1_234_500, 123_456)):
        progress = Progress(0, last, quiet=False, terms=TERMS)
        for values in (CYCLEGAN, CYCLEGAN | {"skipped_steps": 3.0}):
            clock.now += 125
            progress.bar.update(step // 2)
            progress.show(step, values, 2.1)
            shown.append(terminal.lines()[-1])
        progress.bar.close()
    for each in shown:
        assert len(each) < columns
        assert len(each.split("|")[1]) >= 10
    if columns >= 80:
        assert all("cycle 3.00, adversarial 0.42" in each for each in shown[::2])
        assert all("skipped steps 3" in each for each in shown[1::2])
    check_golden(f"training_bar_{columns}", "\n".join(shown) + "\n")


def test_values_are_means_over_their_directions_and_zero_counters_are_not_shown() -> None:
    assert list(shown_values(CYCLEGAN, TERMS)) == ["cycle 3.00", "adversarial 0.42"]
    skipped = list(shown_values(CYCLEGAN | {"skipped_steps": 2.0}, TERMS))
    assert skipped == ["skipped steps 2", "cycle 3.00", "adversarial 0.42"]


def test_a_recipe_that_names_no_losses_shows_its_first_ones() -> None:
    values = {"discriminator_b": 1.0, "gradient_norm_x": 1.0, "edges_ab": 0.5, "score_fake_b": 2.0}
    assert list(shown_values(values, ())) == ["edges 0.50"]
    assert list(shown_values(values, ("gone",))) == ["edges 0.50"]


def test_every_recipe_names_losses_that_the_configuration_weighs() -> None:
    ours = [row for row in RECIPES.values() if isinstance(row.code, str)]  # tests register others
    assert len(ours) >= 4
    for row in ours:
        assert 2 <= len(row.shown) <= 3
        assert set(row.shown) <= set(LossConfig.model_fields)
        assert not set(row.shown) & set(row.unused)


def test_the_terms_of_an_extension_are_shown_too(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config.model_validate({"data": {"root": "x"}, "run": {"dir": "y"}})
    assert shown_terms(config) == ["cycle", "adversarial"]
    terms = config.loss.model_copy(update={"terms": {"edges": 2.0, "off": 0.0}})
    assert shown_terms(config.model_copy(update={"loss": terms})) == [
        "cycle", "adversarial", "edges",
    ]  # fmt: skip


def test_small_numbers_keep_two_digits() -> None:
    found = [number(value) for value in (0, 0.31, 0.0951, 0.0123, 1e-7, 12.345, 1234.5, -0.004)]
    assert found == ["0.00", "0.31", "0.10", "0.012", "1e-07", "12.35", "1234.50", "-0.004"]


def test_a_line_without_values_is_where_the_run_is() -> None:
    assert line(1, 4, 0, []) == "step 1/4, time left unknown"
