"""Objects in stores (S3, a web server, the Hub) by URL: list, read and write, with retries.

Object stores are read by obstore, a package without requirements, and datasets of the Hub by
huggingface_hub. All other URLs are read by file systems of fsspec, which torch requires.
"""

import errno
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from gan.system.hub import Hub
from gan.system.object_stores import ObjectStores
from gan.system.signals import pause

T = TypeVar("T")


@dataclass(frozen=True)
class Scheme:
    """One kind of URL, and how it is opened."""

    package: str
    """The package that must be installed. fsspec comes with torch."""
    form: str = ""
    """The form of a URL of images, for messages."""
    endpoint: str = ""
    """The environment variable that sets another server."""
    files: Callable[[], Any] | None = None
    """Function that makes their reader, with names relative to a listed URL. None: fsspec's."""
    writable: bool = True
    pages: bool = False
    """Whether folders are web pages, which the server describes as files."""


SCHEMES = {
    "s3": Scheme("obstore", "s3://BUCKET/NAME", "AWS_ENDPOINT_URL", files=ObjectStores),
    "gs": Scheme("obstore", "gs://BUCKET/NAME", files=ObjectStores),
    "az": Scheme("obstore", "az://CONTAINER/NAME", files=ObjectStores),
    "hf": Scheme(
        "huggingface_hub", "hf://datasets/OWNER/NAME", "HF_ENDPOINT", files=Hub, writable=False
    ),
    "http": Scheme("aiohttp", "http://HOST/NAME", writable=False, pages=True),
    "https": Scheme("aiohttp", "https://HOST/NAME", writable=False, pages=True),
    "memory": Scheme("fsspec", "memory://NAME"),
}
"""The supported kinds of URLs. memory is for tests in one process."""
WAITS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between tries. Their sum is about a minute, enough for a store to restart."""
UNKNOWN_HOST = ("getaddrinfo", "name resolution", "Name or service", "nodename", "dns error")
"""Texts in errors about an unknown host. Until a request has succeeded, these get FEW tries
only."""
FEW = 2
MOST = 2**30
"""Largest object in bytes: it is held in memory while it is decoded."""
DENIED = ("PermissionError", "PermissionDeniedError", "UnauthenticatedError")
"""Names of errors about missing or wrong credentials, in fsspec and obstore."""
STATUSES = (401, 403)
REJECTED = ("401 Unauthorized", "403 Forbidden")
"""Texts in obstore's generic error for a denied listing."""
HTTP = " - HTTP error: "
STATUS = re.compile(r"returned non-2xx status code: (\d+[A-Za-z ]*)")
CODE = re.compile(r"<Code>(\w+)</Code>")
CAUSE = re.compile(r'(?:message: |^ *)"([A-Za-z][^"\n]*)"', re.MULTILINE)
"""Patterns of the cause in obstore's messages, which have forty lines."""
MISTAKES = (TypeError, AttributeError, ValueError, NotImplementedError, ImportError, KeyError)
"""Errors that would occur again, so the request is not repeated."""


class StoreError(ValueError):
    """A store denies access or does not answer, so other objects cannot be read either."""


class Entry(NamedTuple):
    """An object: its name below the listed URL, its length in bytes, and its tag or ""."""

    name: str
    size: int
    tag: str


class _Contact:
    """State of the connection to stores, for this process."""

    answered = False
    """Whether a request has succeeded."""
    told = -120.0
    """Time in seconds of the last printed line about a store that does not answer."""


