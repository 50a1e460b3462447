"""What a served generator is for: its domains by name, a sentence, and pictures to try it on.

All of it is what a run's folder says, and missing where it says nothing.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.domains import DIRECTIONS, Direction, Domain
from gan.images import list_images
from gan.inference.working_size import trained_at
from gan.networks.files import read_about
from gan.system.text import printable
from gan.system.yaml_text import parse_yaml

EXAMPLES = 6
"""Pictures of a direction."""
LONGEST = 40
"""Characters of a domain's name."""
SENTENCES = 300
"""Characters that are taken of a model card."""
CARD = re.compile(r"---\n.*?\n---\n\s*(?:#[^\n]*\n\s*)?(.+?)(?:\n\n|\n?$)", re.DOTALL)
"""A model card's header and heading, and then its first paragraph."""
OURS = "Unpaired image-to-image translation"
"""How the first paragraph begins where no one has changed it."""
CONVENTION = re.compile(r"([^\W\d_]{2,})2([^\W\d_]{2,})")
"""How folders of two domains are called in the field: photo2painting."""
SETS = {"traina", "trainb", "testa", "testb", "train", "test", "a", "b", "images"}
"""Names of folders that say nothing about what is in them."""


@dataclass(frozen=True)
class About:
    """What a visitor is told about one direction of a model."""

    title: str = ""
    """The domains in words: photo → painting."""
    text: str = ""
    """A sentence or two, of one line."""
    examples: tuple[Path, ...] = ()
    """Test images of the source's domain, on this machine."""


def describe(file: Path, direction: Direction, *, examples: bool = True) -> About:
    """Return what the folder of a generator's file says about it."""
    data, ends = _read_data(file.parent), DIRECTIONS[direction]
    names = domain_names(data)
    title = f"{names[ends.source]} → {names[ends.target]}" if names else ""
    text = " ".join(filter(None, [_card(file.parent), _trained(data, read_about(file))]))
    pictures = _examples(data, ends.source) if examples else ()
    return About(title, text, pictures)


def domain_names(data: dict[str, Any]) -> dict[Domain, str]:
    """Return what the two folders of a configuration call their domains; empty where nothing."""
    a, b = (_last_part(data.get(key)) for key in ("a", "b"))
    if not (a and b):
        pair = CONVENTION.fullmatch(_last_part(data.get("root")))
        a, b = pair.groups() if pair else ("", "")
    known = a and b and a != b and not {a.lower(), b.lower()} & SETS
    return {"a": a, "b": b} if known else {}


def _last_part(path: Any) -> str:
    """Return the name of a folder, in few characters."""
    name = re.split(r"[/\\]", path.rstrip("/\\"))[-1] if isinstance(path, str) else ""
    return printable(name)[:LONGEST]


def _read_data(run: Path) -> dict[str, Any]:
    """Return the data section of a run's configuration; empty where there is none to be read."""
    try:
        read = parse_yaml((run / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    data = read.get("data") if isinstance(read, dict) else None
    return data if isinstance(data, dict) else {}


def _card(folder: Path) -> str:
    """Return the first paragraph of a model card that somebody has written."""
    try:
        found = CARD.match((folder / "README.md").read_text(encoding="utf-8")[: 2**16])
    except (OSError, ValueError):
        return ""
    first = " ".join(found[1].split()) if found else ""
    return "" if first.startswith(OURS) else printable(first)[:SENTENCES]


def _trained(data: dict[str, Any], about: dict[str, Any]) -> str:
    """Return what it was trained on, as far as that is known."""
    root = _last_part(data.get("root"))
    side, crop, step = trained_at(about), about.get("crop_size"), about.get("step")
    parts = [
        f"on {root}" if root and root.lower() not in SETS else "",
        f"at {side} pixels" if side else "",
        f"in crops of {crop} pixels" if isinstance(crop, int) and not side else "",
        f"for {step:,} steps" if isinstance(step, int) else "",
    ]
    known = " ".join(filter(None, parts))
    return f"Trained {known}." if known else ""


def _examples(data: dict[str, Any], source: Domain) -> tuple[Path, ...]:
    """Return some test images of a domain, from all over the folder."""
    root = data.get("root")
    if not isinstance(root, str):
        return ()
    try:
        images = list_images(Path(root) / f"test{source.upper()}")
    except (ValueError, OSError):
        return ()
    return tuple(images[:: max(1, len(images) // EXAMPLES)][:EXAMPLES])
