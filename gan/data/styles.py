"""The styles in a folder: one for each painting, or for each sub-folder of paintings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gan.images import find_images, nothing_found

MOST_STYLES = 256
"""Largest number of styles of one network: more images than this are a folder of one style."""


def find_styles(folder: Path) -> dict[str, list[Path]]:
    """Return the paintings of each style by its name, sorted by name.

    An image directly in the folder is a style, named like its file without the suffix. Each
    sub-folder with images, at any depth, is one, named like the sub-folder. ValueError if there are
    no images, if two styles have the same name, or if there are more than MOST_STYLES.
    """
    listed = find_images(folder)
    if not listed.images:
        raise ValueError(nothing_found(folder, listed))
    origins: dict[str, Path] = {}
    styles: dict[str, list[Path]] = {}
    for path in listed.images:
        first = path.relative_to(folder).parts[0]
        origin = folder / first
        name = origin.stem if origin == path else first
        if origins.setdefault(name, origin) != origin:
            raise ValueError(
                f"{folder}: {origins[name].name} and {first} are styles of the same name: "
                "rename one"
            )
        styles.setdefault(name, []).append(path)
    if len(styles) > MOST_STYLES:
        raise ValueError(
            f"{folder}: {len(styles)} styles, at most {MOST_STYLES} are supported: each image is a "
            "style, so move the images of one style into a separate sub-folder"
        )
    return dict(sorted(styles.items()))


def joined_names(known: Sequence[str], styles: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of known styles, then those of new ones; ValueError if one is in both."""
    if repeated := sorted(set(known) & styles.keys()):
        raise ValueError(
            f"data.b: {', '.join(repeated)}: style.add_to has styles of these names: rename the "
            "paintings"
        )
    return (*known, *styles)