def unreachable(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, is a StoreError."""
    while error is not None:
        if isinstance(error, StoreError):
            return True
        error = error.__cause__
    return False


def scheme_of(url: str) -> str:
    """Return the part of a URL before its first colon."""
    return url.partition(":")[0]


def file_system(url: str) -> Any:
    """Return a file system for a URL's kind; ValueError if a package is missing."""
    name = scheme_of(url)
    row = SCHEMES[name]
    try:
        __import__(row.package)
        if row.files:
            return row.files()
        import fsspec

        # Listings of objects that another process writes must not be old.
        return fsspec.filesystem(name, use_listings_cache=False)
    except ImportError as error:
        raise ValueError(
            f"{url}: {name}:// requires the package {row.package}: pip install "
            "'gan-translation[remote]'"
        ) from error


def persist(call: Callable[[], T], url: str = "") -> T:
    """Return call(). If it fails, try again after each of WAITS.

    FileNotFoundError if the object does not exist. StoreError after the last try, at once if the
    credentials are wrong, and if a signal ends the run.
    """
    for number, wait in enumerate((*WAITS, None), 1):
        try:
            result = call()
            _Contact.answered = True
            return result
        except FileNotFoundError as error:
            _Contact.answered = True
            raise FileNotFoundError(errno.ENOENT, "no such object") from error
        except MISTAKES:
            raise
        except Exception as error:  # each file system has its own errors
            if _denied(error):
                raise StoreError(
                    f"the store denies access: check its credentials ({_line(error)})"
                ) from error
            nameless = not _Contact.answered and _unknown_host(error)
            if wait is None or (nameless and number >= FEW):
                raise StoreError(
                    f"the store did not answer in {number} tries ({_line(error)}): {_advice(url)}"
                ) from error
            _tell(url, error, "trying again" if nameless else "trying again for a minute")
            if received := pause(wait):
                raise StoreError(
                    f"stopped by {received.name} while the store did not answer ({_line(error)})"
                ) from error
    raise AssertionError


def _tell(url: str, error: Exception, plan: str) -> None:
    """Print that a store does not answer, and what is planned, once per outage."""
    now = time.monotonic()
    if now - _Contact.told > 2 * sum(WAITS):
        _Contact.told = now
        name = f"{url}: " if url else ""
        text = f"{name}the store does not answer ({_line(error)}): {plan}"
        print(text, file=sys.stderr, flush=True)


def _advice(url: str) -> str:
    """Return advice for a store that does not answer."""
    row = SCHEMES.get(scheme_of(url))
    endpoint = f" and {row.endpoint}" if row and row.endpoint else ""
    return f"check the network{endpoint}"


def _unknown_host(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes, is about an unknown host name."""
    while error is not None:
        if any(text in str(error) for text in UNKNOWN_HOST):
            return True
        error = error.__cause__ or error.__context__
    return False


def _denied(error: Exception) -> bool:
    """Return whether an error is about credentials."""
    names = {kind.__name__ for kind in type(error).__mro__}
    answer = getattr(error, "response", error)
    status = getattr(answer, "status", getattr(answer, "status_code", None))
    rejected = any(text in str(error) for text in REJECTED)
    return rejected or not names.isdisjoint(DENIED) or status in STATUSES


def _line(error: Exception) -> str:
    """Return the cause of an error in a few words: its first line, or obstore's cause."""
    text = str(error)
    causes: list[str] = CAUSE.findall(text)
    if status := STATUS.search(text):
        return ", ".join(map(str, [status[1], *CODE.findall(text)[:1]]))
    first = (text.splitlines() or [""])[0]
    if HTTP in first:
        return (causes or [first.rpartition(HTTP)[2]])[-1]
    return first[:200] or type(error).__name__


def _named(url: str, call: Callable[[], T]) -> T:
    """Return persist(call); messages of StoreError and ValueError begin with the URL."""
    try:
        return persist(call, url)
    except ValueError as error:
        kind = StoreError if isinstance(error, StoreError) else ValueError
        raise kind(f"{url}: {error}") from error


def pinned(url: str) -> str:
    """Return a URL that always names the same data: for the Hub with its present commit."""
    files = file_system(url)
    return str(_named(url, lambda: files.pinned(url))) if isinstance(files, Hub) else url


def listing(url: str) -> Iterator[Entry]:
    """Yield the objects below a URL, unsorted; nothing if the URL does not exist.

    ValueError if a package is missing, StoreError as from `persist`.
    """
    files = file_system(url)
    pages = SCHEMES[scheme_of(url)].pages
    base = url.rstrip("/") + ("/" if pages else "")
    try:
        if pages:  # fsspec's find passes over what does not answer
            _named(url, lambda: files.ls(base, detail=False))
        found: dict[str, dict[str, Any]] = _named(
            url, lambda: files.find(base, detail=True, withdirs=False)
        )
    except FileNotFoundError:
        found = {}
    for name, about in found.items():
        if about.get("type") != "file":
            continue
        if not SCHEMES[scheme_of(url)].files:  # fsspec's names begin with the listed folder's
            root = str(files._strip_protocol(base)).rstrip("/") + "/"
            if not name.startswith(root):
                continue
            name = name.removeprefix(root)
        yield Entry(name, int(about.get("size") or 0), tag_of(about))


def tag_of(info: dict[str, Any]) -> str:
    """Return an object's tag from its description, "" without one. It changes with the content."""
    for key in ("e_tag", "ETag", "etag", "blob_id", "md5"):
        if info.get(key):
            return str(info[key]).strip('"')
    return ""


def read(url: str, start: int | None = None, end: int | None = None) -> bytes:
    """Return the bytes of an object, or of a part of it; errors as from `persist`."""
    files = file_system(url)
    return bytes(persist(lambda: files.cat_file(url, start=start, end=end), url))


def write(url: str, data: bytes, *, replace: bool) -> None:
    """Write an object atomically; FileExistsError if it exists, unless `replace` is set."""
    if not SCHEMES[scheme_of(url)].writable:
        raise ValueError(f"{url}: {scheme_of(url)}:// is read-only: choose another output")
    files = file_system(url)
    if not replace and _named(url, lambda: files.exists(url)):
        raise FileExistsError(errno.EEXIST, "exists and is not replaced", url)
    _named(url, lambda: files.pipe_file(url, data))


def move(url: str, target: str) -> None:
    """Move an object; FileNotFoundError if there is none."""
    files = file_system(url)
    _named(url, lambda: files.mv(url, target))


def info(url: str) -> dict[str, Any] | None:
    """Return the description of an object or folder, or None; StoreError as from `persist`."""
    files = file_system(url)
    try:
        found = dict(_named(url, lambda: files.info(url)))
    except FileNotFoundError:
        return None
    if SCHEMES[scheme_of(url)].pages and "." not in url.rpartition("/")[2]:
        found["type"] = "directory"
    return found


def remove(url: str) -> None:
    """Remove an object if it exists."""
    files = file_system(url)
    try:
        _named(url, lambda: files.rm_file(url))
    except FileNotFoundError:
        return
