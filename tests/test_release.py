"""`make release` builds, checks, installs elsewhere and translates, and uploads nothing."""

import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "release.py"
NOWHERE = "http://127.0.0.1:9"
"""A proxy that does not exist: whatever asks another machine for something fails."""


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    """The names of the script."""
    return runpy.run_path(str(SCRIPT))


@pytest.mark.engines
@pytest.mark.slow
def test_a_release_is_checked_and_translates_without_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("twine")
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, NOWHERE)
    done = subprocess.run(
        [sys.executable, SCRIPT, "dist"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {path.suffix for path in (tmp_path / "dist").iterdir()} == {".whl", ".gz"}
    assert "the same picture as by this checkout" in done.stdout
    assert "Nothing was uploaded" in done.stdout
    assert re.search(r"installed elsewhere: gan \d+\.\d+", done.stdout)


def test_a_release_does_not_mix_with_older_files(
    release: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.whl").touch()
    assert release["main"]([str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        f"release: error: {tmp_path}: holds files; remove them, or name another folder\n"
    )


def test_a_step_that_fails_ends_the_release_with_what_it_printed(release: dict[str, Any]) -> None:
    with pytest.raises(release["ReleaseError"], match="check failed:\nthe README is broken"):
        release["run"](
            "check", sys.executable, "-c", "print('the README is broken'); raise SystemExit(1)"
        )


def test_twine_has_one_version() -> None:
    pin = re.compile(r"twine==([\d.]+)")
    files = [ROOT / "Makefile", ROOT / "tests" / "engines.txt"]
    assert len({version for file in files for version in pin.findall(file.read_text())}) == 1
