"""An S3 server on the loopback: moto's, behind faults that a test turns on and off."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

KEYS = {
    "AWS_ACCESS_KEY_ID": "right",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
}
BUCKET = "bucket"


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class ObjectServer:
    """moto's S3 on a free port; requests wait `delay` seconds, and wrong keys are rejected."""

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self.inner: Any = DomainDispatcherApplication(create_backend_app)
        self.delay = 0.0
        self.requests: list[tuple[str, str]] = []
        """(method, path) of all requests."""
        self.before: Callable[[str, str], None] = lambda method, path: None
        self.server: BaseWSGIServer | None = None
        self.port = 0
        self.start()

    def __call__(self, environ: dict[str, Any], respond: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append((method, path))
        self.before(method, path)
        time.sleep(self.delay)
        if "Credential=right/" not in environ.get("HTTP_AUTHORIZATION", ""):
            respond("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<?xml version='1.0'?><Error><Code>InvalidAccessKeyId</Code></Error>"]
        answer: Iterable[bytes] = self.inner(environ, respond)
        return answer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return KEYS | {"AWS_ENDPOINT_URL": self.url}

    def start(self) -> None:
        """Listen, at the same port as before."""
        self.server = make_server(
            "127.0.0.1", self.port, self, threaded=True, request_handler=Quiet
        )
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        """Stop listening; objects stay."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


@contextmanager
def object_server(monkeypatch: Any) -> Iterator[ObjectServer]:
    """An S3 server with an empty bucket, to which the environment points."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    server = ObjectServer()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.reset()
    backend.create_bucket(BUCKET, "us-east-1")
    try:
        yield server
    finally:
        server.stop()


def upload(folder: Any, prefix: str) -> None:
    """Put all files of a folder into the bucket."""
    from gan.system import stores

    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            stores.write(f"s3://{BUCKET}/{prefix}/{name}", path.read_bytes(), replace=True)
