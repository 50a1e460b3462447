"""The folder of format web is complete, describes its models, and names no other site."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan.export.web import site as writing
from gan.export.web.runtime import RUNTIME
from gan.export.web.site import Model, check_folder, expected, label_of, write_site
from gan.interop import open_generator
from tests.support.commands import export_model, status
from tests.support.sites import TRAINED, write_generators

NAMES = dict.fromkeys(RUNTIME.files, b"code")


@pytest.fixture
def models(tmp_path: Path) -> list[Model]:
    """Return two models whose ONNX files are not real."""
    run = write_generators(tmp_path / "run")
    return [
        Model(
            direction,
            label_of(run, direction),
            open_generator(run / f"gen_{direction}.safetensors"),
            b"onnx",
        )
        for direction in ("ab", "ba")
    ]


def facts(folder: Path) -> dict[str, Any]:
    text = (folder / "site.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.removeprefix("self.SITE = ").removesuffix(";\n"))
    return found


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_every_file_is_listed_with_its_size_and_hash(models: list[Model], tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_site(folder, models, NAMES)
    listed = facts(folder)["files"]
    assert {name or "index.html" for name in listed} == files(folder)
    for name, fact in listed.items():
        content = (folder / (name or "index.html")).read_bytes()
        if name != "site.js":
            assert fact["bytes"] == len(content)
            assert hashlib.sha256(content).hexdigest().startswith(fact["hash"])


def test_other_content_gives_other_hashes(models: list[Model], tmp_path: Path) -> None:
    for name, chosen in {"both": models, "one": models[:1]}.items():
        write_site(tmp_path / name, chosen, NAMES)
    both, one = (facts(tmp_path / name)["files"] for name in ("both", "one"))
    assert both["site.js"]["hash"] != one["site.js"]["hash"]
    assert both["app.js"] == one["app.js"]


def test_what_the_page_loads_is_in_the_folder(models: list[Model], tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_site(folder, models, NAMES)
    loads = r"""(?:src|href|from|register\(|Worker\(|importScripts\()[= ]?"(?:\./)?([\w./-]+)\""""
    found: set[str] = set()
    for path in folder.iterdir():
        if path.suffix in (".html", ".js", ".webmanifest"):
            found |= set(re.findall(loads, path.read_text(encoding="utf-8")))
    assert {"app.js", "worker.js", "sw.js", "style.css", "runtime/LICENSE.txt"} <= found
    assert found <= files(folder)
    described = facts(folder)
    used = {name for names in described["runtimes"].values() for name in names.values()}
    assert used | {model["file"] for model in described["models"]} <= files(folder)
    assert len(used) == len(RUNTIME.files)
    assert not [name for name in files(folder) if name.endswith(".mjs")]  # not known to all hosts


def test_the_page_names_no_other_site() -> None:
    for path in writing.PAGE.iterdir():
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert re.findall(r"""\b\w+://|["'(=]//""", text) == [], path.name
    policy = re.search(r'Policy" content="([^"]+)"', (writing.PAGE / "index.html").read_text())
    assert policy is not None
    assert set(" ".join(part.split(" ", 1)[1] for part in policy[1].split("; ")).split()) == {
        "'none'", "'self'", "'wasm-unsafe-eval'", "blob:",
    }  # fmt: skip


def test_scripts_are_valid(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node.js in the PATH")
    for path in writing.PAGE.glob("*.js"):
        module = tmp_path / f"{path.stem}.mjs"
        module.write_bytes(path.read_bytes())
        subprocess.run([node, "--check", module], check=True, timeout=60)


def test_a_model_is_described_with_what_it_computes(models: list[Model]) -> None:
    described = models[1].facts()
    assert described["label"].split() == ["B", "→", "A"]
    assert (described["size"], described["channels"]) == (TRAINED, 3)
    side, step = (described["check"][key] for key in ("side", "step"))
    pattern = np.arange(3 * side * side) * 37 % 256 / 127.5 - 1
    image = torch.tensor(pattern.reshape(1, 3, side, side), dtype=torch.float32)
    with torch.no_grad():
        flat = models[1].opened.network(image).flatten().tolist()
    assert described["check"]["values"] == pytest.approx(flat[::step], abs=2e-5)
    assert expected(models[0].opened) != described["check"]["values"]


def test_a_direction_is_named_after_the_folders(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("data: {root: /data/photo2ochre}")
    assert label_of(tmp_path, "ba") == "ochre → photo"


def test_a_page_is_replaced_with_overwrite_only_and_other_files_never(
    models: list[Model], tmp_path: Path
) -> None:
    folder = tmp_path / "site"
    check_folder(folder, overwrite=False)
    write_site(folder, models, NAMES)
    with pytest.raises(ValueError, match="exists already; name another folder, or add --overwrite"):
        check_folder(folder, overwrite=False)
    check_folder(folder, overwrite=True)
    write_site(folder, models[:1], NAMES)
    assert not (folder / "models" / "ba.onnx").exists()
    assert len(facts(folder)["models"]) == 1
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    (folder / "thesis.txt").touch()
    with pytest.raises(ValueError, match="holds other files: name a new or empty folder"):
        check_folder(folder, overwrite=True)
    with pytest.raises(ValueError, match="is a file"):
        check_folder(folder / "thesis.txt", overwrite=True)


def test_numbers_that_browsers_cannot_show_are_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.export.command.read_runtime", lambda place: NAMES)
    run = write_generators(tmp_path / "run", range_in=[0, 4095])
    with pytest.raises(ValueError, match=r"gen_ab\.safetensors: .* browsers show 8 bits only"):
        export_model(run, tmp_path / "site", "web")
    assert not (tmp_path / "site").exists()


def test_the_runtime_is_for_this_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = write_generators(tmp_path / "run")
    assert status("export", str(run), str(tmp_path / "g.onnx"), "onnx", "--runtime", "node") == 2
    assert "runtime is for format web, not onnx: remove it" in capsys.readouterr().err


def test_only_a_script_for_pages_from_disk_says_that_they_do_not_start() -> None:
    """A served page loads for a while, and must not show that sentence meanwhile."""
    sentence = "A page opened from disk does not start"
    holders = [path.name for path in writing.PAGE.iterdir() if sentence in path.read_text("utf-8")]
    assert holders == ["disk.js"]
    assert 'if (location.protocol === "file:")' in (writing.PAGE / "disk.js").read_text("utf-8")
    assert '<script src="disk.js" defer>' in (writing.PAGE / "index.html").read_text("utf-8")
