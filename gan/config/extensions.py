"""Import extensions: code outside the package that adds rows to its tables by register_...

An extension is a file or module that the user names (`--extend FILE`, or an import in a notebook),
or an installed package with an entry point in the group "gan". If a run or a model names a file, it
is never imported.
"""

import importlib
import sys
import traceback
from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from gan.config.choices import Better
from gan.config.sections import LossConfig
from gan.config.table import Code
from gan.config.tables.adversarial import ADVERSARIAL, AdversarialRow
from gan.config.tables.datasets import DATASETS, DatasetRow
from gan.config.tables.discriminators import DISCRIMINATORS, DiscriminatorRow
from gan.config.tables.generators import GENERATORS, GeneratorRow
from gan.config.tables.losses import LOSS_TERMS, LossTermRow
from gan.config.tables.metrics import METRICS, MetricRow, Need
from gan.config.tables.observers import OBSERVERS, ObserverRow
from gan.config.tables.recipes import RECIPES, RecipeRow
from gan.config.tables.trackers import TRACKERS, TrackerRow

GROUP = "gan"
"""Group of entry points of installed packages; each names a module."""


def load_extensions(names: Iterable[str]) -> None:
    """Import installed extensions, then the named files and modules; ValueError if one fails.

    A Python file (.py) is imported under its own name with its folder on sys.path, so that loader
    workers, which get the same path, can import it too.
    """
    for name in (*(entry.module for entry in entry_points(group=GROUP)), *names):
        module = _module_of(name) if name.endswith(".py") else name
        try:
            importlib.import_module(module)
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(at.filename).name}:{at.lineno}"
            raise ValueError(
                f"extend: {name}: {type(error).__name__}: {error} ({where})"
            ) from error


def _module_of(name: str) -> str:
    """Add the folder of a file to sys.path and return the name of its module.

    ValueError if there is no such file, or another module with its name is imported already.
    """
    path = Path(name).resolve()
    if not path.is_file():
        raise ValueError(f"extend: {name}: no such file")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = sys.modules.get(Path(name).stem)
    if module is not None and getattr(module, "__file__", None) != str(path):
        raise ValueError(
            f"extend: {name}: a module {Path(name).stem} exists already: rename the file"
        )
    return Path(name).stem


def register_dataset(name: str, code: Code) -> None:
    """Register a dataset for data.dataset.

    `code`, a function or class, is called with the configuration and returns a torch Dataset. An
    item is a tuple of one uint8 tensor (C, crop_size, crop_size) for each domain;
    gan.config.tables.datasets.DatasetRow lists what else a dataset may have. ValueError if the name
    is taken.
    """
    DATASETS.add(name, DatasetRow(code))


def register_observer(name: str, code: Code) -> None:
    """Register an observer for train.observers.

    `code`, a function or class, is called with a RunContext and returns an Observer. ValueError if
    the name is taken.
    """
    OBSERVERS.add(name, ObserverRow(code))


def register_tracker(name: str, code: Code) -> None:
    """Register a tracker for run.trackers.

    `code` is a subclass of accelerate.tracking.GeneralTracker, or its name. It is called with
    run.project and, if it requires a logging directory, a folder in the run's folder. ValueError if
    the name is taken.
    """
    TRACKERS.add(name, TrackerRow(code))


def register_recipe(name: str, row: RecipeRow) -> None:
    """Register a recipe for train.recipe.

    `row` names the recipe's class, domains, directions and losses. ValueError if the name is taken.
    """
    RECIPES.add(name, row)


def register_generator(
    name: str,
    build: Code,
    *,
    takes: tuple[str, ...] = (),
    size_multiple: int = 1,
    encodes: bool = False,
) -> None:
    """Register a generator for networks.generator.

    build(in_channels=..., out_channels=..., channels=...) returns a module that translates images
    (N, in_channels, H, W) to (N, out_channels, H, W), both in [-1, 1], for any H and W from 16 up.
    takes lists further arguments of build: with ("norm",) it is also called with
    norm=networks.norm; upsample, dropout and downsample likewise. data.crop_size must be a multiple
    of size_multiple. encodes, explained in gan.config.tables.generators.GeneratorRow, is required
    for train.recipe contrastive. Files of trained generators name the generator, so programs that
    use them must load the same extension. ValueError if the name is taken.
    """
    row = GeneratorRow(build, takes, size_multiple=size_multiple, encodes=encodes)
    GENERATORS.add(name, row)


def register_discriminator(
    name: str, build: Code, *, takes: tuple[str, ...] = (), halvings: int | None = 0
) -> None:
    """Register a discriminator for networks.discriminator.

    build(in_channels=..., channels=...) returns a module that scores images (N, in_channels, H, W)
    as one map (N, 1, h, w) or a list of maps. takes lists further arguments of build: norm, layers,
    backbone, weights. halvings is how often the module halves the sides of an image; None means
    networks.discriminator_layers times. data.crop_size must be at least 3 * 2^halvings. ValueError
    if the name is taken.
    """
    DISCRIMINATORS.add(name, DiscriminatorRow(build, takes, halvings=halvings))


def register_adversarial(
    name: str,
    discriminator: Code,
    generator: Code,
    *,
    regularizer: Code | None = None,
    uses_real: bool = False,
    chance: float | None = None,
) -> None:
    """Register a form of the adversarial loss for loss.adversarial.

    discriminator(real_scores, fake_scores) and generator(fake_scores, real_scores) map score maps,
    (N, 1, h, w), to scalars; without uses_real, real_scores is None for the generator.
    regularizer(disc, real, fake) returns a scalar that is added to the discriminator's loss with
    the weight loss.gradient_penalty. chance is half of the discriminator's smallest loss when it
    cannot tell real images from translations; None for a critic, as in wgan_gp. ValueError if the
    name is taken.
    """
    ADVERSARIAL.add(name, AdversarialRow(discriminator, generator, regularizer, uses_real, chance))


def register_loss_term(name: str, term: Code) -> None:
    """Register a term of the generators' loss, turned on by a weight in loss.terms.

    term(cycle) returns a scalar. `cycle`, a gan.training.objective.Cycle, holds the images of one
    direction: real, fake, rec, target and idt, each (N, C, H, W) in [-1, 1]; idt is None if
    loss.identity is 0. Losses and logs contain the term, times its weight, as NAME_ab and NAME_ba.
    ValueError if the name is taken.
    """
    if name in LossConfig.model_fields:
        raise ValueError(f"loss.{name} exists already: choose another name")
    LOSS_TERMS.add(name, LossTermRow(term))


def register_metric(
    name: str,
    function: Code,
    *,
    title: str,
    better: Better,
    needs: Sequence[Need] = (),
    **facts: Any,
) -> None:
    """Register a metric, which is then measured, printed and reported; evaluate.best can name it.

    `function` takes a gan.metrics.Batch and returns one score per image, (N,). `title` names the
    metric in tables; `better` is "lower" or "higher". `needs` lists what the metric requires
    ("pairs", "extractor", "opposite", ...); the metric is skipped if that is missing. `facts` are
    further fields of MetricRow: for instance baseline=True to score the source images too,
    question="..." for the question that the metric answers, or of="collection" for a function that
    scores a whole collection. ValueError if a fact is invalid, or the name is taken.
    """
    try:
        row = MetricRow(title, better, function, tuple(needs), **facts)
    except TypeError as error:  # an unknown fact
        raise ValueError(f"metric {name}: {error}") from None
    METRICS.add(name, row)
