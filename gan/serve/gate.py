"""Check every request before the page sees it: its path, its origin and its length."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gan.serve.options import ServeOptions
from gan.serve.tidy import bytes_in

FILE = "/gradio_api/file="
PROGRESS = "/gradio_api/upload_progress"
UPLOADS = ("/gradio_api/upload", "/api/translate", "/api/clip")
PAGES = frozenset({
    "/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt",
    "/gradio_api/info", "/gradio_api/app_id", "/gradio_api/startup-events", "/gradio_api/theme.css",
    "/gradio_api/upload", PROGRESS, "/gradio_api/queue/join",
    "/gradio_api/queue/data", "/gradio_api/reset", "/gradio_api/cancel",
    "/api/models", "/api/translate", "/api/clip",
})  # fmt: skip
FOLDERS = ("/static/", "/assets/", "/svelte/", "/gradio_api/heartbeat/")
"""Allowed prefixes of paths. The page requests only these and PAGES. Gradio also serves proxies for
other servers, pages for developers, and calls that bypass its queue."""
MOST_TEXT = 2**20
"""Largest size in bytes of a request that is not an upload."""
SHARING = b"access-control-"
"""Prefix of headers that let other sites read answers. Gradio sends them to local sites; Gate
removes them."""
READING = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    # Gradio uses inline scripts, and compiles some code at run time.
    "content-security-policy": "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


class Gate:
    """ASGI middleware that rejects requests before they reach the application, with a status.

    403: files outside `folder`, and requests from other sites that change something. 404: unknown
    paths. 413: too many bytes. 421: requests to names that are not in `hosts`, unless it is empty.
    507: uploads while the folder is full. Other sites cannot read answers or show the page in a
    frame.
    """

    def __init__(
        self, app: ASGIApp, limits: ServeOptions, folder: Path, hosts: frozenset[str]
    ) -> None:
        self.app, self.limits, self.folder, self.hosts = app, limits, folder.resolve(), hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the application, or reject it."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
                theirs = [
                    pair for pair in message.get("headers", ()) if not pair[0].startswith(SHARING)
                ]
                message = {**message, "headers": [*theirs, *own]}
            await send(message)

        path = scope["path"]
        most = self.limits.max_bytes if path in UPLOADS else MOST_TEXT
        rejection = (
            self.elsewhere(scope)
            or _crossed(scope)
            or self.rejection(path)
            or _too_much(_declared(scope), most)
            or self.full(path)
        )
        if rejection:
            await _answer(path, *rejection)(scope, receive, send_with_headers)
        else:
            last = ended(send_with_headers) if path == PROGRESS else send_with_headers
            await self.app(scope, _counted(receive, most), last)

    def elsewhere(self, scope: Scope) -> tuple[int, str] | None:
        """Return status and reason if a request was sent to another name; otherwise None."""
        known = not self.hosts or _requested_host(scope) in self.hosts
        return None if known else (421, "not the name of this page; set it with gan serve --name")

    def full(self, path: str) -> tuple[int, str] | None:
        """Return status and reason if there is no space for an upload; otherwise None."""
        full = path in UPLOADS and bytes_in(self.folder) > self.limits.kept_bytes
        return (507, "no space for uploads at the moment; try again later") if full else None

    def rejection(self, path: str) -> tuple[int, str] | None:
        """Return status and reason if a path is not served; otherwise None."""
        if path.startswith(FILE):
            inside = _lies_in(path.removeprefix(FILE), self.folder)
            return None if inside else (403, "not a file of this page")
        known = path in PAGES or path.rstrip("/") in PAGES or path.startswith(FOLDERS)
        return None if known and ".." not in path else (404, f"nothing at {quote(path[:100])}")


def _answer(path: str, status: int, reason: str) -> Response:
    """Return an error response: JSON for the API, and plain text for the page, which shows it."""
    if path.startswith("/api/"):
        return JSONResponse({"error": reason}, status)
    return PlainTextResponse(reason, status)


def ended(send: Send) -> Send:
    """Wrap `send` for an upload's progress, so that a missing upload counts as finished.

    Otherwise Gradio answers 404 after three seconds for a rejected upload, and browsers log an
    error.
    """
    lost = False

    async def send_ended(message: Message) -> None:
        nonlocal lost
        if message.get("status") == 404:
            lost = True
            message = {
                **message, "status": 200, "headers": [(b"content-type", b"text/event-stream")],
            }  # fmt: skip
        elif lost:
            message = {"type": "http.response.body", "body": b'data: {"msg": "done"}\n\n'}
        await send(message)

    return send_ended


def _lies_in(place: str, folder: Path) -> bool:
    """Return whether a file is inside a folder after following links; Gradio does not check it."""
    with suppress(ValueError, OSError, RuntimeError):  # an invalid path; a loop of links
        return Path(place).resolve().is_relative_to(folder)
    return False


def _crossed(scope: Scope) -> tuple[int, str] | None:
    """Return status and reason if another site's page sent a request that changes something.

    Browsers send Sec-Fetch-Site, the relation of the two sites. Over http to addresses that are not
    local, they send only Origin, the sender's site. Other programs send neither.
    """
    headers = dict(scope["headers"])
    site, origin = headers.get(b"sec-fetch-site"), headers.get(b"origin")
    if site is not None:
        own = site in (b"same-origin", b"none")
    else:
        own = origin is None or origin.partition(b"://")[2] == headers.get(b"host")
    crossed = scope["method"] not in READING and not own
    return (403, "sent by another site's page") if crossed else None


def _requested_host(scope: Scope) -> str:
    """Return the host name of a request, without the port; empty if it is missing or invalid."""
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    with suppress(ValueError):  # an incomplete IPv6 address
        return urlsplit(f"//{host}").hostname or ""
    return ""


def _declared(scope: Scope) -> int:
    """Return a request's declared length in bytes; 0 if missing, because _counted counts anyway."""
    length = dict(scope["headers"]).get(b"content-length", b"0")
    return int(length) if length.isdigit() else 0


def _too_much(length: int, most: int) -> tuple[int, str] | None:
    return (413, f"more than {most / 1e6:g} MB at once") if length > most else None


def _counted(receive: Receive, most: int) -> Receive:
    """Wrap `receive` to raise HTTPException as soon as a body exceeds `most` bytes."""
    length = 0

    async def receive_counted() -> Message:
        nonlocal length
        message = await receive()
        length += len(message.get("body", b""))
        if rejection := _too_much(length, most):
            raise HTTPException(*rejection)
        return message

    return receive_counted
