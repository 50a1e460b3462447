"""The certificate for https: a self-made one is replaced if necessary, a user's is unchanged."""

import hashlib
import os
import ssl
import stat
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from gan.cli.main import main
from gan.serve import certificate
from gan.serve.certificate import given_certificate, names_here, own_certificate

pytest.importorskip("cryptography", reason="the extra serve is not installed")

NAMES = ["localhost", "127.0.0.1", "10.0.0.4", "fd00::2", "studio.local"]


def test_a_self_made_certificate_is_valid_for_its_names_and_a_year(tmp_path: Path) -> None:
    """Check the names and the validity with OpenSSL."""
    made = own_certificate(NAMES, tmp_path / "deep" / "folder")
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(made.cert, made.key)
    read = ssl._ssl._test_decode_cert(str(made.cert))  # type: ignore[attr-defined]
    named = [name for _, name in read["subjectAltName"]]
    assert named == ["localhost", "127.0.0.1", "10.0.0.4", "FD00:0:0:0:0:0:0:2", "studio.local"]
    life = ssl.cert_time_to_seconds(read["notAfter"]) - ssl.cert_time_to_seconds(read["notBefore"])
    assert 365 <= life / 86400 < 398  # the limit of phones
    data = ssl.PEM_cert_to_DER_cert(made.cert.read_text())
    assert made.fingerprint.replace(":", "").lower() == hashlib.sha256(data).hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="modes are of POSIX")
def test_only_the_owner_can_read_the_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = own_certificate(NAMES, tmp_path / "folder")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.key.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in made.key.parent.iterdir()) == ["cert.pem", "key.pem"]


def test_a_certificate_is_kept_while_it_fits_the_names(tmp_path: Path) -> None:
    first = own_certificate(NAMES, tmp_path).fingerprint
    assert own_certificate(NAMES[:2], tmp_path).fingerprint == first
    assert own_certificate([*NAMES, "10.0.0.5"], tmp_path).fingerprint != first


@pytest.mark.parametrize("harm", ["cert gone", "key gone", "no pem", "other key", "readable"])
def test_an_invalid_certificate_is_replaced(tmp_path: Path, harm: str) -> None:
    made = own_certificate(NAMES, tmp_path / "own")
    first = made.fingerprint
    other = own_certificate(NAMES, tmp_path / "other")
    match harm:
        case "cert gone":
            made.cert.unlink()
        case "key gone":
            made.key.unlink()
        case "no pem":
            made.cert.write_text("nothing")
        case "other key":
            made.key.write_bytes(other.key.read_bytes())
        case "readable":
            made.key.chmod(0o644)
    assert own_certificate(NAMES, tmp_path / "own").fingerprint not in (first, other.fingerprint)
    given_certificate(tmp_path / "own")


def test_an_expired_certificate_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(certificate, "LIFE", timedelta(hours=2))
        first = own_certificate(NAMES, tmp_path / "given").fingerprint
        given_certificate(tmp_path / "given")
    assert own_certificate(NAMES, tmp_path / "given").fingerprint != first


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)


def test_a_users_certificate_is_used(tmp_path: Path) -> None:
    """With another type of key than ours, and made by another program."""
    request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=paint.example.org"]
    try:
        openssl(tmp_path, *request, "-keyout", "key.pem", "-out", "cert.pem", "-days", "2")
    except FileNotFoundError:
        pytest.skip("no openssl in the PATH")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert not given_certificate(tmp_path).own
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    openssl(
        tmp_path, "rsa", "-aes128", "-passout", "pass:word", "-in", "key.pem", "-out", "key.pem"
    )
    with pytest.raises(ValueError, match=r"key\.pem: encrypted: save the key without"):
        given_certificate(tmp_path)


@pytest.mark.parametrize(("harm", "expected"), [
    ("cert gone", "cert.pem: cannot be read: No such file"),
    ("key gone", "key.pem: cannot be read: No such file"),
    ("no cert", "cert.pem: not a certificate in PEM form"),
    ("no key", "key.pem: not a private key in PEM form"),
    ("other key", "key.pem: not the key of cert.pem"),
    ("over", "cert.pem: expired on "),
    ("early", "cert.pem: not valid before "),
])  # fmt: skip
def test_an_invalid_certificate_of_a_user_is_named_and_not_changed(
    tmp_path: Path, harm: str, expected: str, monkeypatch: pytest.MonkeyPatch,
    generator_file: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "given"
    life = {"over": -timedelta(minutes=1), "early": timedelta(days=9)}.get(harm)
    with monkeypatch.context() as patch:
        if life is not None:
            patch.setattr(certificate, "LIFE", life)
            patch.setattr(certificate, "check", lambda made, left=None: None)
        if harm == "early":
            patch.setattr(certificate, "SKEW", -timedelta(days=3))
        own_certificate(NAMES, folder)
    (tmp_path / "other").mkdir()
    match harm:
        case "cert gone" | "key gone":
            (folder / f"{harm[:-5].strip()}.pem").unlink()
        case "no cert" | "no key":
            (folder / f"{harm[3:]}.pem").write_text("nothing")
        case "other key":
            other = own_certificate(NAMES, tmp_path / "other")
            (folder / "key.pem").write_bytes(other.key.read_bytes())
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert main(["serve", str(generator_file), "--certificate", str(folder)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{folder}/{expected}" in line
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_names_of_this_machine_are_listed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "Studio")
    found = names_here(["10.0.0.4", "FD00:0::2", "127.0.0.1", "pÿ.example", "Paint.Example"])
    assert found == [
        "127.0.0.1", "localhost", "::1", "10.0.0.4", "fd00::2", "paint.example", "studio",
        "studio.local",
    ]  # fmt: skip
