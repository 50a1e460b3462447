"""The command that serves a page."""

import socket
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from gan.images.budget import limit_decoding
from gan.serve.models import open_models
from gan.serve.options import ServeOptions
from gan.serve.studio import Studio
from gan.serve.tidy import swept
from gan.system.signals import Interruption

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(options: ServeOptions) -> int:
    """Serve a page and an API until interrupted; return the exit status.

    ValueError names a model that cannot be opened, OSError a port that is taken.
    """
    limit_decoding(options.max_decoded_mb)
    if find_spec("gradio") is None:
        raise ValueError("gan serve needs the extra serve: pip install 'gan-translation[serve]'")
    choices = open_models(options.models, options.device, options.precision)
    host = options.host
    with listen(host, options.port) as listener, TemporaryDirectory(prefix="gan-serve-") as folder:
        if host not in LOCAL:
            print(f"host {host}: whoever reaches this machine can use the page", flush=True)
        serve_until_stopped(Studio(choices, options, Path(folder)), listener, options.name)
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a socket at an address; OSError with the address in it."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OSError(f"{host}, port {port}: cannot listen there: {reason}") from error


def hosts(host: str, name: str | None) -> frozenset[str]:
    """Return the names that requests may be sent to; none for all.

    A browser lets a web page of somebody else's ask its own name for anything, also when that name
    has been made to point here (DNS rebinding).
    """
    local = LOCAL if host in LOCAL else ()
    return frozenset({*local, name.lower()} if name else local)


def serve_until_stopped(studio: Studio, listener: socket.socket, name: str | None = None) -> None:
    """Answer requests until the process is sent SIGINT or SIGTERM."""
    import uvicorn

    with warnings.catch_warnings(action="ignore"):  # of libraries, about damaged metadata
        from gan.serve.api import build_app

        host, port = listener.getsockname()[:2]
        settings = uvicorn.Config(
            build_app(studio, hosts(host, name)), log_level="warning", timeout_graceful_shutdown=3
        )
        shown = f"[{host}]" if ":" in host else host
        print(f"http://{shown}:{port}", flush=True)
        # uvicorn sends itself the signal again that ended it; nothing would be tidied after it.
        with Interruption(), swept(studio.folder, studio.needed):
            uvicorn.Server(settings).run(sockets=[listener])
