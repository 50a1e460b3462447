"""Folders for sharing give the same images as the run, and have a model card."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from gan.cli.main import main
from gan.inference.folder.options import TranslateOptions
from gan.inference.translator import Translator
from gan.interop import fetch
from gan.interop.hub import with_local_models
from gan.networks import build_generator
from gan.networks.files import save_generator
from tests.support import decoders
from tests.support.generators import write_several

Generators = Callable[..., Path]


def noise(width: int = 30, height: int = 20) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


@pytest.fixture
def run(tmp_path: Path, new_generator: Generators) -> Path:
    """Return a run directory as training writes it, with secrets in its paths."""
    folder = tmp_path / "checkpoints" / "ochre"
    (folder / "samples").mkdir(parents=True)
    new_generator(folder / "gen_ab.safetensors", "ab", seed=1)
    new_generator(folder / "gen_ba.safetensors", "ba", seed=2)
    config = {
        "data": {"root": "/home/secret/photo2ochre", "a": None, "resize": "short", "crop_size": 64},
        "loss": {"cycle": 10.0},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    old, new = (
        {
            "step": step,
            "protocol": {
                "extractor": "inception", "folder": "/home/secret me/testA",
                "kid": "(x.y/d + 1)^3, all",
            },
            "metrics": {
                "kid_ab": {
                    "value": value, "low": 0.01, "high": 0.02, "count": 50, "better": "lower",
                    "unchanged": {"value": 0.09, "low": None, "high": None},
                }
            },
        }
        for step, value in ((10, 0.5), (20, 0.0125))
    )  # fmt: skip
    lines = f"{json.dumps(old)}\n{json.dumps(new)}\n"
    (folder / "metrics.jsonl").write_text(lines)
    for step in (10, 20):
        noise(step, 16).save(folder / "samples" / f"step-{step:08d}-ab.png")
    return folder


def test_an_exported_folder_gives_the_same_pixels_as_the_run(run: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    assert main(["export", str(run), str(folder), "hub", "--license", "cc0-1.0"]) == 0
    for direction in ("ab", "ba"):
        before = Translator.load(run, direction, "cpu").translate(noise())
        after = Translator.from_pretrained(folder, direction, "cpu").translate(noise())
        assert before == after
    names = {"README.md", "gen_ab.safetensors", "gen_ba.safetensors", "samples-ab.png"}
    assert {path.name for path in folder.iterdir()} == names
    with Image.open(folder / "samples-ab.png") as newest:
        assert newest.size == (20, 16)


def test_the_card_has_data_recipe_metrics_with_protocol_samples_and_license(
    run: Path, tmp_path: Path
) -> None:
    Translator.load(run, "ab", "cpu").save_pretrained(tmp_path / "shared", license="mit")
    text = (tmp_path / "shared" / "README.md").read_text()
    _, header, body = text.split("---\n", 2)
    assert yaml.safe_load(header) | {"tags": None} == {
        "license": "mit", "library_name": "gan-translation",
        "pipeline_tag": "image-to-image", "tags": None,
    }  # fmt: skip
    assert "# ochre" in body
    assert "translation. CycleGAN: two generators, each the inverse of the other.\n" in body
    assert "cyclegan" in yaml.safe_load(header)["tags"]
    assert "| kid_ab | 0.0125 | 0.01 to 0.02 | 0.09 | 50 | lower |" in body
    assert "Step 20" in body
    assert '"extractor": "inception"' in body
    assert "![A to B](samples-ab.png)" in body
    assert "root `photo2ochre`" in body
    assert "cycle: 10.0" in body
    assert "secret" not in text
    assert '"folder": "testA"' in body
    assert "(x.y/d + 1)^3, all" in body
    assert "gen_ab.safetensors`, A to B: resnet_6blocks, 2 channels, norm instance, step 7" in body
    assert "gen_ba" not in body


def test_a_card_of_a_single_file_states_what_is_not_known(
    generator_file: Path, tmp_path: Path
) -> None:
    Translator.load(generator_file, device="cpu").save_pretrained(tmp_path / "shared")
    text = (tmp_path / "shared" / "README.md").read_text()
    assert "license: unknown" in text
    assert "cyclegan" not in text.lower()  # which recipe trained it is not known
    for said in ("Not known: state which images", "Not evaluated", "state one before you share it"):
        assert said in text


def test_a_card_names_the_styles_and_how_one_is_chosen(tmp_path: Path) -> None:
    run, folder = tmp_path / "many", tmp_path / "out"
    run.mkdir()
    file = write_several(run / "gen_ab.safetensors", ["waves", "oils"])
    words = ["export", "--model", str(run), "--output", str(folder), "--format", "hub"]
    assert main(words) == 0
    card = (folder / "README.md").read_text()
    assert "2 styles, styles: 0 waves, 1 oils, step 7" in card
    assert 'direction="ab", style_index=0)' in card
    for style in ("waves", "oils"):
        ours, theirs = (
            Translator.from_pretrained(place, style_index=style).translate(noise())
            for place in (folder, file)
        )
        assert np.array_equal(np.asarray(ours), np.asarray(theirs))
    with pytest.raises(SystemExit):  # the folder has all styles
        main([*words, "--overwrite", "--style_index", "0"])


def test_the_card_of_a_decoder_stylizes_and_names_what_else_it_contains(tmp_path: Path) -> None:
    file, folder = tmp_path / "gen_ab.safetensors", tmp_path / "out"
    save_generator(decoders.random_network().state_dict(), file, decoders.SPEC, {})
    Translator.load(file, device="cpu").save_pretrained(folder, license="mit")
    _, header, body = (folder / "README.md").read_text().split("---\n", 2)
    assert "unpaired" not in header + body.lower()
    for part in ("gan stylize --method wct --wct.decoder FOLDER \\\n", "convolutions of VGG-16"):
        assert part in body


def test_weights_of_other_projects_can_be_shared(tmp_path: Path) -> None:
    state = build_generator("resnet_6blocks", channels=2).state_dict()
    torch.save(state, tmp_path / "latest_net_G_B.pth")
    theirs = Translator.load(tmp_path / "latest_net_G_B.pth", device="cpu")
    theirs.save_pretrained(tmp_path / "shared")
    again = Translator.from_pretrained(tmp_path / "shared", device="cpu")
    assert again.translate(noise()) == theirs.translate(noise())
    assert again.source == tmp_path / "shared" / "gen_ba.safetensors"
    assert "from latest_net_G_B.pth (reference)" in (tmp_path / "shared/README.md").read_text()


def fail(*_: Any, **__: Any) -> None:
    raise AssertionError("nothing may be asked of the Hub")


@pytest.mark.parametrize(
    "name", ["gone", "user/name", "checkpoints/typo", "./a/b", "/no/such/place"]
)
def test_a_missing_path_is_rejected_and_never_taken_for_a_repository(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket.connect", fail)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    for path in (name, Path(name)):
        with pytest.raises(ValueError, match=r"no such folder or file .*hf://user/name"):
            Translator.from_pretrained(path)


def test_repositories_are_downloaded_by_their_scheme(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def download(repository: str, *file: str, revision: str | None, **_: Any) -> str:
        asked.append((repository, *file, revision))
        return str(run / file[0]) if file else str(run)

    monkeypatch.setattr("huggingface_hub.HfApi", fail)  # the sizes, without a network
    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    translator = Translator.from_pretrained("hf://me/ochre", "ab", "cpu", revision="v2")
    assert translator.translate(noise()) == Translator.load(run, "ab", "cpu").translate(noise())
    Translator.from_pretrained("hf://me/ochre/gen_ba.safetensors", device="cpu")
    assert asked == [("me/ochre", "v2"), ("me/ochre", "gen_ba.safetensors", None)]
    for wrong in ("hf://me", "hf://", "hf:///me/ochre"):
        with pytest.raises(ValueError, match="expected hf://user/name"):
            fetch(wrong)


@pytest.mark.parametrize("name", ["s3://b/m", "S3://b/m", "ftp://b/m"])
def test_models_are_read_from_the_hub_and_from_paths_only(name: str) -> None:
    with pytest.raises(ValueError, match=rf"^{name}: expected a local path or hf://user/name"):
        Translator.load(Path(name))
    with pytest.raises(ValueError, match=rf"^{name}: expected a local path or hf://user/name"):
        with_local_models(TranslateOptions(model=Path(name), input=Path("i"), output=Path("o")))


def test_a_hub_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no network\nand many more words")

    monkeypatch.setattr("huggingface_hub.HfApi", fail)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    with pytest.raises(ValueError, match=r"^hf://me/ochre: cannot be downloaded: no network$"):
        Translator.from_pretrained("hf://me/ochre")


def test_without_a_network_the_reason_names_the_endpoint_and_the_cache(
    monkeypatch: pytest.MonkeyPatch, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("Got: ConnectError: [Errno -2] Name or service not known")

    monkeypatch.setattr("huggingface_hub.HfApi", fail)
    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    reason = r"no network, or HF_ENDPOINT is wrong \(ConnectError: .* known\)"
    with pytest.raises(ValueError, match=rf"downloaded: {reason}; .*before are available$"):
        Translator.from_pretrained("hf://me/ochre")
    out = str(tmp_path / "shared")
    assert main(["export", str(run), out, "hub", "--push", "me/ochre"]) == 1
    assert (
        f"{out} is written. To upload it, run the same command with --overwrite true"
        in capsys.readouterr().err
    )


def test_what_is_pushed_is_what_is_saved(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed: dict[str, Any] = {}

    def create(name: str, **options: Any) -> str:
        pushed.update(options, name=name)
        return f"https://hub/{name}"

    def upload(*, repo_id: str, folder_path: Path) -> None:
        pushed["files"] = sorted(path.name for path in folder_path.iterdir())

    api = SimpleNamespace(create_repo=create, upload_folder=upload)
    monkeypatch.setattr("huggingface_hub.HfApi", lambda: api)
    translator = Translator.load(run, "ab", "cpu")
    assert translator.push_to_hub("me/ochre", private=True) == "https://hub/me/ochre"
    assert pushed == {
        "name": "me/ochre", "private": True, "exist_ok": True,
        "files": ["README.md", "gen_ab.safetensors", "samples-ab.png"],
    }  # fmt: skip


def test_a_folder_with_other_files_and_an_invalid_license_are_rejected(
    run: Path, tmp_path: Path
) -> None:
    translator = Translator.load(run, "ab", "cpu")
    with pytest.raises(ValueError, match="holds other files"):
        translator.save_pretrained(run)
    with pytest.raises(ValueError, match="license: My own: must be a Hub license id"):
        translator.save_pretrained(tmp_path / "shared", license="My own")
    assert not (tmp_path / "shared").exists()
    bare = Translator(translator.network, 3, torch.device("cpu"))
    with pytest.raises(ValueError, match="was not loaded from a file"):
        bare.save_pretrained(tmp_path / "shared")


def test_existing_files_are_not_replaced_by_default(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Above all the card, which users may have edited."""
    folder = tmp_path / "shared"
    arguments = ["export", str(run), str(folder), "hub"]
    assert main(arguments) == 0
    card = folder / "README.md"
    card.write_text(card.read_text() + "Trained on my photographs.\n")
    assert main(arguments) == 1
    assert "gen_ab.safetensors exists" in capsys.readouterr().err
    (folder / "gen_ab.safetensors").write_bytes(b"old")
    assert main([*arguments, "--overwrite"]) == 0
    assert "README.md: existed and was kept" in capsys.readouterr().out
    assert card.read_text().endswith("Trained on my photographs.\n")
    assert (folder / "gen_ab.safetensors").stat().st_size > 3
