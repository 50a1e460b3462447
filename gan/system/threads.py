"""Set the number of CPU threads of torch."""

import torch

from gan.system.unix import usable_cores


def set_threads(threads: int | None, otherwise: int | None = None) -> None:
    """Set torch's number of threads to `threads`, or else to `otherwise`; keep it if both are None.

    Launchers set one thread per process, whatever the number of cores. Commands pass the number to
    use instead as `otherwise`.
    """
    if (wanted := threads if threads is not None else otherwise) is not None:
        torch.set_num_threads(wanted)


def cores() -> int:
    """Return the number of cores that this process may use."""
    return usable_cores()
