"""The configuration: first what somebody chose, then all of it."""

from pathlib import Path
from typing import Any

from gan.config import Config
from gan.report.html import Html, element, together


def configuration(run: Path, config: Config) -> Html:
    """What differs from the defaults with its meaning; the file itself folded away."""
    changed = differences(config)
    rows = [
        element(
            "div",
            element("dt", element("code", key), element("small", meaning(key))),
            element("dd", shown(value), element("small", f"default {shown(default)}")),
        )
        for key, (value, default) in changed.items()
    ]
    text = (run / "config.yaml").read_text(encoding="utf-8", errors="replace")
    return together(
        element("p", f"{len(changed)} values differ from the defaults, which are the paper's."),
        element("dl", rows, class_="rows chosen"),
        element("details", element("summary", "The whole configuration"), element("pre", text)),
    )


def differences(config: Config) -> dict[str, tuple[Any, Any]]:
    """(value, default) by dotted key, where they differ."""
    chosen, defaults = config.model_dump(mode="json"), Config().model_dump(mode="json")
    return {
        f"{section}.{key}": (value, defaults[section][key])
        for section, values in chosen.items()
        for key, value in values.items()
        if value != defaults[section][key]
    }


def meaning(key: str) -> str | None:
    """The help of a dotted key."""
    section, name = key.split(".")
    kind = type(getattr(Config(), section))
    text: str | None = kind.model_fields[name].description
    return text and " ".join(text.split())


def shown(value: Any) -> str:
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )
