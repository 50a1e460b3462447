"""Share work between the processes that a launcher started."""

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
"""How long processes wait for each other: one may finish its share long before another, or work
alone. If a process dies, the launcher ends the others."""
_CONTROL: WeakValueDictionary[str, Any] = WeakValueDictionary()
"""The control group, while torch holds it; a strong reference could abort the process at exit."""


ENDED = ("closed by peer", "reset by peer", "broken pipe", "socket closed", "remote process exited")
"""Errors of gloo and NCCL, in lower case, if another process has ended."""


@dataclass(frozen=True)
class Processes:
    """This process's rank, and the number of processes."""

    rank: int = 0
    world: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the process that prints, writes and decides."""
        return self.rank == 0

    def once(self, function: Callable[[], T]) -> T:
        """Call a function on the main process; return its result or raise its error on all."""
        if self.world == 1:
            return function()
        import torch.distributed as dist

        answers = [_attempt(function) if self.main else None]
        dist.broadcast_object_list(answers, group=control_group())
        answer: T = self._values(answers)[0]
        return answer

    def share(self, items: Sequence[Any]) -> Sequence[Any]:
        """Return this process's share: every world-th item."""
        return items[self.rank :: self.world]

    def gather(self, function: Callable[[], list[T]]) -> list[T]:
        """Call a function on each process; return their lists, joined by rank, on all.

        If it raises on one process, all raise its error, so that none waits for an ended process.
        """
        if self.world == 1:
            return function()
        import torch.distributed as dist

        answers: list[Any] = [None] * self.world
        dist.all_gather_object(answers, _attempt(function), group=control_group())
        return [item for items in self._values(answers) for item in items]

    def _values(self, answers: list[Any]) -> list[Any]:
        """Return the answers, or raise the first error; only the main process prints errors."""
        for answer in answers:
            if isinstance(answer, _Raised):
                answer.error.__dict__["said_elsewhere"] = not self.main
                raise answer.error
        return answers


@dataclass(frozen=True)
class _Raised:
    """An error that a function raised instead of returning."""

    error: Exception


def _attempt(function: Callable[[], T]) -> T | _Raised:
    """Call a function; return its result or its error.

    Errors other than ValueError and OSError are printed, and become RuntimeErrors with their text.
    """
    try:
        return function()
    except (ValueError, OSError) as error:
        with suppress(Exception):  # an error of a library may not be picklable
            pickle.loads(pickle.dumps(error))
            return _Raised(error)
        return _Raised(ValueError(str(error)))
    except Exception as error:
        traceback.print_exc()
        return _Raised(RuntimeError(f"{type(error).__name__}: {error}"))


def control_group() -> Any:
    """Return the process group for decisions: on CPUs, separate from the one for gradients.

    Its processes wait up to PATIENCE while the main process works alone; NCCL would end a run after
    ten minutes. The first call must be at the same place in all processes.
    """
    import torch.distributed as dist

    group = _CONTROL.get("group")
    if group is None:
        group = _CONTROL["group"] = dist.new_group(backend="gloo", timeout=PATIENCE)
    return group


def any_process(flag: bool) -> bool:
    """Return whether a flag is set on any process. All processes call this at the same place."""
    import torch
    import torch.distributed as dist

    if not dist.is_initialized() or dist.get_world_size() == 1:
        return flag
    flags = torch.tensor(float(flag))
    dist.all_reduce(flags, op=dist.ReduceOp.MAX, group=control_group())
    return bool(flags)


def meet() -> None:
    """Wait until all processes, if there are several, have called this."""
    any_process(False)


def join(*, cpu: bool) -> Processes:
    """Connect to the processes that `accelerate launch` or torchrun started with this one, if any.

    cpu: whether they compute on CPUs. Otherwise the GPU of this process becomes torch's current
    device.
    """
    warn_if_alone()
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    from accelerate import PartialState

    state = PartialState(cpu=cpu, timeout=PATIENCE)
    return Processes(state.process_index, state.num_processes)


def lost_process(error: Exception) -> bool:
    """Return whether an error only means that another process has ended."""
    if not _among_others() or not isinstance(error, RuntimeError):
        return False
    text = str(error).lower()
    return any(sign in text for sign in ENDED)


def abandon(status: int) -> int:
    """Return `status`; in a run of several processes, end this one at once with it (os._exit).

    The other processes notice the closed connections. A normal exit could crash in gloo's threads,
    or hang on threads that wait for other processes.
    """
    if _among_others():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def part(status: int, text: str) -> int:
    """Leave the process group at the end of a command; return this process's exit status.

    If any process has status 1, its failures are printed already. Then only one process of each
    machine returns 1, after the others have ended with 0: torchrun prints a report for each process
    that fails and kills those that still run. `text` becomes the last line of the report.
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
    """Return whether this process is connected to others."""
    if "torch" not in sys.modules:
        return False
    import torch.distributed as dist

    return dist.is_available() and dist.is_initialized() and dist.get_world_size() > 1


def leave() -> None:
    """Leave the process group.

    If this is left to the end of the interpreter, gloo's threads occasionally abort the process
    with SIGABRT (PyTorch, pull request 179291).
    """
    if "torch" in sys.modules:
        import torch.distributed as dist

        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
