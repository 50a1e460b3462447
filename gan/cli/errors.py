"""Errors as one line."""

import re

from pydantic import ValidationError

from gan.config.errors import explain


def one_line(error: Exception) -> str:
    """Return the text of an error, without line breaks."""
    if isinstance(error, ValidationError):
        return explain(error, {})
    lines = str(error).strip().splitlines()
    if "Original Traceback" in str(error):  # from a loader worker; the last line has it all
        return lines[-1].partition("Error: ")[2] or lines[-1]
    return " ".join(str(error).split())


def of_a_worker(error: RuntimeError) -> str | None:
    """Return a message about a loader worker that was killed; None for another error.

    torch raises it wherever the main process happens to be.
    """
    found = re.search(r"DataLoader worker \(pid(?:\(s\))? [\d, ]+\) (.*?)\.? *$", str(error), re.M)
    if found is None:
        return None
    fate = found[1].replace("is killed", "was killed")
    return (
        f"a loader worker {fate}. Where memory is short, fewer data.workers or a smaller "
        "data.load_size take less; run the same command again to continue"
    )
