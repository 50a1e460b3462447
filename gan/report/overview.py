"""The head of the page: what the run is, where it stands, how long it took."""

from datetime import UTC, datetime

from gan.config import Config
from gan.config.tables.datasets import DATASETS
from gan.config.tables.recipes import RECIPES
from gan.report.chart import chart
from gan.report.curves import Curve, number
from gan.report.html import Html, element, together
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


def overview(name: str, config: Config, standing: Standing, log: Log) -> Html:
    """The run's name, its state, how far it is, and its figures."""
    percent = None if standing.share is None else round(100 * standing.share)
    bar = element(
        "div", element("span", style=f"width:{percent}%"), class_="progress", role="progressbar",
        aria_label="Steps done", aria_valuemin=0, aria_valuemax=100, aria_valuenow=percent,
    )  # fmt: skip
    return element(
        "header",
        element("p", "Training run", class_="eyebrow"),
        element("h1", name),
        element("p", what(config), class_="lead"),
        element(
            "p",
            element("strong", standing.state.capitalize(), class_=f"badge {standing.state}"),
            " ",
            standing.sentence,
        ),
        bar if percent is not None else None,
        facts(figures(standing, log)),
    )


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


def figures(standing: Standing, log: Log) -> dict[str, str]:
    """Short answers by their questions; what was not logged is left out."""
    pace, speed = log.seconds_per_step(), log.last("images_per_second")
    memory = [point.value for point in log.scalars.get("memory_gb", ())]
    of = f" of {standing.stop:,}" if standing.stop else ""
    found = {"Steps": f"{standing.step:,}{of}"}
    if (epoch := log.last("epoch")) is not None:
        found["Epochs"] = number(epoch)
    if log.sessions:
        found["Time at work"] = duration(log.seconds)
    if pace:
        found["Time per step"] = duration(pace)
        if standing.state == "running" and standing.stop:
            found["Time left, about"] = duration(pace * (standing.stop - standing.step))
    if speed:
        found["Images per second"] = number(float(f"{speed:.3g}"))
    if memory:
        found["Most memory"] = f"{max(memory):.2f} GB"
    return found


def time_and_memory(log: Log) -> Html:
    """When the run was at work, how fast, and with how much memory."""
    if not log.sessions:
        return element("p", "Nothing has been logged yet.", class_="empty")
    starts = len(log.sessions)
    rows = {
        "First start": moment(log.sessions[0].begun),
        "Last entry": moment(log.sessions[-1].ended),
        "At work": f"{duration(log.seconds)} in {starts} start{'s' if starts > 1 else ''}",
    }
    if "memory_gb" not in log.scalars:
        rows["Memory"] = "not logged (memory_gb is not among the scalars)"
    charts = [
        chart(title, about, [curve(name, log)], smooth=name == "images_per_second")
        for name, (title, about) in PACE.items()
        if log.scalars.get(name)
    ]
    return together(facts(rows), element("div", charts, class_="charts"))


def curve(name: str, log: Log) -> Curve:
    """A scalar as a line."""
    points = log.scalars[name]
    return Curve(name, [point.step for point in points], [point.value for point in points])


def facts(rows: dict[str, str]) -> Html:
    """Names and values side by side."""
    pairs = [element("div", element("dt", k), element("dd", v)) for k, v in rows.items()]
    return element("dl", pairs, class_="facts")


def duration(seconds: float) -> str:
    """A time span in two units at most."""
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, hours = seconds / 60, seconds / 3600
    if minutes < 60:
        return f"{minutes:.0f} min {seconds % 60:.0f} s" if minutes < 10 else f"{minutes:.0f} min"
    if hours < 48:
        return f"{int(hours)} h {int(minutes % 60)} min"
    return f"{int(hours // 24)} d {int(hours % 24)} h"


def moment(seconds: float) -> str:
    """A time in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
