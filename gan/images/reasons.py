"""Explain in plain words why a file cannot be read, in place of a decoder's message."""

import struct
from types import TracebackType

from gan.system.stores import StoreError

EARLY = ("truncat", "eof", "end of file", "end of data", "not enough", "insufficient", "only got",
         "too small", "premature end", "cannot read full")  # fmt: skip
"""Parts, in lower case, of decoders' messages about a file that ends too early."""
RARE = ("support", "cannot handle", "not implemented", "too large", "exceeds")
"""Parts of decoders' messages that name a limit or a missing feature; these messages are kept."""


def plain_reason(error: Exception) -> str:
    """Return why a file cannot be read, in one line.

    Messages of this program and of the operating system are kept; decoders' are replaced.
    """
    error = _cause(error)
    if isinstance(error, MemoryError):
        return "does not fit into memory just now"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = (str(error).splitlines() or [""])[0]
    ours = type(error) is ValueError and _raised_here(error.__traceback__)
    if ours or isinstance(error, StoreError):
        return text
    if _ends_early(error):
        return "damaged: it ends too early"
    if _names_kind(text):
        return f"damaged, or of a rare kind ({text})"
    return "damaged: its data cannot be unpacked"


def header_reason(name: str, error: Exception) -> str:
    """Return, in one line, why a file that begins like the format `name` cannot be opened."""
    error = _cause(error)
    if _ends_early(error):
        return f"damaged {name}: it ends too early"
    text = (str(error).splitlines() or [""])[0]
    return f"damaged {name}, or of a rare kind" + (f" ({text})" if _names_kind(text) else "")


def _cause(error: Exception) -> Exception:
    """Return the error that Pillow wrapped in a SyntaxError; return other errors unchanged."""
    wrapped = isinstance(error, SyntaxError) and isinstance(error.__cause__, Exception)
    return error.__cause__ if wrapped and isinstance(error.__cause__, Exception) else error


def _ends_early(error: Exception) -> bool:
    if isinstance(error, struct.error | IndexError | EOFError):
        return True
    return any(sign in str(error).lower() for sign in EARLY)


def _names_kind(text: str) -> bool:
    return any(sign in text.lower() for sign in RARE)


def _raised_here(trace: TracebackType | None) -> bool:
    """Return whether an error was raised by a module of the package gan."""
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("gan.")
