"""The state of a run, from its folder: configuration, and whether it runs, ended or stopped."""

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
    """A run's configuration, and the text of its file."""

    config: Config
    text: str
    fault: str | None
    """Sentences: what is wrong with the file, and what is shown instead; None if all is well."""


def open_configuration(run: Path) -> Configuration:
    """Read a run's config.yaml; ValueError if the folder has none, and so is not a run.

    A damaged file is replaced by the configuration in the newest training state; without a state,
    by the defaults with the image sizes that gen_ab.safetensors records.
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
    """Return a substitute for a damaged configuration; its `fault` states damage and substitute."""
    damage = f"config.yaml is damaged: {fault}. "
    with suppress(ValidationError, KeyError):
        config = Config.model_validate(newest_manifest(run)["config"])
        return Configuration(config, text, f"{damage}The newest training state's is shown instead.")
    about = read_about(run / "gen_ab.safetensors")
    sizes = {key: about[key] for key in ("resize", "load_size", "crop_size") if key in about}
    # Nothing is known about the networks.
    config = Config().model_copy(update={"data": DataConfig.model_validate(sizes)})
    return Configuration(
        config, text, f"{damage}The defaults are shown instead: recipe, networks and folders may "
        "differ. --root names a folder with testA and testB.",
    )  # fmt: skip


def differences(config: Config) -> dict[str, tuple[str | None, str, str]]:
    """Return (help, value, default) by dotted key, for keys that differ from their defaults."""
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
    """Return a value as text, as in configuration files."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Standing:
    """A run's state and progress."""

    state: Literal["running", "finished", "stopped", "crashed"]
    step: int
    stop: int | None
    """The step at which the run's epochs or train.max_steps end it; None if neither is known."""
    sentence: str

    @property
    def share(self) -> float | None:
        """The share of steps done, 0 to 1; None if unknown."""
        return min(1.0, self.step / self.stop) if self.stop else None


def standing(run: Path, config: Config, log: Log) -> Standing:
    """Return the state of a run, from its lock, stop mark, newest training state and log."""
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
        more = (
            f" of {last:,}; set train.max_steps higher to train further"
            if stop != last and last
            else ""
        )
        return Standing("finished", step, step, f"Reached its last step, {step:,}{more}.")
    start = f"step {saved_step:,}, its newest training state" if saved_step else "the beginning"
    return Standing(
        "crashed", step, stop,
        "Ended before its last step without a recorded reason: it was killed or failed. "
        f"The same command continues from {start}.",
    )  # fmt: skip


def ended(config: Config, log: Log, saved_step: int, stop: int | None) -> bool:
    """Return whether the training state of the last step was saved.

    That is a state of step `stop`. If the log has the last epoch, it is also a state as new as the
    log: `stop` may be unknown, or too high because unreadable files were skipped.
    """
    epochs = config.train.epochs + config.train.decay_epochs
    through = (log.last("epoch") or 0) >= epochs and saved_step >= log.step
    return saved_step > 0 and (through or (stop is not None and saved_step >= stop))


def last_step(config: Config, processes: int) -> int | None:
    """Return the step at which the configured epochs end; None if a folder is missing."""
    data = config.data
    try:
        counts = [len(list_images(data.train_folder(domain))) for domain in config.domains]
    except ValueError:
        return None
    length = max(min(count, data.max_images or count) for count in counts)
    return RunLength(config.train, length, processes).last_step or None


def newest_manifest(run: Path) -> dict[str, Any]:
    """Return the newest training state's manifest without checking its files; {} without one."""
    for path in sorted(run.glob("state/step-*/manifest.json"), reverse=True):
        with suppress(OSError, ValueError):
            manifest = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(manifest, dict) and isinstance(manifest.get("step"), int):
                return manifest
    return {}


def _read_mark(run: Path) -> str | None:
    """Return what stopped the run, as `mark_stopped` wrote it; None if nothing did."""
    with suppress(OSError):
        text = (run / STOPPED_MARK).read_text(encoding="utf-8", errors="replace")
        return text.strip() or "a signal"
    return None


def description(config: Config) -> str:
    """Return sentences about the recipe, the networks and the data."""
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
