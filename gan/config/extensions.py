"""Code from outside the package that adds rows to its tables: files, modules, installed packages.

The functions register_... add the rows.
Only modules that the user names are imported (`--extend FILE`, or an import in a notebook), and
installed packages with an entry point in the group "gan": never a file that a run or a model names.
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

GROUP = "gan"
"""Group of entry points of installed packages; each names a module."""


def load_extensions(names: Iterable[str]) -> None:
    """Import Python files and modules, and installed extensions; ValueError names one that fails.

    A file is imported under its own name with its folder on sys.path, so that loader workers, which
    get the same path, can import it too.
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

    ValueError if there is no such file, or another module of that name.
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
    """Add a dataset, for data.dataset.

    code(config) returns a torch Dataset, or is its class. An item is one uint8 tensor (C,
    crop_size, crop_size) for each domain; a DatasetRow says what else a dataset may have.
    ValueError where the name is taken.
    """
    DATASETS.add(name, DatasetRow(code))


def register_observer(name: str, code: Code) -> None:
    """Add an observer, for train.observers.

    code(context) takes a RunContext and returns an Observer, or is its class. ValueError where the
    name is taken.
    """
    OBSERVERS.add(name, ObserverRow(code))


def register_recipe(name: str, row: RecipeRow) -> None:
    """Add a recipe, for train.recipe.

    The row, a RecipeRow, names its class, domains, directions and losses. ValueError where the name
    is taken.
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
    With takes=("norm",) it is also called with norm=networks.norm; upsample, dropout and downsample
    likewise. Training crops must be multiples of size_multiple. encodes, for train.recipe
    contrastive, is that of a gan.config.tables.generators.GeneratorRow. Files of trained generators
    name the generator: programs that use them must load the same extension. ValueError if the name
    is taken.
    """
    row = GeneratorRow(build, takes, size_multiple=size_multiple, encodes=encodes)
    GENERATORS.add(name, row)


def register_discriminator(
    name: str, build: Code, *, takes: tuple[str, ...] = (), halvings: int | None = 0
) -> None:
    """Register a discriminator for networks.discriminator.

    build(in_channels=..., channels=...) returns a module that scores images (N, in_channels, H, W)
    as one map (N, 1, h, w) or a list of maps. takes and halvings are those of a DiscriminatorRow.
    ValueError if the name is taken.
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

    discriminator(real_scores, fake_scores) and generator(fake_scores, real_scores) return scalars
    of score maps, (N, 1, h, w); without uses_real the latter gets None as real_scores.
    regularizer(disc, real, fake) returns a scalar that is added to the discriminator's loss with
    the weight loss.gradient_penalty. chance is that of an AdversarialRow. ValueError if the name is
    taken.
    """
    ADVERSARIAL.add(name, AdversarialRow(discriminator, generator, regularizer, uses_real, chance))


def register_loss_term(name: str, term: Code) -> None:
    """Register a term of the generators' loss, turned on by a weight in loss.terms.

    term(cycle) returns a scalar for one direction, a gan.training.objective.Cycle: its real, fake,
    rec and target are images (N, C, H, W) in [-1, 1], and so is idt, or None if loss.identity is
    0. It appears in losses and logs, times its weight, as NAME_ab and NAME_ba. ValueError if the
    name is taken.
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
    """Register a metric: it is measured, printed, reported, and can be evaluate.best.

    The function takes a gan.metrics.Batch and returns a score for each image, (N,). The title
    stands in tables, better is "lower" or "higher", and needs names what must be there ("pairs",
    "extractor", "opposite", ...); without it the metric is skipped. More facts, for instance
    baseline=True to measure doing nothing as well, question for the sentence that it answers, or
    of="collection" for another kind of function, are those of a MetricRow. ValueError names a fact
    that is invalid or a name in use.
    """
    try:
        row = MetricRow(title, better, function, tuple(needs), **facts)
    except TypeError as error:  # an unknown fact
        raise ValueError(f"metric {name}: {error}") from None
    METRICS.add(name, row)
