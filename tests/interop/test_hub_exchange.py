"""Models are pushed to and pulled from a stand-in of the Hub, through huggingface_hub itself."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from huggingface_hub import constants
from PIL import Image

from gan.cli.main import main
from gan.inference.translator import Translator
from gan.interop import fetch
from gan.interop import hub as ours
from tests.support.hub import TOKEN, Hub, stand_in

# huggingface_hub 2.4 uploads large files over HTTP with an argument that httpx2 renames.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")
Generators = Callable[..., Path]


def noise() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """An empty Hub that huggingface_hub of this process uses, with an empty cache."""
    with stand_in() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # files go over HTTP
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
        yield hub


@pytest.fixture
def run(tmp_path: Path, new_generator: Generators) -> Path:
    """A folder with both generators."""
    (tmp_path / "run").mkdir()
    for seed, direction in enumerate(("ab", "ba")):
        new_generator(tmp_path / "run" / f"gen_{direction}.safetensors", direction, seed=seed)
    return tmp_path / "run"


def test_what_is_pushed_translates_equally_after_it_is_pulled(hub: Hub, run: Path) -> None:
    translator = Translator.load(run, "ab", "cpu")
    assert translator.push_to_hub("me/ochre", "mit", private=True) == f"{hub.url}/me/ochre"
    assert hub.private == {"me/ochre"}
    _, files = hub.commits["me/ochre"][-1]
    assert sorted(files) == ["README.md", "gen_ab.safetensors"]
    assert b"license: mit" in files["README.md"]
    pulled = Translator.from_pretrained("hf://me/ochre", device="cpu")
    assert pulled.translate(noise()) == translator.translate(noise())


def test_an_exported_run_is_pushed_with_both_directions(
    hub: Hub, run: Path, tmp_path: Path
) -> None:
    command = ["export", str(run), str(tmp_path / "shared"), "hub", "--push", "me/ochre"]
    assert main(command) == 0
    for direction in ("ab", "ba"):
        name = f"gen_{direction}.safetensors"
        assert hub.commits["me/ochre"][-1][1][name] == (run / name).read_bytes()


def test_a_revision_is_the_one_that_is_named(hub: Hub, run: Path) -> None:
    forth, back = ((run / f"gen_{each}.safetensors").read_bytes() for each in ("ab", "ba"))
    first = hub.commit("me/ochre", {"gen_ab.safetensors": forth})
    hub.commit("me/ochre", {"gen_ab.safetensors": back})
    assert (fetch(f"hf://me/ochre@{first}") / "gen_ab.safetensors").read_bytes() == forth
    assert (fetch("hf://me/ochre", first) / "gen_ab.safetensors").read_bytes() == forth
    assert (fetch("hf://me/ochre@main") / "gen_ab.safetensors").read_bytes() == back
    assert fetch(f"hf://me/ochre@{first}/gen_ab.safetensors").read_bytes() == forth
    with pytest.raises(ValueError, match="has a revision, and revision=v2 is also given"):
        fetch("hf://me/ochre@v1", "v2")


def test_every_command_takes_a_model_of_the_hub(
    hub: Hub, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sha = hub.commit("me/ochre", {path.name: path.read_bytes() for path in run.iterdir()})
    noise().save(tmp_path / "noise.png")
    for name, model in (("hub", f"hf://me/ochre@{sha}"), ("local", str(run))):
        command = ["translate", "--model", model, "--direction", "ba", "--device", "cpu"]
        command += ["--input", str(tmp_path / "noise.png"), "--output", str(tmp_path / name)]
        assert main(command) == 0
    images = [(tmp_path / name / "noise.png").read_bytes() for name in ("hub", "local")]
    assert images[0] == images[1]
    assert main(["export", "hf://me/ochre", str(tmp_path / "g.pth"), "reference"]) == 1
    assert "has both generators: choose one" in capsys.readouterr().err


def test_only_generators_of_the_main_folder_are_downloaded(hub: Hub, run: Path) -> None:
    forth = (run / "gen_ab.safetensors").read_bytes()
    others = dict.fromkeys(("a.py", "big.bin", "logs/gen_ba.safetensors"), b"unwanted")
    hub.commit("me/ochre", others | {"gen_ab.safetensors": forth})
    folder = fetch("hf://me/ochre")
    assert [path.name for path in folder.rglob("*")] == ["gen_ab.safetensors"]
    hub.commit("me/code", others)
    with pytest.raises(ValueError, match=r"hf://me/code: cannot be .* has no generator"):
        fetch("hf://me/code")


def test_code_in_a_file_of_the_hub_is_not_run(hub: Hub, tmp_path: Path) -> None:
    class Touch:
        def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
            return Path.touch, (tmp_path / "touched",)

    torch.save({"model.1.weight": Touch()}, tmp_path / "evil.pth", pickle_module=pickle)
    hub.commit("me/evil", {"latest_net_G_A.pth": (tmp_path / "evil.pth").read_bytes()})
    with pytest.raises(ValueError, match=r"rejected: it uses .* nothing was run"):
        Translator.from_pretrained("hf://me/evil")
    assert not (tmp_path / "touched").exists()


def test_files_above_the_limit_are_not_downloaded(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.commit("me/huge", {"gen_ab.safetensors": b"small in truth"})
    hub.claimed["gen_ab.safetensors"] = 3 * 10**9
    for name in ("hf://me/huge", "hf://me/huge/gen_ab.safetensors"):
        with pytest.raises(ValueError, match=r"3\.0 GB of files exceed the limit of 2 GB"):
            fetch(name)
    assert not [request for request in hub.asked if "resolve" in request]
    hub.claimed.clear()
    monkeypatch.setattr(ours, "MOST_BYTES", 3)  # a listing that claims too little
    hub.claimed["gen_ab.safetensors"] = 1
    with pytest.raises(ValueError, match="the limit of"):
        fetch("hf://me/huge/gen_ab.safetensors")


def test_without_the_hub_the_cache_is_used(
    hub: Hub, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.commit("me/ochre", {path.name: path.read_bytes() for path in run.iterdir()})
    first = fetch("hf://me/ochre")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert fetch("hf://me/ochre") == first
    with pytest.raises(ValueError, match=r"^hf://me/new: cannot be downloaded: [^\n]+$"):
        fetch("hf://me/new")


def test_a_wrong_token_and_an_unknown_name_are_one_line(
    hub: Hub, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"^hf://me/none: cannot be downloaded: [^\n]+$"):
        fetch("hf://me/none")
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(ValueError, match=r"^me/ochre: cannot be uploaded: [^\n]*401[^\n]*$"):
        Translator.load(run, "ab", "cpu").push_to_hub("me/ochre")
    assert not hub.commits


@pytest.mark.slow
def test_a_new_process_pulls_and_translates(run: Path, tmp_path: Path) -> None:
    """As users start it: HF_ENDPOINT names the Hub."""
    noise().save(tmp_path / "noise.png")
    with stand_in() as hub:
        hub.commit("me/ochre", {path.name: path.read_bytes() for path in run.iterdir()})
        own = {"HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "cache")}
        command = [sys.executable, "-m", "gan.cli", "translate", "--model", "hf://me/ochre@main"]
        command += ["--input", str(tmp_path / "noise.png"), "--output", str(tmp_path / "out")]
        command += ["--direction", "ab", "--device", "cpu"]
        subprocess.run(command, env=os.environ | own, check=True, cwd=Path(__file__).parents[2])
    translated = Translator.load(run, "ab", "cpu").translate(noise())
    with Image.open(tmp_path / "out" / "noise.png") as image:
        assert image.tobytes() == translated.tobytes()
