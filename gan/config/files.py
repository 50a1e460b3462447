"""Configuration files: where they are, and what may be wrong with one before its keys are read."""

import re
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gan.system.yaml_text import parse_nodes, parse_yaml

PACKAGE = Path(__file__).parents[1]
INTEGER = "tag:yaml.org,2002:int"
MOST_DIGITS = 4000
"""Python reads no more than 4300."""
BASE_EIGHT = re.compile(r"[-+]?0[0-7_]+")
"""010 is 8 in YAML 1.1, and 1:30 is 90."""
RECIPES = (PACKAGE / "configs", PACKAGE.parent / "configs")
"""Where recipes are: inside an installed package, beside one in a checkout."""


def find_file(name: str) -> str:
    """Return a file, or the recipe of that name; ValueError lists the recipes where there is none.

    A mapping, {KEY: VALUE}, is returned as it is.
    """
    path = Path(name)
    if name.lstrip().startswith("{") or path.is_file():
        return name
    recipes = {file.stem: file for folder in RECIPES for file in sorted(folder.glob("*.yaml"))}
    if name in recipes:
        return str(recipes[name])
    if path.name == name and not path.suffix:
        raise ValueError(f"config: {name}: no such file or recipe; recipes: {', '.join(recipes)}")
    packaged = path.suffix == ".yaml" and path.stem in recipes
    hint = f"; --config {path.stem} finds the recipe of that name" if packaged else ""
    raise ValueError(f"config: {name}: no such file{hint}")


def check_file(path: Path) -> list[str]:
    """Return the dotted keys of a file.

    ValueError where it is not a mapping of keys, or names one twice: YAML keeps the last.
    """
    try:
        root = parse_nodes(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"config: {path} is not a text file") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"config: {path} cannot be read: {error}") from error
    if not isinstance(root, MappingNode):
        raise ValueError(f"config: {path} holds no keys: KEY: VALUE in every line")
    names: dict[str, None] = {}
    _add_keys(path, root, "", names)
    return list(names)


def scalars(path: Path) -> dict[str, str]:
    """Return the keys of a file, checked before, that have a plain value, with its text."""
    root = parse_nodes(path.read_text(encoding="utf-8"))
    pairs = root.value if isinstance(root, MappingNode) else ()
    return {
        key.value: value.value
        for key, value in pairs
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
    }


def _add_keys(path: Path, node: Node, above: str, names: dict[str, None]) -> None:
    """Add the dotted keys of a mapping and of those in it, but not of those in lists.

    ValueError with the dotted key that stands twice, in lists too, or whose value is misleading.
    """
    if isinstance(node, ScalarNode):
        key = above.removesuffix(".")
        _check_scalar(f"config: {path}, line {node.start_mark.line + 1}: {key}", node)
    elif isinstance(node, SequenceNode):
        for item in node.value:
            _add_keys(path, item, above, {})
    elif isinstance(node, MappingNode):
        for key, value in node.value:
            name = above + (key.value if isinstance(key, ScalarNode) else "")
            if name in names:
                line = f"again in line {key.start_mark.line + 1}"
                raise ValueError(f"config: {path} names {name} twice, {line}: join them")
            names[name] = None
            _add_keys(path, value, f"{name}.", names)


def check_values(where: str, text: str) -> None:
    """Raise ValueError for a list or mapping with a value that YAML 1.1 reads as another."""
    left = [parse_nodes(text)]
    while left:
        node = left.pop()
        if isinstance(node, ScalarNode):
            _check_scalar(where, node)
        elif isinstance(node, SequenceNode):
            left += node.value
        elif isinstance(node, MappingNode):
            left += [each for pair in node.value for each in pair]


def _check_scalar(where: str, node: ScalarNode) -> None:
    """Raise ValueError for a value that YAML 1.1 reads as another, or that no name can hold."""
    if "\0" in node.value:
        raise ValueError(f"{where} holds a null byte, as no name or number may")
    if node.tag == INTEGER and len(node.value) > MOST_DIGITS:
        raise ValueError(f"{where} has {len(node.value):,} digits")
    if node.tag == INTEGER and (BASE_EIGHT.fullmatch(node.value) or ":" in node.value):
        meant = parse_yaml(node.value)
        raise ValueError(
            f"{where} is {node.value}, which YAML reads as {meant}: write {meant}, "
            f'or "{node.value}" for a text'
        )
