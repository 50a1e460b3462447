"""Errors as one line: the key, what is wrong with its value, and what would be right."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

LONGEST = 200
"""Characters of a value that are shown."""


def one_line(error: Exception) -> str:
    """Return the text of an error, without line breaks."""
    if isinstance(error, ValidationError):
        return explain(error)
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


def explain(error: ValidationError, key: str = "") -> str:
    """Return what pydantic found; a key is where the value stands, if not at the top."""
    details = error.errors()
    missing = [dotted(each["loc"], key) for each in details if each["type"] == "missing"]
    if missing:
        return f"required: {', '.join(missing)}"
    return "; ".join(dict.fromkeys(_describe(each, key) for each in details))


def _describe(detail: Any, key: str) -> str:
    """Return one error of pydantic: "loss.cycle: Input should be a number. Got value: x"."""
    kind, value = detail["type"], detail["input"]
    text = str(detail["ctx"]["error"]) if kind == "value_error" else detail["msg"]
    if kind == "value_error" and isinstance(value, (dict, BaseModel)):
        return text  # a check between several keys, which names them itself
    if kind == "literal_error":
        text = "Expected one of " + detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
    if kind == "list_type":
        text = "Expected a list, [ONE,TWO]"
    shown = str(value) if len(str(value)) < LONGEST else f"{str(value)[:LONGEST]}..."
    got = "" if kind == "value_error" else f". Got value: {shown}"
    return f"{dotted(detail['loc'], key)}: {text}{got}"


def dotted(place: Sequence[int | str], key: str) -> str:
    """Return a place of pydantic's as a dotted key, without positions in lists."""
    return ".".join(str(part) for part in (key, *place) if part != "" and isinstance(part, str))
