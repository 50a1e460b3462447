"""Access object stores (S3, Google Cloud Storage, Azure) by obstore, with fsspec's methods.

obstore's own fsspec layer is not used: it lists one folder at a time, and it cuts names at "?" and
"#".
"""

import os
from datetime import timedelta
from functools import lru_cache
from typing import Any

RETRIES = {"max_retries": 0, "retry_timeout": timedelta(seconds=60)}
"""No retries: the caller tries again, and two nested loops would wait for hours."""
PREFIXES = ("AWS_", "GOOGLE_", "AZURE_")
"""Prefixes of the environment variables that obstore reads."""
CLIENT = {"timeout": "60s", "connect_timeout": "10s"}
"""Time limits for a whole request, and for its connection."""


@lru_cache(maxsize=16)
def _store(bucket: str, environment: tuple[tuple[str, str], ...]) -> Any:
    """Return the store of a bucket, "s3://name", with credentials from the environment.

    `environment` is part of the cache's key, so that changed credentials open another store.
    """
    from obstore.store import from_url

    # http, without encryption, is only for an endpoint that the user names so.
    plain = dict(environment).get("AWS_ENDPOINT_URL", "").startswith("http:")
    options = CLIENT | ({"allow_http": True} if plain else {})
    return from_url(bucket, client_options=options, retry_config=RETRIES)


def _split(url: str) -> tuple[Any, str]:
    """Return the store of a URL, and the object's name in it."""
    scheme, _, rest = url.partition("://")
    bucket, _, key = rest.partition("/")
    keys = sorted(each for each in os.environ.items() if each[0].startswith(PREFIXES))
    return _store(f"{scheme}://{bucket}", tuple(keys)), key


class ObjectStores:
    """All buckets, by URL, with the methods of an fsspec file system."""

    def find(self, url: str, **_: Any) -> dict[str, dict[str, Any]]:
        """Return the descriptions of all objects below a URL, by their names relative to it."""
        import obstore

        store, key = _split(url.rstrip("/"))
        start = len(key) + 1 if key else 0
        return {
            each["path"][start:]: {"type": "file", **each}
            for page in obstore.list(store, prefix=key or None, chunk_size=1000)
            for each in page
        }

    def info(self, url: str) -> dict[str, Any]:
        """Return the description of an object, or of a folder (a prefix of objects' names)."""
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
        """Return whether an object exists at a URL."""
        import obstore

        try:
            obstore.head(*_split(url))
        except FileNotFoundError:
            return False
        return True

    def cat_file(self, url: str, start: int | None = None, end: int | None = None) -> bytes:
        """Return the bytes of an object, or those from `start` to `end` (exclusive)."""
        import obstore

        store, key = _split(url)
        if start is None or end is None:
            return bytes(obstore.get(store, key).bytes())
        return bytes(obstore.get_range(store, key, start=start, end=end))

    def pipe_file(self, url: str, data: bytes) -> None:
        """Write an object atomically."""
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
