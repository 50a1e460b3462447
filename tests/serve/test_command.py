"""The command: the inputs that it rejects before it serves, and its cleanup."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from gan.cli.main import main
from gan.serve import command
from tests.support.commands import status

ROOT = Path(__file__).parents[2]


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    (line,) = capsys.readouterr().err.splitlines()
    return str(line)


def test_without_the_extra_one_line_names_what_to_install(
    generator_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    assert main(["serve", str(generator_file)]) == 1
    assert one_line(capsys).endswith("the extra serve: pip install 'gan-translation[serve]'")


def test_the_command_imports_gradio_only_when_it_serves() -> None:
    code = (
        "import gan.serve.command, sys;"
        "sys.exit('gradio' in sys.modules or 'fastapi' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60)
    assert done.returncode == 0


@pytest.mark.parametrize("name", ["megapixels", "megabytes", "files", "batch_megapixels", "queue"])
def test_a_limit_of_zero_is_rejected(
    name: str, generator_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    assert status("serve", str(generator_file), f"--max_{name}", "0") == 2
    assert f"max_{name}: expected a" in one_line(capsys)


def test_a_missing_model_is_named(generator_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    assert main(["serve", str(generator_file), "nowhere"]) == 1
    assert "nowhere: no such run directory or generator file" in one_line(capsys)


def test_a_port_in_use_is_named(generator_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["serve", str(generator_file), "--port", port]) == 1
    assert f"127.0.0.1, port {port}: cannot listen at this address" in one_line(capsys)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_local_page_answers_to_local_names_and_the_configured_one(host: str) -> None:
    local = {"127.0.0.1", "localhost", "::1"}
    assert command.hosts(host, None) == local
    assert command.hosts(host, "Paint.example") == local | {"paint.example"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7"])
def test_a_public_page_answers_to_any_name_or_the_configured_one(host: str) -> None:
    assert command.hosts(host, None) == set()
    assert command.hosts(host, "paint.example") == {"paint.example"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_server_deletes_its_files(
    number: signal.Signals, generator_file: Path, tmp_path: Path
) -> None:
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    arguments: list[str | Path] = [
        generator_file.parent,
        generator_file,
        "--port",
        "0",
        "--device",
        "cpu",
    ]
    process = subprocess.Popen(
        [sys.executable, ROOT / "scripts/serve.py", *arguments], stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    with process:
        assert process.stdout
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{address}/api/models", timeout=60) as answer:
            assert b'"models":{' in answer.read()
        assert [path.name[:10] for path in tmp_path.glob("gan-serve-*")] == ["gan-serve-"]
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    assert list(tmp_path.glob("gan-serve-*")) == []
