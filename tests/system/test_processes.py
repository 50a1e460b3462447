"""Commands leave their process group when they end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch.distributed as dist

from gan.cli import main as cli
from gan.cli.commands import COMMANDS
from gan.inspection.options import InspectOptions


@pytest.fixture
def group(tmp_path: Path) -> Iterator[None]:
    """Create a process group with this process only."""
    place = (tmp_path / "store").as_uri()
    dist.init_process_group("gloo", init_method=place, world_size=1, rank=0)
    yield
    if dist.is_initialized():
        dist.destroy_process_group()


def succeeds(options: InspectOptions) -> int:
    """Succeed."""
    return 75


def fails(options: InspectOptions) -> int:
    """Fail."""
    raise ValueError("wrong")


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize(("command", "status", "left"), [(succeeds, 75, True), (fails, 1, False)])
def test_a_command_that_ends_leaves_the_group_and_one_that_fails_does_not_wait_for_it(
    command: Callable[..., int], status: int, left: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = replace(COMMANDS["inspect"], run=command)
    monkeypatch.setitem(COMMANDS, "inspect", row)
    assert cli.run("inspect", []) == status
    assert dist.is_initialized() is not left
