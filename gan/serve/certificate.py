"""The certificate for https: a self-made one, valid for a year, or the user's.

Visitors accept a self-made certificate once on each phone, and again after it is replaced.
"""

import ipaddress
import os
import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gan.serve.addresses import LOCAL
from gan.system.atomic import write_whole

LIFE = timedelta(days=365)
"""Validity of a self-made certificate. Phones reject more than 398 days."""
SKEW = timedelta(days=1)
"""Tolerance for a phone's clock, and the shortest remaining validity of a certificate in use."""
MINE = "gan serve"
"""The organization in self-made certificates."""


@dataclass(frozen=True)
class Certificate:
    """The two files that a web server needs for https."""

    cert: Path
    """PEM; certificates of the authorities may follow."""
    key: Path
    """PEM, without a passphrase."""
    own: bool = False
    """Whether it is self-made; browsers warn about such certificates."""

    @property
    def fingerprint(self) -> str:
        """The SHA-256 that browsers show."""
        from cryptography.hazmat.primitives import hashes

        return str(_read_cert(self.cert).fingerprint(hashes.SHA256()).hex(":").upper())


def own_folder() -> Path:
    """Return the user's folder for self-made certificates."""
    place = os.environ.get("XDG_DATA_HOME") or os.environ.get("LOCALAPPDATA")
    return Path(place or Path.home() / ".local" / "share") / "gan-serve"


def names_here(hosts: Iterable[str]) -> list[str]:
    """Return the names of this machine: local names, `hosts` and the host name, each once."""
    name = socket.gethostname()
    own = [name] if "." in name else [name, f"{name}.local"]
    names = map(_plain, [*LOCAL, *hosts, *own])
    return list(dict.fromkeys(each for each in names if each and each.isascii()))


def _plain(name: str) -> str:
    """Return a name in lowercase, or an IP address in its usual form."""
    with suppress(ValueError):
        return str(ipaddress.ip_address(name))
    return name.lower()


def given_certificate(folder: Path) -> Certificate:
    """Return the user's cert.pem and key.pem in a folder; ValueError names an invalid file."""
    found = Certificate(folder / "cert.pem", folder / "key.pem")
    check(found)
    return found


def own_certificate(names: Sequence[str], folder: Path) -> Certificate:
    """Return the self-made certificate in a folder, after creating it if necessary.

    It is created again if it is damaged, expired or lacks one of `names`, or if other users of this
    machine can read its key. OSError names a file that cannot be written.
    """
    own = Certificate(folder / "cert.pem", folder / "key.pem", own=True)
    try:
        check(own, SKEW)
        missing = set(names) - set(_names_in(_read_cert(own.cert)))
        if missing or (os.name == "posix" and own.key.stat().st_mode & 0o077):
            raise ValueError("does not fit")
    except ValueError:
        _make(names, own)
        check(own)  # another process may be writing it, too
    return own


def check(certificate: Certificate, left: timedelta = timedelta()) -> None:
    """Raise ValueError, which names the file, if browsers would reject a certificate.

    It must remain valid for longer than `left`.
    """
    cert, key = _read_cert(certificate.cert), _read_key(certificate.key)
    now = datetime.now(UTC)
    if now < cert.not_valid_before_utc:
        raise ValueError(f"{certificate.cert}: not valid before {cert.not_valid_before_utc:%F}")
    if now + left >= cert.not_valid_after_utc:
        raise ValueError(f"{certificate.cert}: expired on {cert.not_valid_after_utc:%F}")
    if cert.public_key() != key.public_key():
        raise ValueError(f"{certificate.key}: not the key of {certificate.cert.name}")


def _read_cert(path: Path) -> Any:
    """Return the first certificate of a file; ValueError if it cannot be read."""
    from cryptography import x509

    data = _read(path)
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError as error:
        raise ValueError(f"{path}: not a certificate in PEM format") from error


def _read_key(path: Path) -> Any:
    """Return the private key of a file; ValueError if it cannot be read."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    try:
        return load_pem_private_key(data, password=None)
    except TypeError as error:
        raise ValueError(f"{path}: encrypted: save the key without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(f"{path}: not a private key in PEM format") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error


def _names_in(cert: Any) -> list[str]:
    """Return the names for which a certificate is valid."""
    from cryptography import x509

    with suppress(x509.ExtensionNotFound):
        return [
            str(each.value)
            for each in cert.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        ]
    return []


def _make(names: Sequence[str], place: Certificate) -> None:
    """Write a new key, which only its owner can read, and a certificate for it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    cert = _signed(names, key)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

    def save(file: Any) -> None:
        if os.name == "posix":
            os.fchmod(file.fileno(), 0o600)  # before the key is written
        file.write(secret)

    place.key.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_whole(place.key, save)
    pem = cert.public_bytes(serialization.Encoding.PEM)
    write_whole(place.cert, lambda file: file.write(pem))


def _signed(names: Sequence[str], key: Any) -> Any:
    """Return a self-signed certificate for a server, which cannot sign other certificates."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    who = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, MINE),
        x509.NameAttribute(NameOID.COMMON_NAME, f"{MINE} on {socket.gethostname()}"[:64]),
    ])  # fmt: skip
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    )
    return builder.sign(key, hashes.SHA256())


def _general(name: str) -> Any:
    """Return a name or an IP address as an entry of a certificate."""
    from cryptography import x509

    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
