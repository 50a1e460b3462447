"""The head of the page: what the run is, where it stands, how long it took."""

from markupsafe import Markup

from gan.config import Config
from gan.config.tables.datasets import DATASETS
from gan.config.tables.recipes import RECIPES
from gan.report.chart import chart
from gan.report.html import render
from gan.report.logs import Log
from gan.report.standing import Standing

PACE = {
    "images_per_second": (
        "Images per second",
        "Real images of all folders that a second takes in.",
    ),
    "memory_gb": ("Memory", "Largest amount of memory in use so far, in GB."),
    "learning_rate": (
        "Learning rate",
        "Of the generators, after any cut that train.nonfinite made.",
    ),
}


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


def time_and_memory(log: Log) -> Markup:
    """When the run was at work, how fast, and with how much memory."""
    charts = [
        chart(title, about, [log.curve(name)], smooth=name == "images_per_second")
        for name, (title, about) in PACE.items()
        if log.scalars.get(name)
    ]
    return render("time.html", log=log, charts=charts)
