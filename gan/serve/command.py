"""The serve command: open the models and serve the page."""

import socket
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from gan.images.budget import limit_decoding
from gan.serve.addresses import LOCAL, address_of, can_draw, qr_lines, shown_hosts
from gan.serve.certificate import (
    Certificate,
    given_certificate,
    names_here,
    own_certificate,
    own_folder,
)
from gan.serve.models import open_models
from gan.serve.options import ServeOptions
from gan.serve.studio import Studio
from gan.serve.tidy import swept
from gan.system.signals import Interruption

EXTRA = "pip install 'gan-translation[serve]'"


def serve(options: ServeOptions) -> int:
    """Serve a page and an API until interrupted; return the exit status.

    ValueError if a model cannot be opened, a certificate's file is invalid, or a package of the
    extra `serve` is missing. OSError if the server cannot listen at the address and port.
    """
    limit_decoding(options.max_decoded_mb)
    if find_spec("gradio") is None:
        raise ValueError(f"gan serve requires the extra serve: {EXTRA}")
    if options.secure and find_spec("cryptography") is None:
        raise ValueError(f"https requires cryptography, part of the extra serve: {EXTRA}")
    host, secret = options.host, certificate_of(options)
    choices = open_models(
        options.models, options.device, options.precision, options.examples, options.marks
    )
    with listen(host, options.port) as listener, TemporaryDirectory(prefix="gan-serve-") as folder:
        studio = Studio(choices, options, Path(folder))
        serve_until_stopped(studio, listener, options.name, secret)
    return 0


def certificate_of(options: ServeOptions) -> Certificate | None:
    """Return the certificate for https; None for http."""
    if options.certificate is not None:
        return given_certificate(options.certificate)
    if not options.https:
        return None
    names = [*shown_hosts(options.host), *filter(None, [options.name])]
    return own_certificate(names_here(names), own_folder())


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket (`::` accepts IPv4, too); OSError names the host and port."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        both = host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server((host, port), family=family, dualstack_ipv6=both)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise OSError(f"{host}, port {port}: cannot listen at this address: {reason}") from error


def hosts(host: str, name: str | None) -> frozenset[str]:
    """Return the names to which requests may be sent; an empty set allows all.

    A browser allows any web page to send requests to the page's own name, even if that name has
    since been pointed to this machine (DNS rebinding).
    """
    local = LOCAL if host in LOCAL else ()
    return frozenset({*local, name.lower()} if name else local)


def serve_until_stopped(
    studio: Studio,
    listener: socket.socket,
    name: str | None = None,
    certificate: Certificate | None = None,
) -> None:
    """Answer requests until the process receives SIGINT or SIGTERM."""
    import uvicorn

    with warnings.catch_warnings(action="ignore"):  # libraries warn of damaged metadata
        from gan.serve.api import build_app

        host, port = listener.getsockname()[:2]
        settings = uvicorn.Config(
            build_app(studio, hosts(host, name)), log_level="warning", timeout_graceful_shutdown=3,
            ssl_certfile=certificate.cert if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )  # fmt: skip
        for line in greeting(host, port, certificate):
            print(line, flush=True)
        # uvicorn raises the signal again when it stops, which would prevent any cleanup.
        with Interruption(), swept(studio.folder, studio.needed):
            try:
                uvicorn.Server(settings).run(sockets=[listener])
            finally:
                studio.close()


def greeting(host: str, port: int, certificate: Certificate | None) -> Iterator[str]:
    """Yield the lines that are printed when the server starts, addresses first."""
    shown = shown_hosts(host)
    addresses = [address_of(each, port, secure=certificate is not None) for each in shown]
    yield from addresses
    if host not in LOCAL:
        if shown[0] not in LOCAL and can_draw():
            yield from qr_lines(addresses[0])
        yield "everyone who can reach this machine can use the page"
        if certificate is None:
            yield "browsers allow the camera only with https or at localhost: add --https true"
    if certificate:
        if certificate.own:
            yield f"self-made certificate in {certificate.cert.parent}: browsers warn about it once"
        yield f"its SHA-256: {certificate.fingerprint}"
