"""A table of digests in one piece of memory: Python's own objects take ten times as much a file."""

import hashlib

EMPTY = bytes(16)


class Digests:
    """Maps the hash of a text, 16 bytes, to 32 bytes; nothing is removed."""

    WIDTH = 48

    def __init__(self) -> None:
        self.count, self.slots = 0, 64
        self.table = bytearray(self.slots * self.WIDTH)

    def __len__(self) -> int:
        return self.count

    def get(self, text: str) -> bytes | None:
        """Return the digest of a text, or None."""
        key, at = self._find(_key(text))
        return bytes(self.table[at + 16 : at + self.WIDTH]) if key else None

    def put(self, text: str, digest: bytes) -> None:
        """Keep a digest of 32 bytes."""
        self._put(_key(text), digest)

    def _find(self, key: bytes) -> tuple[bool, int]:
        """Return whether a key is there, and where it is, or would be, in the table."""
        slot = int.from_bytes(key[:8]) % self.slots
        while True:
            at = slot * self.WIDTH
            there = self.table[at : at + 16]
            if there in (key, EMPTY):
                return there == key, at
            slot = (slot + 1) % self.slots

    def _put(self, key: bytes, digest: bytes) -> None:
        known, at = self._find(key)
        self.table[at : at + self.WIDTH] = key + digest
        self.count += not known
        if 3 * self.count > 2 * self.slots:
            before, self.slots, self.count = self.table, 2 * self.slots, 0
            self.table = bytearray(self.slots * self.WIDTH)
            for start in range(0, len(before), self.WIDTH):
                if before[start : start + 16] != EMPTY:
                    whole = bytes(before[start : start + self.WIDTH])
                    self._put(whole[:16], whole[16:])


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).digest()
