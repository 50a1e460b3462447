"""Which of several processes this is, for commands that share out their work."""

import os
import pickle
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from gan.system.launchers import explain_failure, wait_for_others, warn_if_alone

T = TypeVar("T")

PATIENCE = timedelta(days=365)
"""How long processes wait for each other: one may have its share done long before another, or work
alone. A process that dies ends the others by their launcher."""
_CONTROL: WeakValueDictionary[str, Any] = WeakValueDictionary()
"""The control group, as long as torch has it: held here, its threads would abort the end."""


ENDED = ("closed by peer", "reset by peer", "broken pipe", "socket closed", "remote process exited")
"""What gloo and NCCL say, in small letters, where another process has ended."""


@dataclass(frozen=True)
class Processes:
    """This process's number, and how many there are."""

    rank: int = 0
    world: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the process that speaks and decides."""
        return self.rank == 0

    def once(self, function: Callable[[], T]) -> T:
        """Return on all processes what a function returns on the main one; raise what it raises."""
        if self.world == 1:
            return function()
        import torch.distributed as dist

        answers = [_attempt(function) if self.main else None]
        dist.broadcast_object_list(answers, group=control_group())
        answer: T = self._values(answers)[0]
        return answer

    def share(self, items: Sequence[Any]) -> Sequence[Any]:
        """Return this process's part: every world-th item."""
        return items[self.rank :: self.world]

    def gather(self, function: Callable[[], list[T]]) -> list[T]:
        """Return on all processes what a function lists on each, in their order.

        What it raises on one of them all raise, so that none waits for a process that has ended.
        """
        if self.world == 1:
            return function()
        import torch.distributed as dist

        answers: list[Any] = [None] * self.world
        dist.all_gather_object(answers, _attempt(function), group=control_group())
        return [item for items in self._values(answers) for item in items]

    def _values(self, answers: list[Any]) -> list[Any]:
        """Return the answers of processes; raise what one raised: the main one prints it."""
        for answer in answers:
            if isinstance(answer, _Raised):
                answer.error.__dict__["said_elsewhere"] = not self.main
                raise answer.error
        return answers


@dataclass(frozen=True)
class _Raised:
    """What a function raised in place of returning."""

    error: Exception


def _attempt(function: Callable[[], T]) -> T | _Raised:
    """Return what a function returns, or what it raised; other errors than users' by their text."""
    try:
        return function()
    except (ValueError, OSError) as error:
        with suppress(Exception):  # an error of a library may not travel
            pickle.loads(pickle.dumps(error))
            return _Raised(error)
        return _Raised(ValueError(str(error)))
    except Exception as error:
        traceback.print_exc()
        return _Raised(RuntimeError(f"{type(error).__name__}: {error}"))


def control_group() -> Any:
    """Return the group by which processes agree: on CPUs, beside the one that averages gradients.

    It waits for as long as the main process works alone; NCCL would end a run after ten minutes.
    All processes must call this first at the same place.
    """
    import torch.distributed as dist

    group = _CONTROL.get("group")
    if group is None:
        group = _CONTROL["group"] = dist.new_group(backend="gloo", timeout=PATIENCE)
    return group


def any_process(flag: bool) -> bool:
    """Return whether a flag is set on any process; all of them ask, and wait, at the same place."""
    import torch
    import torch.distributed as dist

    if not dist.is_initialized() or dist.get_world_size() == 1:
        return flag
    flags = torch.tensor(float(flag))
    dist.all_reduce(flags, op=dist.ReduceOp.MAX, group=control_group())
    return bool(flags)


def meet() -> None:
    """Wait until all processes, if there are several, have come here."""
    any_process(False)


def join(*, cpu: bool) -> Processes:
    """Meet the processes that `accelerate launch` or torchrun started with this one, if any.

    `cpu` says that they compute on CPUs. On GPUs each takes its own as torch's present one.
    """
    warn_if_alone()
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    from accelerate import PartialState

    state = PartialState(cpu=cpu, timeout=PATIENCE)
    return Processes(state.process_index, state.num_processes)


def lost_process(error: Exception) -> bool:
    """Return whether an error only tells that another process has ended."""
    if not _among_others() or not isinstance(error, RuntimeError):
        return False
    text = str(error).lower()
    return any(sign in text for sign in ENDED)


def abandon(status: int) -> int:
    """Return the exit status of a failure; end at once where other processes wait for this one.

    They learn of it by its closed connections. At the interpreter's own end gloo's threads would
    now and then abort it, and it may wait for threads that wait for others.
    """
    if _among_others():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def part(status: int, text: str) -> int:
    """Part from the others when all is done; return this process's exit status.

    Where one has 1, what failed is printed already: one process of each machine ends with 1, after
    the others, which end with 0. torchrun prints a report for each that fails, and kills the
    slower ones. The text becomes the last line of its report.
    """
    failed = _among_others() and any_process(status == 1)
    leave()
    if not failed:
        return status
    if os.environ.get("LOCAL_RANK", "0") != "0":
        return 0
    explain_failure(text)
    wait_for_others()
    return 1


def _among_others() -> bool:
    """Return whether this process has met others."""
    if "torch" not in sys.modules:
        return False
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def leave() -> None:
    """Part from the others when all is done.

    Gloo's threads would have to part at the interpreter's end, and now and then abort it then
    (PyTorch, pull request 179291): a finished run would end with SIGABRT.
    """
    if "torch" in sys.modules:
        import torch.distributed as dist

        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
