"""The trackers that a run can write to: TensorBoard, and those that accelerate knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from gan.config.table import Code, Table

_EXTRA = "'gan-translation[trackers]'"


@dataclass(frozen=True)
class TrackerRow:
    """A tracker. TensorBoard is written by the training itself, every other one by a thread."""

    code: Code
    """A subclass of accelerate.tracking.GeneralTracker; for a direct one, TensorBoard's writer."""
    package: str | None = None
    """The module that it imports."""
    install: str = ""
    """What pip installs."""
    store: Code = "gan.training.trackers.store:Store"
    """How scalars, texts, images, configuration and files are written, and how a run continues."""
    opens: tuple[str, ...] = ()
    """A command that shows the run without a network; {python}, {folder} and {project} stand for
    those of the run."""
    direct: bool = False
    """Whether the training writes it itself, and ends if it cannot be written."""
    one_image: bool = False
    """Whether log_images takes an image for each name; the others take a list of them."""


_ACCELERATE = "accelerate.tracking:"
_KNOWN = "gan.training.trackers.known:"

TRACKERS = Table(
    "tracker",
    {
        "tensorboard": TrackerRow(
            "gan.training.trackers.tensorboard:TensorBoard",
            "tensorboard",
            opens=("{python}", "-m", "tensorboard.main", "--logdir", "{folder}/logs"),
            direct=True,
        ),
        "wandb": TrackerRow(
            f"{_ACCELERATE}WandBTracker", "wandb", _EXTRA, f"{_KNOWN}WandbStore",
            opens=("wandb", "leet", "{folder}/trackers/wandb"),
        ),
        "mlflow": TrackerRow(
            f"{_ACCELERATE}MLflowTracker", "mlflow", _EXTRA, f"{_KNOWN}MLflowStore",
            opens=("mlflow", "server"),
        ),
        "trackio": TrackerRow(
            f"{_ACCELERATE}TrackioTracker", "trackio", _EXTRA, f"{_KNOWN}TrackioStore",
            opens=("trackio", "show", "--project", "{project}"),
        ),
        "aim": TrackerRow(f"{_ACCELERATE}AimTracker", "aim", "aim", one_image=True),
        "clearml": TrackerRow(f"{_ACCELERATE}ClearMLTracker", "clearml", "clearml", one_image=True),
        "comet_ml": TrackerRow(f"{_ACCELERATE}CometMLTracker", "comet_ml", "comet-ml"),
        "dvclive": TrackerRow(f"{_ACCELERATE}DVCLiveTracker", "dvclive", "dvclive"),
        "swanlab": TrackerRow(f"{_ACCELERATE}SwanLabTracker", "swanlab", "swanlab"),
    },
)  # fmt: skip


def others(names: Iterable[str]) -> dict[str, TrackerRow]:
    """Return the rows of the trackers that a thread writes, by name, each once."""
    return {name: TRACKERS[name] for name in names if not TRACKERS[name].direct}


def check_installed(names: Iterable[str]) -> None:
    """Raise ValueError, with one command for all, if trackers' packages are not installed.

    Also if a tracker is listed twice.
    """
    listed = list(names)
    if twice := [name for name in dict.fromkeys(listed) if listed.count(name) > 1]:
        raise ValueError(f"run.trackers: {', '.join(twice)} is listed twice: name each once")
    rows = {name: TRACKERS[name] for name in listed}
    missing = {
        name: row for name, row in rows.items() if row.package and not find_spec(row.package)
    }
    if missing:
        verb = "requires" if len(missing) == 1 else "require"
        installs = " ".join(dict.fromkeys(row.install for row in missing.values()))
        modules = ", ".join(str(row.package) for row in missing.values())
        raise ValueError(
            f"run.trackers: {', '.join(missing)} {verb} pip install {installs} "
            f"(no module {modules})"
        )
