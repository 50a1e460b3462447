"""How commands part from the processes that they were started with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch.distributed as dist

from gan.cli import main as cli


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """A process group of this process alone."""
    place = (tmp_path / "store").as_uri()
    dist.init_process_group("gloo", init_method=place, world_size=1, rank=0)
    yield
    if dist.is_initialized():
        dist.destroy_process_group()


def succeeds(model: str = "") -> int:
    """Succeed."""
    return 75


def fails(model: str = "") -> int:
    """Fail."""
    raise ValueError("wrong")


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(("command", "status", "left"), [(succeeds, 75, True), (fails, 1, False)])
def test_a_command_that_ends_leaves_the_group_and_one_that_fails_does_not_wait_for_it(
    command: Callable[..., int], status: int, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "load", lambda name: command)
    assert cli.run("train", []) == status
    assert dist.is_initialized() is not left
