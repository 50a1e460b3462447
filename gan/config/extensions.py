"""Code from outside the package that adds rows to its tables: files, modules, installed packages.

Only what the user names is imported (`--extend FILE`, or an import in a notebook), or what is
installed with an entry point in the group "gan": never a file that a run or a model names.
"""

import importlib
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from gan.config.choices import Better
from gan.config.table import Code
from gan.config.tables.datasets import DATASETS, DatasetRow
from gan.config.tables.metrics import METRICS, MetricRow, Need
from gan.config.tables.observers import OBSERVERS, ObserverRow
from gan.config.tables.recipes import RECIPES, RecipeRow

GROUP = "gan"
"""Entry points of installed packages: each names a module."""


def load_extensions(names: Iterable[str]) -> None:
    """Import Python files and modules, and what is installed; ValueError names what cannot be.

    A file is imported under its own name with its folder on the path, so that loader workers, which
    get the same path, can import it as well.
    """
    for entry in entry_points(group=GROUP):
        entry.load()
    for name in names:
        path = Path(name)
        if path.suffix != ".py":
            _import(name, f"extend: {name}")
            continue
        if not path.is_file():
            raise ValueError(f"extend: {name}: no such file")
        folder = str(path.resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        module = sys.modules.get(path.stem)
        if module is not None and getattr(module, "__file__", None) != str(path.resolve()):
            raise ValueError(
                f"extend: {name}: a module {path.stem} exists already: rename the file"
            )
        _import(path.stem, f"extend: {name}")


def register_dataset(name: str, code: Code) -> None:
    """Let data.dataset name a function or class from the configuration to a torch Dataset.

    gan.config.tables.datasets.DatasetRow says what a dataset has.
    """
    DATASETS.add(name, DatasetRow(code))


def register_observer(name: str, code: Code) -> None:
    """Let train.observers name a function or class from a RunContext to an Observer."""
    OBSERVERS.add(name, ObserverRow(code))


def register_recipe(name: str, row: RecipeRow) -> None:
    """Let train.recipe name a recipe."""
    RECIPES.add(name, row)


def _import(module: str, where: str) -> None:
    """Import a module; ValueError with its error in one line."""
    try:
        importlib.import_module(module)
    except Exception as error:
        raise ValueError(f"{where}: {type(error).__name__}: {error}") from error


def register_metric(
    name: str,
    function: Code,
    *,
    title: str,
    better: Better,
    needs: Sequence[Need] = (),
    **facts: Any,
) -> None:
    """Add a metric: it is measured, printed, reported, and can be evaluate.best.

    The function takes a gan.metrics.Batch and returns a score for each image, (N,). More facts,
    for instance baseline=True to measure doing nothing as well, are those of
    gan.config.tables.metrics.MetricRow. ValueError names a fact that is invalid or a name in use.
    """
    METRICS.add(name, MetricRow(title, better, function, tuple(needs), **facts))
