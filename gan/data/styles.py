"""Find the styles in a folder: one for each painting, or for each sub-folder of paintings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from gan.images import find_images, nothing_found

MOST_STYLES = 256
"""Largest number of styles of one network. A folder with more images is usually one style."""


def find_styles(folder: Path) -> dict[str, list[Path]]:
    """Return the paintings of each style by the style's name, sorted by name.

    An image directly in the folder is a style, named like its file without the suffix. So is each
    sub-folder with images at any depth. ValueError if there are no images, if two styles have the
    same name, or if there are more than MOST_STYLES.
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
                f"{folder}: {origins[name].name} and {first} are two styles with the same name: "
                "rename one"
            )
        styles.setdefault(name, []).append(path)
    if len(styles) > MOST_STYLES:
        raise ValueError(
            f"{folder}: {len(styles)} styles, but at most {MOST_STYLES} are supported. Each image "
            "is one style: move images of the same style into a sub-folder"
        )
    return dict(sorted(styles.items()))


def joined_names(known: Sequence[str], styles: Mapping[str, object]) -> tuple[str, ...]:
    """Return the known styles' names, then the new ones; ValueError if a name is in both."""
    if repeated := sorted(set(known) & styles.keys()):
        raise ValueError(
            f"data.b: {', '.join(repeated)}: style.add_to already has styles with these names: "
            "rename the paintings"
        )
    return (*known, *styles)
