"""Training from a dataset on the Hub, by a stand-in for its API, equals that of the same files."""

import sys
from pathlib import Path

import pytest

from tests.support.hub_server import hub_server
from tests.support.launching import run, write_images
from tests.support.runs import generators

pytestmark = pytest.mark.slow

CODE = """
import sys
from pathlib import Path
from gan.training import train
from tests.support.runs import config
folder, url = Path(sys.argv[1]), Path("hf://datasets/owner/name/data")
train(config(folder / "data", folder / "local", train={"max_steps": 6}))
train(config(url, folder / "remote", train={"max_steps": 3}))
train(config(url, folder / "remote", train={"max_steps": 6}))
try:
    train(config(url / "nothing", folder / "none"))
except ValueError as error:
    print(error, file=sys.stderr)
"""
"""The Hub's endpoint is read when its library is imported, so this runs in a new process."""


def test_a_run_is_that_of_the_same_files_on_a_disk_stopped_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_images(tmp_path / "data")
    with hub_server(tmp_path) as endpoint:
        monkeypatch.setenv("HF_ENDPOINT", endpoint)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        printed = run([sys.executable, "-c", CODE, str(tmp_path)])
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")
    assert "resuming" in printed
    nothing = "hf://datasets/owner/name/data/nothing/trainA: no images in this folder or below it"
    assert printed.strip().splitlines()[-1] == nothing
