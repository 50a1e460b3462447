"""Object stores (S3, Google Cloud Storage, Azure) by obstore, with the methods of fsspec's files.

obstore has a layer for fsspec itself. It lists folder by folder, and cuts names at "?" and "#".
"""

import os
from datetime import timedelta
from functools import lru_cache
from typing import Any

RETRIES = {"max_retries": 0, "retry_timeout": timedelta(seconds=60)}
"""None: the caller tries again, and two nested loops would wait for hours."""
PREFIXES = ("AWS_", "GOOGLE_", "AZURE_")
"""How the names of environment variables begin that obstore reads."""
CLIENT = {"timeout": "60s", "connect_timeout": "10s"}
"""Longest time of a request, with its answer, and of its connection."""


@lru_cache(maxsize=16)
def _store(bucket: str, environment: tuple[tuple[str, str], ...]) -> Any:
    """Return the store of a bucket, "s3://name", which takes its credentials from the environment.

    `environment` tells stores of different credentials apart.
    """
    from obstore.store import from_url

    # http, without encryption, is only for an endpoint that the user names so.
    plain = dict(environment).get("AWS_ENDPOINT_URL", "").startswith("http:")
    options = CLIENT | ({"allow_http": True} if plain else {})
    return from_url(bucket, client_options=options, retry_config=RETRIES)


def _split(url: str) -> tuple[Any, str]:
    """Return the store of a URL, and the name of the object in it."""
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    keys = sorted(each for each in os.environ.items() if each[0].startswith(PREFIXES))
    return _store(f"{scheme}://{bucket}", tuple(keys)), key


class ObjectStores:
    """All buckets; methods take URLs."""

    def find(self, url: str, **_: Any) -> dict[str, dict[str, Any]]:
        """Return the objects below a URL by name, below it, too."""
        import obstore

        store, key = _split(url.rstrip("/"))
        start = len(key) + 1 if key else 0
        return {
            each["path"][start:]: {"type": "file", **each}
            for page in obstore.list(store, prefix=key or None, chunk_size=1000)
            for each in page
        }

    def info(self, url: str) -> dict[str, Any]:
        """Return the description of an object, or of what has objects below it."""
        import obstore

        store, key = _split(url.rstrip("/"))
        try:
            if key:
                return {"type": "file", **obstore.head(store, key)}
        except FileNotFoundError:
            pass
        if not next(iter(obstore.list(store, prefix=key or None, chunk_size=1)), ()):
            raise FileNotFoundError(url)
        return {"type": "directory", "size": 0}

    def exists(self, url: str) -> bool:
        """Return whether there is such an object."""
        import obstore

        try:
            obstore.head(*_split(url))
        except FileNotFoundError:
            return False
        return True

    def cat_file(self, url: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return an object, or the bytes from `start` to before `end`."""
        import obstore

        store, key = _split(url)
        if start is None or end is None:
            return bytes(obstore.get(store, key).bytes())
        return bytes(obstore.get_range(store, key, start=start, end=end))

    def pipe_file(self, url: str, data: bytes) -> None:
        """Write an object, which appears whole."""
        import obstore

        obstore.put(*_split(url), data)

    def mv(self, url: str, target: str) -> None:
        """Move an object within a bucket, without fetching it."""
        import obstore

        store, key = _split(url)
        obstore.rename(store, key, _split(target)[1])

    def rm_file(self, url: str) -> None:
        """Remove an object."""
        import obstore

        obstore.delete(*_split(url))
