"""Count the source files that an addition to the package touches, with a toy patch for each.

`python -m experiments.checks.files_to_touch` clones the checked-out commit for each patch, applies
the patch, runs code that uses the addition, and prints the touched files below gan/.
CONTRIBUTING.md has the result. The exit status is 1 if a patch fails or touches more files than its
limit.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from jsonargparse import auto_cli

ROOT = Path(__file__).parents[2]
TABLES = "gan/config/tables/"


@dataclass(frozen=True)
class Patch:
    """An addition to the package."""

    limit: int
    """Most files that it may touch."""
    check: str
    """Python that fails unless the addition works."""
    files: dict[str, str]
    """Contents of new files, and texts that are appended to existing files."""
    rows: dict[str, tuple[str, str]]
    """By file: a row, and the text before which it is inserted, as (text, row)."""


PATCHES = {
    "metric": Patch(
        3,
        """
from gan.config import Config
from gan.config.tables.metrics import METRICS, full_names
from gan.config.table import load
import torch
images = torch.ones(2, 3, 8, 8)
assert load(METRICS["brightness"].code)(images, images - 1).tolist() == [1, 1]
assert "brightness_ab" in full_names()
Config.model_validate({"data": {"root": "x"}, "evaluate": {"every": 1, "best": "brightness_ab"}})
""",
        {
            "gan/metrics/brightness.py": """
def brightness(fake, source):
    return (fake - source).flatten(1).mean(dim=1).abs()
"""
        },
        {
            f"{TABLES}metrics.py": (
                '    "structure": MetricRow(',
                '    "brightness": MetricRow(\n        "Brightness", "lower", '
                '"gan.metrics.brightness:brightness",\n'
                '        takes=("fake.pixels", "source.pixels"),\n    ),\n',
            )
        },
    ),
    "adversarial form": Patch(
        2,
        """
from gan.config import LossConfig
from gan.training.objective import discriminator_loss
import torch
ones = torch.ones(1, 3, 8, 8)
loss = LossConfig(adversarial="absolute")
assert discriminator_loss(lambda x: x, ones, 0 * ones, loss).loss == 0
""",
        {
            "gan/losses/adversarial.py": """

def absolute_discriminator(real, fake):
    return (real - 1).abs().mean() + fake.abs().mean()


def absolute_generator(fake, real=None):
    return (fake - 1).abs().mean()
"""
        },
        {
            f"{TABLES}adversarial.py": (
                '        "hinge": AdversarialRow(',
                '        "absolute": AdversarialRow(\n            '
                'f"{_CODE}absolute_discriminator", f"{_CODE}absolute_generator"\n        ),\n',
            )
        },
    ),
    "generator": Patch(
        3,
        """
from gan.config import NetworksConfig
from gan.networks.assembly import build_networks
import torch
config = NetworksConfig(generator="tiny", generator_channels=2)
net = build_networks(config, 3, 1, ["gen_ab"], seed=0)["gen_ab"]
assert net(torch.zeros(1, 3, 17, 19)).shape == (1, 1, 17, 19)
""",
        {
            "gan/networks/tiny.py": """
from torch import nn


class TinyGenerator(nn.Sequential):
    def __init__(self, *, in_channels, out_channels, channels):
        super().__init__(
            nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(),
            nn.Conv2d(channels, out_channels, 3, padding=1), nn.Tanh(),
        )
"""
        },
        {
            f"{TABLES}generators.py": (
                '        "adain": GeneratorRow(',
                '        "tiny": GeneratorRow("gan.networks.tiny:TinyGenerator"),\n',
            )
        },
    ),
    "discriminator": Patch(
        3,
        """
from gan.config import NetworksConfig
from gan.networks.assembly import build_networks
import torch
config = NetworksConfig(discriminator="global", discriminator_channels=2)
net = build_networks(config, 3, 3, ["disc_a"], seed=0)["disc_a"]
assert net(torch.zeros(2, 3, 16, 16)).shape == (2, 1, 1, 1)
""",
        {
            "gan/networks/discriminators.py": """

class GlobalDiscriminator(nn.Sequential):
    def __init__(self, *, in_channels: int, channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, 1, 1),
            nn.AdaptiveAvgPool2d(1),
        )
"""
        },
        {
            f"{TABLES}discriminators.py": (
                '        "pixel": DiscriminatorRow(',
                '        "global": DiscriminatorRow('
                '"gan.networks.discriminators:GlobalDiscriminator"),\n',
            )
        },
    ),
    "loss term": Patch(
        4,
        """
from gan.config import LossConfig
from gan.training.objective import Cycle, generator_losses
import torch
ones = torch.ones(1, 3, 8, 8)
cycle = Cycle(ones, 0 * ones, ones, ones, None)
loss = LossConfig.model_validate({"terms": {"brightness": 3}})
assert generator_losses("ab", cycle, lambda x: x, loss)["brightness_ab"] == 3
""",
        {
            "gan/losses/brightness.py": """
def brightness(cycle):
    return (cycle.fake.mean() - cycle.real.mean()).abs()
