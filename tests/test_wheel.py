"""The wheel, installed elsewhere, translates: an editable install hides missing files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from gan.networks import build_generator
from gan.networks.files import save_generator

ROOT = Path(__file__).parents[1]
REPORT = ROOT / "gan" / "report"


def command(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env=os.environ | environment,
        cwd=environment.get("PYTHONPATH", ROOT),
        capture_output=True,
        text=True,
        check=True,
        timeout=250,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with only the wheel's contents."""
    wheels, site = tmp_path_factory.mktemp("wheels"), tmp_path_factory.mktemp("site")
    # hatchling is in the dev extra: no isolation, no download.
    command("-m", "build", "--wheel", "--no-isolation", "--outdir", wheels, ROOT)
    (wheel,) = wheels.iterdir()
    command("-m", "pip", "install", "--quiet", "--no-deps", "--target", site, wheel)
    return site


def test_the_installed_wheel_translates(installed: Path, tmp_path: Path) -> None:
    spec = {"kind": "resnet_6blocks", "channels": 2, "in_channels": 3, "out_channels": 3}
    torch.manual_seed(0)
    weights = build_generator("resnet_6blocks", channels=2).state_dict()
    save_generator(weights, tmp_path / "gen_ab.safetensors", spec, {})
    Image.new("RGB", (21, 17), "red").save(tmp_path / "red.png")
    code = "import gan, sys; from gan.cli.main import main; print(gan.__file__); sys.exit(main())"
    done = command(
        "-c", code, "translate", "--model", tmp_path, "--device", "cpu",
        "--input", tmp_path / "red.png", "--output", tmp_path / "out",
        PYTHONPATH=str(installed),
    )  # fmt: skip
    assert Path(done.stdout.strip()).is_relative_to(installed)
    with Image.open(tmp_path / "out" / "red.png") as image:
        assert image.size == (21, 17)


def test_the_installed_wheel_finds_recipes_by_name(installed: Path) -> None:
    code = "import sys; from gan.cli.main import main; main(sys.argv[1:])"
    found, read = (
        command("-c", code, "train", "--config", recipe, "--print_config", PYTHONPATH=str(place))
        for recipe, place in (("small", installed), (ROOT / "configs" / "small.yaml", ROOT))
    )
    assert found.stdout == read.stdout
    assert "generator_channels: 16" in found.stdout


def test_the_wheel_holds_the_package_and_nothing_else(installed: Path) -> None:
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}
    assert names - {"bin"} == {"gan"}

    def files(folder: Path) -> set[str]:
        kept = (path for path in (folder / "gan").rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix() for path in kept if path.suffix != ".pyc"}

    recipes = {path.relative_to(ROOT) for path in (ROOT / "configs").rglob("*") if path.is_file()}
    assert files(installed) == files(ROOT) | {f"gan/{path.as_posix()}" for path in recipes}
    assert "gan/py.typed" in files(installed)
    templates = {f"gan/report/{p.relative_to(REPORT)}" for p in REPORT.rglob("*.html")}
    assert "gan/report/templates/page.html" in templates
    assert templates | {f"gan/report/page.{kind}" for kind in ("css", "js")} <= files(installed)
