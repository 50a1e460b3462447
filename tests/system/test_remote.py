"""URLs as paths, reads in parts, and retries, on a store in memory."""

import pickle
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from gan.system import signals, stores
from gan.system.atomic import ends_the_work, write_whole
from gan.system.remote import BLOCK, MOST_BLOCKS, RemotePath, given_place, place
from gan.system.signals import Interruption
from gan.system.stores import StoreError, persist


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://bucket/photos", "s3://bucket/photos"),
        ("s3://bucket/a b#1?/ä.png/", "s3://bucket/a b#1?/ä.png"),
        ("hf://datasets/owner/name@main", "hf://datasets/owner/name@main"),
        ("http://host:8000/photos", "http://host:8000/photos"),
        ("S3://Bucket/Photos", "s3://Bucket/Photos"),
    ],
)
def test_a_url_survives_a_path(text: str, expected: str) -> None:
    path = place(text)
    assert isinstance(path, RemotePath)
    assert str(path) == str(place(Path(text))) == str(place(str(Path(text)))) == expected
    below = path / "x/y.PNG"
    assert (str(below), below.suffix) == (f"{expected}/x/y.PNG", ".PNG")
    assert str(below.relative_to(path)) == "x/y.PNG"
    assert type(Path("out") / below.relative_to(path)) is type(Path())
    assert below.parent.parent == path
    assert below.is_relative_to(path)


@pytest.mark.parametrize("text", ["photos", "/photos", "C:/photos", "s3:photos", "notes:", "."])
def test_other_paths_stay_as_they_are(text: str) -> None:
    assert place(text) == given_place(text) == text
    assert place(Path(text)) == Path(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ftp://h/x", r"^ftp://h/x: not supported; expected file://, s3://.* or a path$"),
        ("s3://", "^s3://: incomplete URL; expected s3://BUCKET/NAME$"),
        ("https://", "^https://: incomplete URL; expected https://HOST/NAME$"),
        ("hf://me/x", "^hf://me/x: not supported for images; expected hf://datasets/OWNER/NAME$"),
        (
            "hf://datasets/me",
            "^hf://datasets/me: not supported for images; expected hf://datasets/OWNER/NAME$",
        ),
    ],
)
def test_urls_without_images_are_rejected_at_once(text: str, reason: str) -> None:
    for given in (text, Path(text)):
        with pytest.raises(ValueError, match=reason):
            given_place(given)


def test_a_file_url_with_a_host_is_rejected() -> None:
    with pytest.raises(ValueError, match=r"file:///photos/x, with three slashes"):
        given_place("file://photos/x")


def test_a_file_url_is_a_path() -> None:
    assert place("file:///photos/x") == PurePosixPath("/photos/x")
    assert given_place("FILE:///photos/a%20b%23") == PurePosixPath("/photos/a b#")
    assert not isinstance(place("file:///photos/x"), RemotePath)


def test_what_a_listing_knows_goes_with_a_pickled_path() -> None:
    path = place("s3://bucket").joined("a.png", 7, "tag")
    again = pickle.loads(pickle.dumps(path))
    assert (again, again.size, again.tag, again.stat().st_size) == (path, 7, "tag", 7)


def test_a_header_is_read_in_parts_as_from_a_file() -> None:
    data = random.Random(0).randbytes(5 * BLOCK + 123)
    path: RemotePath = place("memory://parts/x.bin")
    write_whole(path, lambda file: file.write(data))
    draw = random.Random(1)
    for _ in range(20):
        with path.open_header() as file:
            for _ in range(5):
                at, count = draw.randrange(len(data) + 9), draw.choice([0, 1, 8, 64, BLOCK, -1])
                assert file.seek(at) == at
                expected = data[at:] if count < 0 else data[at : at + count]
                assert file.read(count) == expected
        assert file.seek(-5, 2) == len(data) - 5


def test_few_requests_read_a_header_and_many_parts_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    path: RemotePath = place("memory://parts/long.bin")
    data = bytes((MOST_BLOCKS + 9) * BLOCK)
    write_whole(path, lambda file: file.write(data))
    asked: list[object] = []
    read = stores.read

    def note(url: str, *part: int) -> bytes:
        asked.append(part)
        return read(url, *part)

    monkeypatch.setattr(stores, "read", note)
    with path.open_header() as file:
        file.read(2000)
        file.seek(-64, 2)
        file.read()
        assert len(asked) == 2
        for at in range(0, len(data), BLOCK):
            file.seek(at)
            assert file.read(8) == bytes(8)
    assert len(asked) == MOST_BLOCKS + 1
    assert asked[-1] == ()


