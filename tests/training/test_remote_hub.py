"""Training from a dataset on the Hub, by a stand-in for its API, equals that of the same files."""

from pathlib import Path

import pytest

from gan.training import train
from tests.support.hub_server import hub_server
from tests.support.launching import write_images
from tests.support.runs import config, generators

pytestmark = pytest.mark.slow


def test_a_run_is_that_of_the_same_files_on_a_disk_stopped_and_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import HfFileSystem

    images = write_images(tmp_path / "data")
    train(config(images, tmp_path / "local", train={"max_steps": 6}))
    with hub_server(tmp_path) as endpoint:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        HfFileSystem.clear_instance_cache()
        url = Path("hf://datasets/owner/name/data")
        train(config(url, tmp_path / "remote", train={"max_steps": 3}))
        train(config(url, tmp_path / "remote", train={"max_steps": 6}))
        assert "resuming" in capsys.readouterr().err
        with pytest.raises(ValueError, match=f"{url.name}/nothing/trainA: no images"):
            train(config(url / "nothing", tmp_path / "none"))
    HfFileSystem.clear_instance_cache()
    assert generators(tmp_path / "local") == generators(tmp_path / "remote")
