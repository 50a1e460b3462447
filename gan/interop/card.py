"""Write the model card: a generator's network, training data, recipe and metrics.

huggingface_hub's ModelCard is not used: it writes the same header, and needs a template too.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from gan.config import Config
from gan.config.tables.generators import generator_row
from gan.config.tables.recipes import RECIPES
from gan.domains import DIRECTIONS, Direction
from gan.interop.domain_names import read_config
from gan.interop.generators import Opened, in_words
from gan.interop.mixtures import style_names, style_words

PATH = re.compile(r"(?:[/\\~]|\.{1,2}[/\\]|[A-Za-z]:[/\\]).*|\S*[/\\]\S*")
"""Matches a path: a string that begins like one, or has slashes but no spaces."""
CARD = """---
{header}---

# {title}

{method}.

{networks}

Install the package gan-translation (`pip install .` in its repository), then:

```python
import gan

translator = gan.Translator.from_pretrained("FOLDER or hf://user/name", {choice})
painting = translator.translate(photograph)  # PIL.Image in, PIL.Image out
```
{decoder}
## Data

{data}

## License

{license}

## Metrics

{metrics}
{samples}
## Recipe

{recipe}
"""
TRANSLATION = "Unpaired image-to-image translation"
DECODER = """
Here `translate` only reconstructs the photograph. For the style of any painting:

```
gan stylize --method wct --wct.decoder FOLDER \\
  --content photo.jpg --style painting.jpg --output out.png
```

The file also contains the first convolutions of VGG-16. Their license applies to them.
"""
"""What the card of a decoder states in addition."""


def model_card(
    run: Path, generators: Mapping[Direction, Opened], folder: Path, license: str
) -> str:
    """Return the text of the README.md of `folder`, from the files of the run directory `run`.

    Where a file is missing, the text states that its facts are not known.
    """
    config = _nameless(read_config(run))
    recipe = _recipe(config)
    decodes = any(generator_row(each.spec["kind"]).levels for each in generators.values())
    kind = [] if decodes else ["unpaired-image-translation"]
    header: dict[str, Any] = {
        "license": license,
        "library_name": "gan-translation",
        "pipeline_tag": "image-to-image",
        "tags": ["gan", *kind, "image-to-image"],
    }
    trained = RECIPES[recipe].title if recipe else "How it was trained is not known"
    if recipe == "cyclegan":
        header["tags"] = ["cyclegan", *header["tags"]]
    index = ", style_index=0" if any(map(style_names, generators.values())) else ""
    stated = {"unknown": "Not stated: ask before you use it, and state one before you share it."}
    samples = [
        f"![{DIRECTIONS[direction].label}](samples-{direction}.png)\n"
        for direction in generators
        if (folder / f"samples-{direction}.png").exists()
    ]
    return CARD.format(
        header=yaml.safe_dump(header, sort_keys=False),
        title=run.resolve().name if config else folder.resolve().name,
        method=". ".join(filter(None, ["" if decodes else TRANSLATION, trained])),
        decoder=DECODER if decodes else "",
        networks="\n".join(_network(direction, opened) for direction, opened in generators.items()),
        choice=f'direction="{next(iter(generators))}"{index}',
        data=data(config),
        license=stated.get(license, f"`{license}`, for the weights."),
        metrics=metrics(run),
        samples="\n## Samples\n\n" + "\n".join(samples) if samples else "",
        recipe=f"```yaml\n{yaml.safe_dump(config, sort_keys=False)}```" if config else "Not known.",
    )


def _recipe(config: Mapping[str, Any]) -> str | None:
    """Return the name of the recipe that trained the model; None if it is unknown."""
    try:
        return Config.model_validate(config).recipe if config else None
    except ValueError:  # of an extension, or of another version
        return None


def _network(direction: Direction, opened: Opened) -> str:
    """Return the card's line about a generator."""
    about = opened.about
    facts = [
        in_words(opened.spec),
        style_words(opened),
        f"step {about['step']}" if "step" in about else "",
        "averaged over its last steps" if about.get("averaged") else "",
        f"from {about['source']} ({about['layout']})" if "source" in about else "",
    ]
    known = ", ".join(filter(None, facts))
    return f"* `gen_{direction}.safetensors`, {DIRECTIONS[direction].label}: {known}"


def _nameless(value: Any) -> Any:
    """Return the value with every path in it cut to its last part, to hide local folders."""
    if isinstance(value, dict):
        return {str(key): _nameless(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_nameless(inner) for inner in value]
    if isinstance(value, str) and PATH.fullmatch(value):
        return value.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return value


def data(config: Mapping[str, Any]) -> str:
    """Return the card's text about the training data, from the configuration."""
    section = config.get("data")
    if not isinstance(section, dict):
        return "Not known: state which images it was trained on, and their license."
    folders = {key: section[key] for key in ("root", "a", "b") if section.get(key)}
    sizes = {key: section.get(key) for key in ("resize", "load_size", "crop_size")}
    listed = ", ".join(f"{key} `{value}`" for key, value in (folders | sizes).items())
    return f"{listed}. State what these images are, and their license."


def metrics(run: Path) -> str:
    """Return the run's newest evaluation as a Markdown table, with its protocol."""
    try:
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        newest = json.loads([line for line in lines if line.strip()][-1])
        rows = [_row(name, metric) for name, metric in newest["metrics"].items()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "Not evaluated.\n"
    head = "| metric | value | 95 % interval | doing nothing | images | better |\n" + "| --- " * 6
    protocol = json.dumps(_nameless(newest.get("protocol", {})), indent=1, ensure_ascii=False)
    return "\n".join([
        f"{head}|", *rows, "", f"Step {newest.get('step')}, measured by this protocol:", "",
        "```json", protocol, "```", "",
    ])  # fmt: skip


def _row(name: str, metric: Mapping[str, Any]) -> str:
    """Return a row of the table of metrics."""
    low, high = metric.get("low"), metric.get("high")
    interval = "" if low is None or high is None else f"{low:.4g} to {high:.4g}"
    unchanged = metric.get("unchanged") or {}
    before = f"{unchanged['value']:.4g}" if "value" in unchanged else ""
    cells = [name, f"{metric['value']:.4g}", interval, before, metric.get("count", "")]
    return "| " + " | ".join(map(str, [*cells, metric.get("better", "")])) + " |"
