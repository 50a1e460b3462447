"""The trackers that a run can write to: TensorBoard, and those that accelerate supports."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from gan.config.table import Code, Table

_EXTRA = "'gan-translation[trackers]'"


@dataclass(frozen=True)
class TrackerRow:
    """A tracker. TensorBoard is written by the training itself, other trackers by a thread."""

    code: Code
    """A subclass of accelerate.tracking.GeneralTracker, or TensorBoard's writer if `direct` is
    set."""
    package: str | None = None
    """The module that the tracker imports."""
    install: str = ""
    """The name of its package, for pip install."""
    store: Code = "gan.training.trackers.store:Store"
    """The Store subclass that writes to the tracker and continues a run."""
    opens: tuple[str, ...] = ()
    """A command that shows the run without a network. {python}, {folder} and {project} are
    replaced."""
    direct: bool = False
    """Whether the training writes to it without a thread, and stops if that fails."""
    one_image: bool = False
    """Whether log_images takes one image per name; other trackers take a list."""


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
    """Return the rows, by name, of the trackers that are written by a thread."""
    return {name: TRACKERS[name] for name in names if not TRACKERS[name].direct}


def check_installed(names: Iterable[str]) -> None:
    """Raise ValueError if a tracker is listed twice or its package is not installed.

    The message has one command that installs all missing packages.
    """
    listed = list(names)
    if twice := [name for name in dict.fromkeys(listed) if listed.count(name) > 1]:
        raise ValueError(f"run.trackers: {', '.join(twice)} is listed twice: remove one")
    rows = {name: TRACKERS[name] for name in listed}
    missing = {
        name: row for name, row in rows.items() if row.package and not find_spec(row.package)
    }
    if missing:
        verb = "requires the package" if len(missing) == 1 else "require the packages"
        installs = " ".join(dict.fromkeys(row.install for row in missing.values()))
        modules = ", ".join(str(row.package) for row in missing.values())
        raise ValueError(
            f"run.trackers: {', '.join(missing)} {verb} {modules}: pip install {installs}"
        )
