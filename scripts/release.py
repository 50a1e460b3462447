"""Build and check what a release consists of, and upload nothing: `make release`.

python scripts/release.py dist      # the wheel and the sdist go to dist/

In order: build the sdist, and the wheel from it; check both with `twine check --strict`; install
the wheel into a fresh environment in a temporary folder, which can import the packages that are
installed here, but not this checkout; run `gan --version` and translate a picture there; compare
it with a translation by this checkout; print what is left to do by hand. Nothing is downloaded.
It requires build, hatchling (extra dev) and twine (`make release` installs it).
"""

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ELSEWHERE = """\
import sys
import gan
from gan.cli.main import main
print(gan.__file__)
sys.exit(main(sys.argv[1:]))
"""
LEFT = """\
{wheel} and {sdist} are checked. Nothing was uploaded. What is left to do:
  1. Read CHANGELOG.md: the part of {version} must say what this release changes, with its date.
  2. git tag -a v{version} -m "Version {version}" && git push origin v{version}
  3. python -m twine upload {wheel} {sdist}
  4. Increase __version__ in gan/__init__.py for the next release, and commit."""


def main(words: list[str] | None = None) -> int:
    """Build, check, install elsewhere and translate; return 0, or 1 after the first failure."""
    parser = argparse.ArgumentParser(description="Build and check a release; upload nothing.")
    parser.add_argument("output", type=Path, help="new or empty folder for the wheel and the sdist")
    output: Path = parser.parse_args(words).output.resolve()  # steps run in other folders
    try:
        wheel, sdist = build(output)
        run("check", sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
        version = try_elsewhere(wheel)
    except ReleaseError as error:
        print(f"release: error: {error}", file=sys.stderr)
        return 1
    print(LEFT.format(wheel=wheel, sdist=sdist, version=version))
    if changes := uncommitted():
        print(f"The working tree has {changes} changes that are not committed: commit them first.")
    return 0


class ReleaseError(Exception):
    """A step failed; the text says which, and what it printed."""


def build(output: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel from it; return the paths of both."""
    if output.is_dir() and any(output.iterdir()):
        raise ReleaseError(f"{output}: holds files; remove them, or name another folder")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(output), str(ROOT)]
    run("build", *command)
    (wheel,), (sdist,) = output.glob("*.whl"), output.glob("*.tar.gz")
    return wheel, sdist


def try_elsewhere(wheel: Path) -> str:
    """Install the wheel into a fresh environment and translate there; return its version."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        python = environment(folder / "environment", wheel)
        installed = run("version", python.with_name("gan"), "--version", where=folder)
        version = installed.strip()
        print(f"installed elsewhere: {version}")
        write_example(folder)
        first, *_ = translate(python, folder, "elsewhere").splitlines()
        if not Path(first).is_relative_to(folder.resolve()):
            raise ReleaseError(f"translated by {first}, not by the installed wheel")
        translate(Path(sys.executable), folder, "here", PYTHONPATH=str(ROOT))
        if picture(folder, "elsewhere") != picture(folder, "here"):
            raise ReleaseError("the installed wheel and this checkout translate differently")
        print("translated elsewhere: the same picture as by this checkout")
    return version.split()[-1]


def environment(folder: Path, wheel: Path) -> Path:
    """Create an environment with the wheel; return its Python.

    Its packages are those of this one, by a file of paths: a copy would take gigabytes. A path in
    such a file does not run the path's own files, so an editable install is not found through it.
    pip then checks that the wheel's requirements are among these packages; it asks no index.
    """
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / Path(sys.executable).name
    site = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    inherited = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    Path(site, "inherited.pth").write_text("\n".join(inherited) + "\n", encoding="utf-8")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    # Python 3.11 puts an old setuptools there, which would hide the one that torch requires.
    run("prepare", *pip, "uninstall", "--quiet", "--yes", "setuptools", where=folder)
    pip += ["install", "--quiet", "--no-index"]
    run("install", *pip, "--no-deps", "--ignore-installed", wheel, where=folder)
    run("requirements", *pip, wheel, where=folder)
    return python


def write_example(folder: Path) -> None:
    """Write a picture, and a small generator with random weights."""
    import numpy as np
    import torch
    from PIL import Image

    from gan.networks import build_generator, init_weights
    from gan.networks.files import save_generator

    spec: dict[str, Any] = {
        "kind": "resnet_6blocks",
        "channels": 4,
        "in_channels": 3,
        "out_channels": 3,
    }
    network = build_generator(**spec)
    init_weights(network, 0.2, torch.Generator().manual_seed(0))
    save_generator(network.state_dict(), folder / "gen_ab.safetensors", spec, {"direction": "ab"})
    pixels = np.random.default_rng(0).integers(0, 256, (45, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photograph.png")


def translate(python: Path, folder: Path, name: str, **variables: str) -> str:
    """Translate the example into the folder `name`; return what was printed."""
    words = ["translate", "--model", "gen_ab.safetensors", "--input", "photograph.png"]
    words += ["--output", name, "--device", "cpu"]
    return run("translate", python, "-c", ELSEWHERE, *words, where=folder, **variables)


def picture(folder: Path, name: str) -> bytes:
    """Return the bytes of a translation of the example."""
    return (folder / name / "photograph.png").read_bytes()


def run(step: str, *command: str | Path, where: Path = ROOT, **variables: str) -> str:
    """Run a command in a folder; return what it printed. ReleaseError if it fails."""
    print(f"{step} ...", flush=True)
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=where, env=kept | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ReleaseError(f"{step} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def uncommitted() -> int:
    """Return the number of files with changes that git has not recorded; 0 without git."""
    if not shutil.which("git"):
        return 0
    command = ["git", "status", "--porcelain"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return len(listed.stdout.splitlines())


if __name__ == "__main__":
    sys.exit(main())
