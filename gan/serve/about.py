"""Describe a served generator: its domains by name, a sentence, and example images.

The description is read from the run's folder, and is empty if the folder holds none.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gan.domains import DIRECTIONS, Direction, Domain
from gan.images import list_images
from gan.inference.working_size import trained_at
from gan.interop.domain_names import SETS, domain_names, last_part, read_data
from gan.networks.files import read_about
from gan.system.text import printable

EXAMPLES = 6
"""Largest number of example images per direction."""
SENTENCES = 300
"""Largest number of characters that are taken from a model card."""
CARD = re.compile(r"---\n.*?\n---\n\s*(?:#[^\n]*\n\s*)?(.+?)(?:\n\n|\n?$)", re.DOTALL)
"""Matches a model card's header, heading and first paragraph; the group is the paragraph."""
OURS = "Unpaired image-to-image translation"
"""The beginning of the first paragraph of model cards that `gan export` writes."""


@dataclass(frozen=True)
class About:
    """The description of one direction of a model, for visitors."""

    title: str = ""
    """The domains in words: photo → painting."""
    text: str = ""
    """One or two sentences, in one line."""
    examples: tuple[Path, ...] = ()
    """Test images of the source domain, on this machine."""


def describe(file: Path, direction: Direction, *, examples: bool = True) -> About:
    """Return the description of a generator, read from the folder of its file.

    Example images are searched for only with `examples`.
    """
    data, ends = read_data(file.parent), DIRECTIONS[direction]
    names = domain_names(data)
    title = f"{names[ends.source]} → {names[ends.target]}" if names else ""
    text = " ".join(filter(None, [_card(file.parent), _trained(data, read_about(file))]))
    pictures = _examples(data, ends.source) if examples else ()
    return About(title, text, pictures)


def _card(folder: Path) -> str:
    """Return the first paragraph of a user's model card; "" if it is generated or missing."""
    try:
        found = CARD.match((folder / "README.md").read_text(encoding="utf-8")[: 2**16])
    except (OSError, ValueError):
        return ""
    first = " ".join(found[1].split()) if found else ""
    return "" if first.startswith(OURS) else printable(first)[:SENTENCES]


def _trained(data: dict[str, Any], about: dict[str, Any]) -> str:
    """Return a sentence about the training: data, image size and steps, as far as known."""
    root = last_part(data.get("root"))
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
    """Return at most EXAMPLES test images of a domain, evenly spaced over the folder."""
    root = data.get("root")
    if not isinstance(root, str):
        return ()
    try:
        images = list_images(Path(root) / f"test{source.upper()}")
    except (ValueError, OSError):
        return ()
    return tuple(images[:: max(1, len(images) // EXAMPLES)][:EXAMPLES])
