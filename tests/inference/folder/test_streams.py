"""Several batches at once: in order, one core each, with equal results for any number of cores."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from gan.inference.folder import streams
from gan.inference.folder.plan import Job
from gan.inference.folder.streams import Streams
from gan.system.threads import set_threads
from tests.support.commands import translate_folder
from tests.support.interrupted_runs import contents, write_tree

SIZES = [(500, 500), (1000, 1000), (2000, 2000), (40, 40), (2000, 2000), (40, 40), (40, 40)]


@pytest.fixture
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_large_batches_use_all_threads_and_small_ones_one(four_threads: None) -> None:
    """Results are in order, and the caller's number of threads is restored."""
    jobs = [Job(Path(f"{i}"), size, Path(f"{i}")) for i, size in enumerate(SIZES)]
    with Streams(torch.device("cpu")) as streams:
        results = list(
            streams.map(
                lambda batch, read: (batch[0].source.name, read, torch.get_num_threads()),
                iter([([job], number) for number, job in enumerate(jobs)]),
            )
        )
    assert [name for name, _, _ in results] == [f"{i}" for i in range(7)]
    assert [read for _, read, _ in results] == list(range(7))
    assert [threads for _, _, threads in results] == [1, 1, 4, 1, 4, 1, 1]
    assert torch.get_num_threads() == 4


def test_the_thread_that_feeds_a_gpu_uses_that_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread has its own current device, which is 0 in a new one."""
    present = threading.local()
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: setattr(present, "gpu", device))
    job = Job(Path("a"), (20, 20), Path("b"))
    with Streams(torch.device("cuda", 2)) as streams:
        (gpu,) = streams.map(lambda *_: present.gpu, iter([([job], None)]))
    assert gpu == torch.device("cuda", 2)


def test_an_error_of_a_stream_is_raised(four_threads: None) -> None:
    job = Job(Path("a"), (20, 20), Path("b"))

    def fail(batch: object, read: object) -> None:
        raise KeyboardInterrupt

    with Streams(torch.device("cpu")) as streams, pytest.raises(KeyboardInterrupt):
        list(streams.map(fail, iter([([job], None)])))


def test_the_number_of_threads_changes_no_byte(
    tmp_path: Path, new_generator: Callable[..., Path]
) -> None:
    write_tree(tmp_path / "photos", 30)
    model = new_generator(tmp_path / "gen_ab.safetensors", channels=8)
    before = torch.get_num_threads()
    for threads in (1, 3):
        torch.set_num_threads(threads)
        assert translate_folder(model, tmp_path / "photos", tmp_path / f"{threads}") == 0
    torch.set_num_threads(before)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")


@pytest.mark.parametrize(("asked", "processes", "present", "expected"), [
    (None, "1", 4, 4), (None, "1", 1, 1), (3, "1", 1, 3),
    (None, "2", 1, 4), (None, "2", 8, 4), (None, "2", 3, 3), (1, "2", 8, 1), (None, "16", 1, 1),
])  # fmt: skip
def test_processes_share_the_cores_unless_threads_are_set(
    asked: int | None,
    processes: str,
    present: int,
    expected: int,
    four_threads: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With eight cores; torchrun sets one thread."""
    monkeypatch.setenv("LOCAL_WORLD_SIZE", processes)
    monkeypatch.setattr(streams, "cores", lambda: 8)
    torch.set_num_threads(present)
    set_threads(asked, streams.share_of_cores())
    assert torch.get_num_threads() == expected
