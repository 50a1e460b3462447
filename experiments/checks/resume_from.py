"""Train with an earlier commit, resume the run with it and with the current code, and compare both.

python -m experiments.checks.resume_from 0dd1455 --folder /tmp/resume_from
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from torchvision.models import mobilenet_v2

from gan.config import changed_keys
from gan.config.tables.recipes import RECIPES
from gan.training.checkpoint.states import SavedState, newest_state
from gan.training.optimization import by_name

ROOT = Path(__file__).parents[2]
STOP, END = 7, 13
"""Last step before resuming, and last step of all; neither ends an epoch or fills the pools."""
NETWORKS = {
    "generator": "resnet_6blocks",
    "generator_channels": 4,
    "discriminator": "n_layers",
    "discriminator_layers": 1,
    "discriminator_channels": 4,
    "dropout": True,
}
SEEING = {
    "loss": {"perceptual": 1.0, "style": 2.0, "tv": 1.0},
    "perceptual": {
        "backbone": "mobilenet_v2",
        "weights": "weights.pth",
        "content_layers": ["features.1"],
        "style_layers": ["features.0", "features.1"],
    },
}


def main() -> int:
    """Compare the runs of all recipes; return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("commit", nargs="?", default="0dd1455", help="commit that begins the runs")
    parser.add_argument("--folder", type=Path, required=True, help="new folder for all files")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    write_data(folder)
    old = folder / "code"
    git("worktree", "add", "--detach", str(old.resolve()), arguments.commit)
    try:
        same = [compare_recipe(folder, old, name) for name in recipes()]
    finally:
        git("worktree", "remove", "--force", str(old.resolve()))
    return 0 if all(same) else 1


def recipes() -> dict[str, dict[str, Any]]:
    """Return the sections of each recipe, with keys that every commit has."""
    return {
        "cyclegan": {"loss": {}},
        "cyclegan_seeing": SEEING | {"optim": {"discriminator_lr": 1e-4}},
        "single_style": SEEING | {"style": {"image": "painting.png", "size": 16}},
        "arbitrary_style": SEEING | {"networks": NETWORKS | {"generator": "adain"}},
    }


def write_data(folder: Path) -> None:
    """Write random images, a painting, and the weights of a frozen network."""
    draws = np.random.default_rng(0)
    for name, count in {"trainA": 6, "trainB": 5, "testA": 2, "testB": 2}.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = draws.integers(256, size=(24, 20 + number, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    shutil.copy(folder / "trainB" / "0.png", folder / "painting.png")
    torch.manual_seed(0)
    network: nn.Module = mobilenet_v2(weights=None)
    torch.save(network.state_dict(), folder / "weights.pth")


def compare_recipe(folder: Path, old: Path, name: str) -> bool:
    """Begin a run with the earlier code, resume it with both, and compare their files."""
    config = {
        "data": {"root": ".", "load_size": 18, "crop_size": 16, "workers": 0},
        "networks": NETWORKS,
        "train": {
            "epochs": 4, "decay_epochs": 2, "pool_size": 5, "ema": 0.9, "accumulate": 2,
            "log_every": 1, "doctor_every": 4, "sample_every": 5, "checkpoint_every": 4,
        },
        "run": {"device": "cpu", "threads": 1},
    }  # fmt: skip
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(config | recipes()[name]))
    train(folder, old, name, "begun", STOP)
    for code, run in ((old, "old"), (ROOT, "new")):
        shutil.copytree(folder / f"{name}-begun", folder / f"{name}-{run}")
        train(folder, code, name, run, END)
    return compare_runs(name, folder / f"{name}-old", folder / f"{name}-new")


def train(folder: Path, code: Path, name: str, run: str, steps: int) -> None:
    """Train up to a step with the code in a folder."""
    command = [sys.executable, str(code.resolve() / "train.py"), "--config", f"{name}.yaml"]
    command += ["--run.dir", f"{name}-{run}", "--train.max_steps", str(steps)]
    paths = {"PYTHONPATH": str(code.resolve()), "OMP_NUM_THREADS": "1"}
    with (folder / f"{name}-{run}.log").open("w") as log:
        subprocess.run(command, cwd=folder, env=os.environ | paths, stderr=log, check=True)


def compare_runs(name: str, old: Path, new: Path) -> bool:
    """Print a line for each comparison; return whether both runs are equal."""
    states = [newest_state(run / "state")[0] for run in (old, new)]
    assert all(state and state.step == END for state in states)
    saved = [contents(state) for state in states if state]
    before, after = ([*left, *files(run)] for left, run in zip(saved, (old, new), strict=True))
    same = True
    for (what, one), (other_what, other) in zip(before, after, strict=True):
        equal = what == other_what and alike(one, other)
        print(f"{name}: {what}: {'equal' if equal else 'DIFFERENT'}")
        same = same and equal
    return same


def files(run: Path) -> list[tuple[str, Any]]:
    """Return the tensors and metadata of generators, the doctor's records and the samples."""
    found: list[tuple[str, Any]] = []
    for path in sorted(run.glob("gen_*.safetensors")):
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in sorted(file.keys())}
            found += [(path.name, tensors), (f"{path.name}, metadata", file.metadata())]
    lines = [json.loads(line) for line in (run / "doctor.jsonl").read_text().splitlines()]
    return [
        *found,
        ("doctor.jsonl", lines),
        *((path.name, path.read_bytes()) for path in sorted((run / "samples").glob("*.png"))),
    ]


def contents(state: SavedState) -> list[tuple[str, Any]]:
    """Return the content of a training state by current names of networks and recipes."""
    shared, own = state.load(0)
    row = RECIPES[state.recipe]
    shared["networks"] = by_name(shared["networks"], row.networks)
    shared["averages"] = by_name(shared["averages"], row.networks)
    manifest = {key: state.manifest[key] for key in ("step", "folders", "fingerprints", "ended")}
    return [
        ("recipe", state.recipe),
        *((f"manifest, {key}", value) for key, value in manifest.items()),
        ("manifest, config", changed_keys(state.manifest["config"], {})),
        *((f"state, {key}", shared[key]) for key in sorted(shared)),
        *((f"state of process 0, {key}", own[key]) for key in sorted(own)),
    ]


def alike(one: Any, other: Any) -> bool:
    """Return whether nested values are equal, tensors and numbers bit by bit."""
    if isinstance(one, Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(alike, one, other))
    return repr(one) == repr(other)  # so that NaN equals NaN


def git(*arguments: str) -> None:
    """Run git in the repository."""
    subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
