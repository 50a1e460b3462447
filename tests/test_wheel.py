"""The wheel, installed elsewhere, translates: an editable install hides missing files."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
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


HIDE = """\
import sys
from pathlib import Path
def ours(path):
    return path != {site!r} and (Path(path) / "gan" / "__init__.py").is_file()
sys.path[:] = [path for path in sys.path if not ours(path)]
"""
"""What Python runs first: an editable install would put the checkout on the path."""


@pytest.fixture
def outside(installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which `gan` is that of the wheel, as for the processes started in it."""
    (tmp_path / "hide").mkdir()
    (tmp_path / "hide" / "sitecustomize.py").write_text(HIDE.format(site=str(installed)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "hide"), str(installed)]))
    monkeypatch.setenv("PATH", f"{installed / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    (tmp_path / "outside").mkdir()
    monkeypatch.chdir(tmp_path / "outside")
    return tmp_path / "outside"


def gan(*words: str, status: int = 0) -> str:
    """Return what `gan` prints in the current folder."""
    done = subprocess.run(["gan", *words], capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def noise(folder: Path, count: int = 3) -> None:
    """Write pictures of noise."""
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = np.random.default_rng(number).integers(0, 256, (36, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")


def served(*words: str) -> str:
    """Return the first answer of `gan serve`, which is then interrupted."""
    with subprocess.Popen(["gan", "serve", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            printed = ""
            while not (found := re.search(r"http://127\.0\.0\.1:\d+", printed)):
                line = process.stdout.readline()
                assert line, f"it ended: {printed}"
                printed += line
            with urllib.request.urlopen(f"{found[0]}/api/models", timeout=60) as answer:
                text = answer.read().decode()
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
    return str(text)


SMALLER = (
    "--data.load_size 32 --data.crop_size 32 --data.workers 0 --networks.generator_channels 4 "
    "--networks.discriminator basic --loss.perceptual 0 --loss.style 0 --run.device cpu"
)


@pytest.mark.slow
def test_the_installed_wheel_trains_translates_reports_and_serves(outside: Path) -> None:
    pytest.importorskip("gradio", reason="the extra serve is not installed")
    where = [sys.executable, "-c", "import gan, sys; print(gan.__file__, *sys.path)"]
    first, *path = subprocess.run(where, capture_output=True, text=True).stdout.split()
    assert not Path(first).is_relative_to(ROOT)
    assert str(ROOT) not in path
    for name in ("trainA", "trainB", "testA", "testB"):
        noise(outside / "data" / name)
    run = ["--data.root", "data", "--run.dir", "run", "--train.max_steps", "2"]
    gan("train", "--config", "small", *run, *SMALLER.split())
    gan("translate", "run", "data/testA", "translated", "--direction", "ab")
    assert len(list((outside / "translated").glob("*.png"))) == 3
    gan("report", "run", "--images", "2")
    assert "<html" in (outside / "run" / "report.html").read_text("utf-8")
    assert '"run"' in served("run", "--port", "0")


def test_outside_the_checkout_messages_name_the_recipes(outside: Path) -> None:
    unknown = gan("train", "--config", "nosuch", status=2)
    recipes = ", ".join(sorted(path.stem for path in (ROOT / "configs").glob("*.yaml")))
    assert unknown.endswith(f"nosuch: no such file or recipe; recipes: {recipes}\n")
    file = gan("train", "--config", "configs/small.yaml", status=2)
    assert "configs/small.yaml: no such file; --config small finds the recipe" in file


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