def test_an_object_is_not_replaced_unless_that_is_wanted() -> None:
    path: RemotePath = place("memory://whole/x.txt")
    write_whole(path, lambda file: file.write(b"1"), replace=False)
    with pytest.raises(FileExistsError):
        write_whole(path, lambda file: file.write(b"2"), replace=False)
    assert path.read_bytes() == b"1"
    write_whole(path, lambda file: file.write(b"3"))
    assert path.read_bytes() == b"3"
    path.unlink()
    assert not path.exists()
    path.unlink(missing_ok=True)


def failing(times: int, error: Exception) -> Callable[[], int]:
    """A function that raises an error a few times, and then returns how often it was called."""
    calls: list[int] = []

    def call() -> int:
        calls.append(1)
        if len(calls) <= times:
            raise error
        return len(calls)

    return call


def test_tries_are_bounded_and_wait_longer_each_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(stores, "pause", waited.append)
    monkeypatch.setattr(stores._Contact, "told", -1e9)
    assert persist(failing(len(stores.WAITS), OSError("reset"))) == len(stores.WAITS) + 1
    assert waited == sorted(waited) == list(stores.WAITS)
    assert sum(waited) > 30  # a server that restarts
    with pytest.raises(StoreError, match=r"did not answer in 7 tries \(reset\)") as raised:
        persist(failing(len(stores.WAITS) + 1, OSError("reset\nmore")))
    assert ends_the_work(raised.value)
    told = capsys.readouterr().err.splitlines()
    assert told == ["the store does not answer (reset): trying again for a minute"]


@pytest.mark.parametrize(("answered", "tries", "plan"), [
    (False, 2, "trying again"), (True, 7, "trying again for a minute"),
])  # fmt: skip
def test_an_unknown_host_is_given_up_early_unless_a_store_has_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    answered: bool, tries: int, plan: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(stores, "pause", lambda seconds: None)
    monkeypatch.setattr(stores._Contact, "answered", answered)
    error = OSError("[Errno -2] Name or service not known")
    monkeypatch.setattr(stores._Contact, "told", -1e9)
    with pytest.raises(StoreError, match=rf"in {tries} tries .*the network and HF_ENDPOINT$"):
        persist(failing(9, error), "hf://datasets/me/x")
    assert capsys.readouterr().err.endswith(f": {plan}\n")


def test_a_signal_ends_the_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(time, "sleep", sleep)
    with (
        Interruption(),
        pytest.raises(StoreError, match=r"^stopped by SIGTERM while the store did not"),
    ):
        persist(failing(9, OSError("reset")))
    assert len(slept) == 1


def test_a_loader_worker_sees_the_signal_of_its_trainer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signals, "_shared", [])
    shared = signals.shared_signal()
    with Interruption():
        assert shared.value == 0
        signal.raise_signal(signal.SIGTERM)
        assert shared.value == signal.SIGTERM
    assert signals.pause(60) == signal.SIGTERM  # there is no handler here, as in a worker
    with Interruption():
        assert signals.received() is None


OBSTORE = """Generic S3 error: Error performing GET http://host/bucket/b.png in 49µs - {reason}

Debug source:
Generic {{
    uri: Some(
        http://127.0.0.1:9/bucket/b.png,
    ),
    source: hyper_util::client::legacy::Error(
        ConnectError(
            "tcp connect error",
            {inner}
        ),
    ),
}}"""


@pytest.mark.parametrize(
    ("reason", "inner", "expected"),
    [
        ("HTTP error: error sending request", 'Os { message: "Connection refused" },',
         "Connection refused"),
        ("HTTP error: error sending request", "", "tcp connect error"),
        ("Server returned non-2xx status code: 503 Slow Down: <?xml?>\n<Code>SlowDown</Code>", "",
         "503 Slow Down, SlowDown"),
    ],
)  # fmt: skip
def test_obstores_messages_are_cut_to_their_cause(reason: str, inner: str, expected: str) -> None:
    assert stores._line(OSError(OBSTORE.format(reason=reason, inner=inner))) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FileNotFoundError("no key"), FileNotFoundError),
        (PermissionError("wrong key"), StoreError),
        (TypeError("a mistake of ours"), TypeError),
    ],
)
def test_what_another_try_does_not_change_is_raised_at_once(
    monkeypatch: pytest.MonkeyPatch, error: Exception, expected: type[Exception]
) -> None:
    monkeypatch.setattr(stores, "pause", lambda seconds: pytest.fail("waited"))
    with pytest.raises(expected):
        persist(failing(1, error))


def test_a_missing_package_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(stores.SCHEMES, "s3", stores.Scheme("no_such_package"))
    with pytest.raises(
        ValueError, match=r"s3:// requires .*pip install 'gan-translation\[remote\]'"
    ):
        stores.read("s3://bucket/x")


def test_what_can_only_be_read_is_not_written() -> None:
    with pytest.raises(ValueError, match="https:// is read-only"):
        stores.write("https://host/x", b"", replace=True)
