"""How many CPU threads torch uses."""

import torch

from gan.system.unix import usable_cores


def set_threads(threads: int | None, otherwise: int | None = None) -> None:
    """Let torch use so many threads; None for `otherwise`, or, without it, for as many as before.

    Launchers give processes one thread, however many cores there are: `otherwise` is what a command
    makes of that.
    """
    if (wanted := threads if threads is not None else otherwise) is not None:
        torch.set_num_threads(wanted)


def cores() -> int:
    """Return how many cores this process may use."""
    return usable_cores()
