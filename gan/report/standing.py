"""What a run's folder says of it: its configuration; whether it is at work, ended or stopped."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from gan.config import Config, DataConfig
from gan.config.tables.datasets import DATASETS
from gan.config.tables.recipes import RECIPES
from gan.images import list_images
from gan.networks.files import read_about
from gan.report.logs import Log
from gan.system.yaml_text import parse_yaml
from gan.training.run_folder import STOPPED_MARK, is_held
from gan.training.schedule import RunLength


@dataclass(frozen=True)
class Configuration:
    """A run's configuration, and the file as it is."""

    config: Config
    text: str
    fault: str | None
    """What is wrong with the file, and what stands in for it."""


def open_configuration(run: Path) -> Configuration:
    """Read a run's config.yaml; ValueError where there is none: a folder that is not a run.

    In place of a damaged one stands what the newest training state says, or, without one, the
    defaults with what the generator's file says of its images.
    """
    path = run / "config.yaml"
    if not path.is_file():
        raise ValueError(
            f"{run}: not a run directory: "
            f"{'no config.yaml in it' if run.is_dir() else 'no such folder'}"
        )
    try:
        text = path.read_bytes().decode(errors="backslashreplace")
    except OSError as error:
        return _stand_in(run, "", f"cannot be read: {error.strerror}")
    try:
        return Configuration(Config.model_validate(parse_yaml(text)), text, None)
    except ValidationError as error:
        first = error.errors()[0]
        return _stand_in(run, text, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except ValueError as error:
        return _stand_in(run, text, f"cannot be read: {error}")


def _stand_in(run: Path, text: str, fault: str) -> Configuration:
    """Return the next best source of a configuration, with a sentence that names it."""
    damage = f"config.yaml is damaged: {fault}. "
    with suppress(ValidationError, KeyError):
        config = Config.model_validate(newest_manifest(run)["config"])
        return Configuration(config, text, f"{damage}Shown is that of the newest training state.")
    about = read_about(run / "gen_ab.safetensors")
    sizes = {key: about[key] for key in ("resize", "load_size", "crop_size") if key in about}
    # Of networks nothing is known that would be sure to fit.
    config = Config().model_copy(update={"data": DataConfig.model_validate(sizes)})
    return Configuration(
        config, text, f"{damage}Shown are the defaults in its place: recipe, networks and folders "
        "may be others. --root names a folder with testA and testB.",
    )  # fmt: skip


def differences(config: Config) -> dict[str, tuple[str | None, str, str]]:
    """Return what differs from the defaults: (help, value, default) by dotted key."""
    chosen, defaults = config.model_dump(mode="json"), Config().model_dump(mode="json")
    return {
        f"{section}.{key}": (
            type(getattr(config, section)).model_fields[key].description,
            shown(value),
            shown(defaults[section][key]),
        )
        for section, values in chosen.items()
        for key, value in values.items()
        if value != defaults[section][key]
    }


def shown(value: object) -> str:
    """Return a value as configurations spell it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Standing:
    """A run's state, and how far it is."""

    state: Literal["running", "finished", "stopped", "crashed"]
    step: int
    stop: int | None
    """Where the configuration ends, or train.max_steps before; None where the folders are gone."""
    sentence: str

    @property
    def share(self) -> float | None:
        """Done of all that is to do, in [0, 1]."""
        return min(1.0, self.step / self.stop) if self.stop else None


def standing(run: Path, config: Config, log: Log) -> Standing:
    """Decide from the lock, the mark of a signal, the newest training state and the log."""
    saved = newest_manifest(run)
    saved_step = int(saved.get("step", 0))
    step, last = max(log.step, saved_step), last_step(config, int(saved.get("processes", 1)))
    stop = min(filter(None, (last, config.train.max_steps)), default=None)
    if is_held(run):
        return Standing("running", step, stop, "A process is training into this folder now.")
    if mark := _read_mark(run):
        return Standing("stopped", step, stop, f"Stopped by {mark}.")
    if reason := saved.get("ended"):
        return Standing("finished", step, step, f"Ended at step {step:,}: {reason}.")
    if ended(config, log, saved_step, stop):
        more = f" of {last:,}; a higher train.max_steps continues" if stop != last and last else ""
        return Standing("finished", step, step, f"Reached its last step, {step:,}{more}.")
    start = f"step {saved_step:,}, its newest training state" if saved_step else "the beginning"
    return Standing(
        "crashed", step, stop,
        "Ended before its last step without a recorded reason: it was killed or failed. "
        f"The same command continues from {start}.",
    )  # fmt: skip


def ended(config: Config, log: Log, saved_step: int, stop: int | None) -> bool:
    """Return whether the state of the last step was saved.

    The log's epoch decides where the number of images is not known any more, or files among them
    were skipped as unreadable.
    """
    epochs = config.train.epochs + config.train.decay_epochs
    through = (log.last("epoch") or 0) >= epochs and saved_step >= log.step
    return saved_step > 0 and (through or (stop is not None and saved_step >= stop))


def last_step(config: Config, processes: int) -> int | None:
    """Return the step at which the configured epochs end; None where a folder is gone."""
    data = config.data
    try:
        counts = [len(list_images(data.train_folder(domain))) for domain in config.domains]
    except ValueError:
        return None
    length = max(min(count, data.max_images or count) for count in counts)
    return RunLength(config.train, length, processes).last_step or None


def newest_manifest(run: Path) -> dict[str, Any]:
    """Return what the newest training state says of itself; its files are not looked at."""
    for path in sorted(run.glob("state/step-*/manifest.json"), reverse=True):
        with suppress(OSError, ValueError):
            manifest = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(manifest, dict) and isinstance(manifest.get("step"), int):
                return manifest
    return {}


def _read_mark(run: Path) -> str | None:
    """Return what ended the run, in the words of `mark_stopped`."""
    with suppress(OSError):
        text = (run / STOPPED_MARK).read_text(encoding="utf-8", errors="replace")
        return text.strip() or "a signal"
    return None


def description(config: Config) -> str:
    """Return sentences on the recipe, the networks and the data."""
    networks, data = config.networks, config.data
    folders = "folders that the configuration does not name"
    with suppress(ValueError):
        folders = " and ".join(str(data.train_folder(domain)) for domain in config.domains)
    if not DATASETS[data.dataset].folders:
        folders = f"the dataset {data.dataset}"
    if config.style.image is not None:
        folders += f", after {config.style.image}"
    return (
        f"{RECIPES[config.recipe].title}. {networks.generator} with {networks.generator_channels} "
        f"channels, on crops of {data.crop_size} pixels out of {folders}."
    )
