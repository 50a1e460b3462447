"""Configuration files: where they are, and what may be wrong with one before its keys are read."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

PACKAGE = Path(__file__).parents[1]
RECIPES = (PACKAGE / "configs", PACKAGE.parent / "configs")
"""Where recipes are: inside an installed package, beside one in a checkout."""


def find_file(name: str) -> str:
    """Return a file, or the recipe of that name; ValueError lists the recipes where there is none.

    What is no name is returned as it is.
    """
    path = Path(name)
    if path.is_file() or path.name != name or path.suffix or not name.isidentifier():
        return name
    recipes = {file.stem: file for folder in RECIPES for file in sorted(folder.glob("*.yaml"))}
    if name not in recipes:
        raise ValueError(f"config: {name}: no such file or recipe; recipes: {', '.join(recipes)}")
    return str(recipes[name])


def check_file(path: Path) -> list[str]:
    """Return the dotted keys of a file.

    ValueError where it is no mapping of keys, or names one twice: YAML keeps the last.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ValueError(f"config: {path} is not a text file") from None
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"config: {path} cannot be read: {error}") from error
    if not isinstance(root, MappingNode):
        raise ValueError(f"config: {path} holds no keys: KEY: VALUE in every line")
    check_unique(path, root)
    return list(keys(root))


def keys(node: MappingNode, above: str = "") -> Iterator[str]:
    """Yield the dotted keys of a mapping and of those inside it."""
    for key, value in node.value:
        name = f"{above}{key.value if isinstance(key, ScalarNode) else ''}"
        yield name
        if isinstance(value, MappingNode):
            yield from keys(value, f"{name}.")


def check_unique(path: Path, node: Node, above: str = "") -> None:
    """ValueError with the dotted key that stands twice in a mapping, or in one inside it."""
    if isinstance(node, SequenceNode):
        for item in node.value:
            check_unique(path, item, above)
    if not isinstance(node, MappingNode):
        return
    seen = set[str]()
    for key, value in node.value:
        name = above + (key.value if isinstance(key, ScalarNode) else "")
        if name in seen:
            line = key.start_mark.line + 1
            raise ValueError(f"config: {path} names {name} twice, again in line {line}: join them")
        seen.add(name)
        check_unique(path, value, f"{name}.")
