"""Format errors as one line."""

import re

from pydantic import ValidationError

from gan.config.errors import explain
from gan.system.text import error_line


def one_line(error: Exception) -> str:
    """Return the text of an error, without line breaks."""
    if isinstance(error, ValidationError):
        return explain(error, {})
    return error_line(error)


def of_a_compiler(error: RuntimeError) -> str | None:
    """Return a message if torch.compile failed; None for another error."""
    if not type(error).__module__.startswith(("torch._inductor", "torch._dynamo")):
        return None
    from torch._inductor.runtime.cache_dir_utils import cache_dir

    lines = [line.strip() for line in str(error).splitlines()]
    reason = next((line for line in lines if "rror" in line), "no reason given")
    return (
        f"torch.compile failed ({reason}). If a run was stopped while it compiled, half-written "
        f"files are in {cache_dir()}: delete that folder and run the same command again, or set "
        "train.compile false"
    )


def of_a_worker(error: RuntimeError) -> str | None:
    """Return a message about a loader worker that died; None for another error.

    torch may raise the error about a dead worker at any line of the main process.
    """
    found = re.search(r"DataLoader worker \(pid(?:\(s\))? [\d, ]+\) (.*?)\.? *$", str(error), re.M)
    if found is None:
        return None
    fate = found[1].replace("is killed", "was killed")
    return (
        f"a loader worker {fate}. If memory is short, set data.workers or data.load_size lower; "
        "run the same command again to continue"
    )
