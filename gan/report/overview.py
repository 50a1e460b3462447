"""The head of the page: what the run is, where it stands, how long it took."""

from markupsafe import Markup

from gan.config import Config
from gan.config.tables.datasets import DATASETS
from gan.config.tables.recipes import RECIPES
from gan.report.html import render
from gan.report.logs import Log
from gan.report.standing import Standing


def overview(name: str, config: Config, standing: Standing, log: Log) -> Markup:
    """The run's name, its state, how far it is, and its figures."""
    return render("overview.html", name=name, what=what(config), standing=standing, log=log)


def what(config: Config) -> str:
    """Return a sentence on the recipe, the networks and the data."""
    networks, data = config.networks, config.data
    try:
        folders = " and ".join(str(data.train_folder(domain)) for domain in config.domains)
    except ValueError:
        folders = "folders that the configuration does not name"
    if not DATASETS[data.dataset].folders:
        folders = f"the dataset {data.dataset}"
    if config.style.image is not None:
        folders += f", after {config.style.image}"
    return (
        f"{RECIPES[config.recipe].title}. {networks.generator} with {networks.generator_channels} "
        f"channels, on crops of {data.crop_size} pixels out of {folders}."
    )
