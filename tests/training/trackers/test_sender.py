"""A tracker that fails, waits or lies stops no run; what it misses is sent later, once."""

import threading
from pathlib import Path

import pytest

from gan.config.tables.trackers import TrackerRow
from gan.training.trackers import sender as sending
from gan.training.trackers.history import Entry
from gan.training.trackers.sender import Sender
from gan.training.trackers.store import Place, Store
from tests.support.tracking import Recorder


@pytest.fixture(autouse=True)
def recorder(monkeypatch: pytest.MonkeyPatch) -> None:
    """No earlier sessions, no failures, no pauses."""
    monkeypatch.setattr(Recorder, "sessions", [])
    monkeypatch.setattr(Recorder, "failures", 0)
    monkeypatch.setattr(sending, "PAUSE", 0)


def entries(*steps: int) -> list[Entry]:
    return [Entry(step, scalars={"loss/cycle_a": float(step)}) for step in steps]


def send(store: Store, earlier: list[Entry], later: list[Entry]) -> list[str]:
    """Send entries and wait for the end; return what was printed."""
    printed: list[str] = []
    sender = Sender(store, printed.append)
    sender.start(earlier)
    sender.ready.wait()
    for entry in later:
        sender.send(entry)
    sender.close()
    return printed


def store(folder: Path, kind: type[Store] = Store) -> Store:
    return kind("recorder", TrackerRow(Recorder), Place(folder, "mine", {"run.seed": 0}))


class Asked(Store):
    """A store that knows its newest step: the last that the recorder received."""

    def newest(self) -> int:
        steps = [step for session in Recorder.sessions for step, _ in session.logged]
        return max((step for step in steps if step is not None), default=-1)


def test_entries_arrive_in_order_with_the_configuration(tmp_path: Path) -> None:
    assert send(store(tmp_path), entries(0, 2), entries(4, 6)) == []
    (session,) = Recorder.sessions
    assert (session.project, session.config, session.finished) == ("mine", {"run.seed": 0}, True)
    assert session.curves() == {"loss/cycle_a": [(0, 0), (2, 2), (4, 4), (6, 6)]}


def test_a_store_gets_only_what_is_newer_than_its_newest_step(tmp_path: Path) -> None:
    send(store(tmp_path, Asked), [], entries(0, 2, 4))
    send(store(tmp_path, Asked), entries(0, 2, 3), entries(4, 5))
    first, second = Recorder.sessions
    assert first.curves() == {"loss/cycle_a": [(0, 0), (2, 2), (4, 4)]}
    assert second.curves() == {"loss/cycle_a": [(5, 5)]}


def test_a_failure_is_printed_once_and_its_entry_is_sent_again(tmp_path: Path) -> None:
    printed: list[str] = []
    sender = Sender(store(tmp_path, Asked), printed.append)
    Recorder.failures = 3
    sender.start(entries(1, 2))
    while sender.sent < 3:  # both entries, and the start
        sender.thread.join(0.01)
    sender.close()
    (session,) = Recorder.sessions
    assert session.curves() == {"loss/cycle_a": [(1, 1), (2, 2)]}
    (line,) = printed
    assert "recorder (run.trackers) failed, the training continues: ConnectionError" in line
    assert "the server is away. " in line
    assert "\n" not in line


def test_an_entry_that_arrived_although_its_answer_was_lost_is_not_sent_again(
    tmp_path: Path,
) -> None:
    class Lossy(Recorder):
        lost = 1

        def log(self, values: dict[str, float], step: int | None = None, **kwargs: object) -> None:
            super().log(values, step)
            if Lossy.lost:
                Lossy.lost = 0
                raise TimeoutError("no answer")

    for kind in (Asked, Store):  # one that is asked, and one that cannot be
        Lossy.lost = 1
        Recorder.sessions.clear()
        place = Place(tmp_path, "mine", {})
        sender = Sender(kind("lossy", TrackerRow(Lossy), place), lambda text: None)
        sender.start(entries(1, 2))
        while sender.sent < 3:
            sender.thread.join(0.01)
        sender.close()
        assert Lossy.sessions[0].curves() == {"loss/cycle_a": [(1, 1), (2, 2)]}


def test_a_tracker_that_never_starts_is_tried_again_when_the_run_ends_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PAUSE", 1000)  # cut short by the run's end
    tries: list[int] = []

    class Dead(Store):
        def start(self) -> None:
            tries.append(1)
            raise SystemExit("no such server")

    printed = send(store(tmp_path, Dead), entries(1), entries(2, 3))
    assert len(printed) == 1
    assert "SystemExit: no such server" in printed[0]
    assert 1 <= len(tries) <= 2
    assert Recorder.sessions == []


def test_a_tracker_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.1)
    release = threading.Event()

    class Stuck(Store):
        def log(self, entry: Entry) -> None:
            release.wait(60)

    (line,) = send(store(tmp_path, Stuck), [], entries(1))
    assert "does not answer" in line
    release.set()


def test_what_identifies_a_run_is_kept_in_its_folder(tmp_path: Path) -> None:
    place = Place(tmp_path, "mine", {})
    assert place.kept("wandb") == {}
    place.keep("wandb", id="1a2b")
    assert Place(tmp_path, "other", {}).kept("wandb") == {"id": "1a2b"}
    (tmp_path / "trackers" / "wandb.json").write_text("{")
    assert place.kept("wandb") == {}
