"""Which of several processes this is, for commands that share out their work."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True)
class Processes:
    """This process's number, and how many there are."""

    rank: int = 0
    world: int = 1

    @property
    def main(self) -> bool:
        """Whether this is the process that speaks and decides."""
        return self.rank == 0

    def once(self, function: Callable[[], Any]) -> Any:
        """What a function returns on the main process, for all; what it raises, likewise."""
        if self.world == 1:
            return function()
        from accelerate.utils import broadcast_object_list

        answer: list[Any] = [None, None]
        if self.main:
            try:
                answer[0] = function()
            except (ValueError, OSError) as error:
                answer[1] = error
        broadcast_object_list(answer)
        if answer[1] is not None:
            raise answer[1]
        return answer[0]

    def share(self, items: Sequence[Any]) -> Sequence[Any]:
        """This process's part: every world-th item."""
        return items[self.rank :: self.world]

    def gather(self, items: list[Any]) -> list[Any]:
        """The items of all processes, in the order of the processes, on all of them."""
        if self.world == 1:
            return items
        from accelerate.utils import gather_object

        gathered: list[Any] = gather_object(items)
        return gathered


def join(*, cpu: bool) -> Processes:
    """Meet the processes that `accelerate launch` or torchrun started with this one, if any.

    `cpu` says that they compute on CPUs. On GPUs each takes its own as torch's present one.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    from accelerate import PartialState

    # One may have finished its share long before another has.
    state = PartialState(cpu=cpu, timeout=timedelta(days=365))
    return Processes(state.process_index, state.num_processes)


def leave() -> None:
    """Part from the others when all is done.

    Gloo's threads would have to part at the interpreter's end, and now and then abort it then
    (PyTorch, pull request 179291): a finished run would end with SIGABRT.
    """
    if "torch" in sys.modules:
        import torch.distributed as dist

        if dist.is_available() and dist.is_initialized():
            dist.destroy_process_group()
