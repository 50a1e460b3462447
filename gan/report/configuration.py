"""The configuration: first what somebody chose, then all of it."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import ValidationError

from gan.config import Config, DataConfig
from gan.networks.files import read_about
from gan.report.standing import newest_manifest


@dataclass(frozen=True)
class Configuration:
    """A run's configuration, and the file as it is."""

    config: Config
    text: str
    fault: str | None
    """What is wrong with the file, and what stands in for it."""


def open_configuration(run: Path) -> Configuration:
    """Read a run's config.yaml; ValueError where there is none: a folder that is no run.

    In place of a damaged one stands what the newest training state says, or, without one, the
    defaults with what the generator's file says of its images.
    """
    path = run / "config.yaml"
    if not path.is_file():
        reason = "no config.yaml in it" if run.is_dir() else "no such folder"
        raise ValueError(f"{run}: not a run directory: {reason}")
    try:
        text = path.read_bytes().decode(errors="backslashreplace")
    except OSError as error:
        return _stand_in(run, "", f"cannot be read: {error.strerror}")
    try:
        return Configuration(Config.model_validate(yaml.safe_load(text)), text, None)
    except ValidationError as error:
        first = error.errors()[0]
        return _stand_in(run, text, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    except yaml.YAMLError as error:
        return _stand_in(run, text, f"cannot be read: {' '.join(str(error).split())}")


def _stand_in(run: Path, text: str, fault: str) -> Configuration:
    """The next best source of a configuration, and what is said of it."""
    said = f"config.yaml is damaged: {fault}. "
    with suppress(ValidationError, KeyError):
        config = Config.model_validate(newest_manifest(run)["config"])
        return Configuration(config, text, f"{said}Shown is that of the newest training state.")
    about = read_about(run / "gen_ab.safetensors")
    sizes = {key: about[key] for key in ("resize", "load_size", "crop_size") if key in about}
    # Of networks nothing is known that would be sure to fit.
    config = Config().model_copy(update={"data": DataConfig.model_validate(sizes)})
    return Configuration(
        config, text, f"{said}Shown are the defaults in its place: recipe, networks and folders "
        "may be others. --root names a folder with testA and testB.",
    )  # fmt: skip


def differences(config: Config) -> dict[str, tuple[str | None, str, str]]:
    """What differs from the defaults: (help, value, default) by dotted key."""
    chosen, defaults = config.model_dump(mode="json"), Config().model_dump(mode="json")
    return {
        f"{section}.{key}": (
            type(getattr(config, section)).model_fields[key].description,
            _shown(value),
            _shown(defaults[section][key]),
        )
        for section, values in chosen.items()
        for key, value in values.items()
        if value != defaults[section][key]
    }


def _shown(value: object) -> str:
    """A value as configurations spell it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
