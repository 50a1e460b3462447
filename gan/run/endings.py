"""How a run's last words go."""

from gan.extent import Extent


def finished(step: int, extent: Extent, reason: str | None) -> str:
    """For a run that has nothing left to do; the reason is an observer's for ending it early."""
    return f"finished at step {step} of {extent.last_step}" + (
        f": {reason}" if reason else more(extent)
    )


def done(step: int, extent: Extent) -> str:
    """For a run that has just made its last step: train.max_steps, or that of the epochs."""
    return f"step {step} of {extent.stop} done" + more(extent)


def more(extent: Extent) -> str:
    """What goes on, where train.max_steps ends a run before its epochs do."""
    return "; a higher train.max_steps goes on" if extent.stop < extent.last_step else ""
