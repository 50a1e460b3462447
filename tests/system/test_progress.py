"""Progress is a bar on a terminal, a line a minute in a log, and nothing if nothing is to do."""

import pytest

from gan.system import progress
from gan.system.progress import Bar, Progress, counted, fitted, watched
from tests.support.terminal import WIDTHS, be_clock, be_terminal, check_golden


def test_a_log_gets_a_line_after_some_seconds_and_then_one_a_minute(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = be_clock(monkeypatch)
    when: dict[float, str] = {}
    with Progress(1000, "images") as bar:
        for second in range(1, 201):
            clock.now += 1
            bar.update(5)
            if printed := capsys.readouterr().err:
                when[second] = printed
    assert list(when) == [10, 70, 130, 190]
    assert when[10] == "50 of 1000 images, 03:10 left\n"
    assert when[190] == "950 of 1000 images, 00:10 left\n"


def test_the_lines_of_all_commands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = be_clock(monkeypatch)
    for total, done, unit, title in (
        (10000, 312, "images", ""), (3, 2, "images", "testA"), (100, 37, "%", "ceiling.tif"),
        (900, 450, "steps", "ablation"), (240_000, 7, "images", "a name\x1b[31m"),
    ):  # fmt: skip
        with Progress(total, unit, title=title) as bar:
            clock.now += 27.5
            bar.update(done)
    check_golden("log", capsys.readouterr().err)


@pytest.mark.parametrize("columns", [*WIDTHS, 60])
def test_the_bars_of_all_commands(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    clock = be_clock(monkeypatch)
    terminal = be_terminal(monkeypatch, columns)
    for total, done, unit, title in (
        (10000, 312, "images", ""), (3, 2, "images", "testA"), (900, 450, "steps", "ablation"),
        (100, 37, "%", "the ceiling of the chapel\x1b[2J, seen from the {organ} loft.tif"),
        (240_000, 7, "images", ""),
    ):  # fmt: skip
        with Progress(total, unit, title=title) as bar:
            bar.show(["content 0.12", "style 0.0034", "smoothness 0.5"] if unit == "steps" else [])
            clock.now += 27.5
            bar.update(done)
            clock.now += 300
            bar.update(total - done)
    lines = terminal.lines()
    assert all(len(line) < columns for line in lines)
    bars = [line.split("|")[1] for line in lines if "|" in line]
    assert all(len(bar) >= progress.SHORTEST for bar in bars)
    check_golden(f"bars_{columns}", "\n".join(lines) + "\n")


@pytest.mark.parametrize("terminal", [False, True])
def test_nothing_is_shown_if_nothing_is_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], terminal: bool
) -> None:
    clock = be_clock(monkeypatch)
    shown = be_terminal(monkeypatch, 80) if terminal else None
    assert list(watched([], "images")) == []
    with Progress(5, "images", shown=False) as bar:
        clock.now += 1000
        bar.update()
    assert (shown.getvalue() if shown else capsys.readouterr().err) == ""


def test_items_are_unchanged_and_count_when_the_next_is_requested(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = be_clock(monkeypatch)
    seen: list[str] = []
    for item in counted(iter("abc"), 3, "images"):
        seen.append(item)
        clock.now += 30
    assert seen == ["a", "b", "c"]
    assert capsys.readouterr().err == "1 of 3 images, 01:00 left\n"


def test_a_bar_is_closed_when_its_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = be_terminal(monkeypatch, 80)
    with pytest.raises(ValueError, match="broken"), Progress(5, "images"):
        raise ValueError("broken")
    assert terminal.getvalue().endswith("\n")
    assert not Bar._instances  # type: ignore[attr-defined]


def test_less_important_words_are_dropped_first_and_the_order_stays() -> None:
    words = [(0, "one"), (3, "two"), (1, "three"), (2, "")]
    assert fitted(words, 80) == "one, two, three"
    assert fitted(words, 14) == "one, three"
    assert fitted(words, 1) == "one"