"""
        },
        {
            f"{TABLES}losses.py": (
                "})\n",
                '"brightness": LossTermRow("gan.losses.brightness:brightness")',
            )
        },
    ),
    "dataset format": Patch(
        2,
        """
from gan.augment.options import AugmentOptions
from gan.config.table import load
from gan.config.tables.formats import FORMATS
AugmentOptions(model=["m"], dataset="d", output="o", format="captions")
assert load(FORMATS["captions"].code).read
""",
        {
            "gan/augment/formats/captions.py": """
from gan.augment.formats import imagefolder

FORMAT = imagefolder.FORMAT
"""
        },
        {
            f"{TABLES}formats.py": (
                '        "yolo": ',
                '        "captions": FormatRow("gan.augment.formats.captions:FORMAT"),\n',
            )
        },
    ),
    "doctor finding": Patch(
        3,
        """
from gan.config import Config, LossConfig, TrainConfig
from gan.training.doctor.doctor import Doctor
import torch
doctor = Doctor(LossConfig(), TrainConfig(doctor_every=10))
real = torch.rand(2, 3, 16, 16) - 0.5
grey = lambda images: images * 0
found = doctor.examine(10, grey, grey, {"a": real, "b": real}).found
assert "gen_ab returns pale pictures" in [finding.advice for finding in found]
""",
        {
            "gan/training/doctor/pictures.py": """

def contrast(fake: Tensor) -> float:
    return float(fake.std())
"""
        },
        {
            f"{TABLES}findings.py": (
                '    "copy": Fault(',
                '    "pale": Fault(0.01, "gen_{where} returns pale pictures", below=True),\n',
            ),
            "gan/training/doctor/doctor.py": (
                '        "copy": pictures.change(real, fake),',
                '        "pale": pictures.contrast(fake),\n',
            ),
        },
    ),
    "recipe": Patch(
        4,
        """
from gan.config import Config
from gan.config.table import load
from gan.config.tables.recipes import RECIPES
from gan.training.accelerator import build_accelerator
import torch
config = Config.model_validate({
    "data": {"root": "x", "crop_size": 16, "load_size": 16}, "run": {"device": "cpu"},
    "networks": {"generator_channels": 2, "discriminator": "pixel"},
    "train": {"recipe": "one_way"},
})
recipe = load(RECIPES[config.recipe].code)(config, build_accelerator(config))
images = torch.zeros(1, 3, 16, 16, dtype=torch.uint8)
assert "l1" in recipe.train_step(1, [(images, images)])
""",
        {
            "gan/training/recipes/one_way.py": """
from torch.nn.functional import l1_loss

from gan.networks.assembly import build_networks
from gan.training.recipes.base import Step, build_frame


class OneWay:
    def __init__(self, config, accelerator):
        built = build_networks(config.networks, 3, 3, ["gen_ab"], seed=config.run.seed)
        groups = {"generators": (("gen_ab",), config.optim.lr)}
        self.frame = build_frame(config, accelerator, built, groups, {})

    def train_step(self, step, batches):
        update = Step(self.frame, step)
        for batch in update.accumulate(batches):
            a, b = self.frame.prepare(batch)
            with update.gradients([self.frame.networks["gen_ab"]]):
                loss = l1_loss(self.frame.networks["gen_ab"](a), b)
                update.minimize(loss, {"l1": loss})
        return update.apply()
"""
        },
        {
            f"{TABLES}recipes.py": (
                '        "single_style": RecipeRow(',
                '        "one_way": RecipeRow(\n            '
                '"gan.training.recipes.one_way:OneWay",\n            title="One way",\n'
                '            columns=("real", "fake"),\n            directions=("ab",),\n'
                "            discriminators=(),\n        ),\n",
            )
        },
    ),
}  # fmt: skip


def measure(only: str | None = None) -> int:
    """Print the files that each addition touches.

    Args:
        only: The addition to try, such as metric; not set: all additions.
    """
    failed = 0
    for name, patch in PATCHES.items():
        if only in (None, name):
            touched = try_patch(name, patch)
            failed += len(touched) > patch.limit
            print(f"| {name} | {len(touched)} | {', '.join(f'`{file}`' for file in touched)} |")
    return int(bool(failed))


def try_patch(name: str, patch: Patch) -> list[str]:
    """Return the source files that a patch touches in a clone; ValueError if its check fails."""
    with TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", "--shared", ROOT, clone], check=True)
        for file, text in patch.files.items():
            path = clone / file
            before = path.read_text(encoding="utf-8") if path.exists() else ""
            path.write_text(before + text, encoding="utf-8")
        for file, (anchor, row) in patch.rows.items():
            path = clone / file
            text = path.read_text(encoding="utf-8")
            if text.count(anchor) != 1:
                raise ValueError(f"{name}: {file} holds {anchor!r} {text.count(anchor)} times")
            path.write_text(text.replace(anchor, row + anchor), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", patch.check], cwd=clone, capture_output=True, text=True
        )
        if done.returncode:
            raise ValueError(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        status = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=all", "gan"],
            cwd=clone, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line[3:] for line in status.stdout.splitlines()]


if __name__ == "__main__":
    sys.exit(auto_cli(measure, as_positional=False))
