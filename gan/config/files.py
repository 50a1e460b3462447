"""Find configuration files, and check their YAML before their values are used."""

import re
from pathlib import Path

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from gan.system.yaml_text import parse_nodes, parse_yaml

PACKAGE = Path(__file__).parents[1]
INTEGER = "tag:yaml.org,2002:int"
MOST_DIGITS = 4000
"""Largest number of digits of an integer: Python reads at most 4300."""
BASE_EIGHT = re.compile(r"[-+]?0[0-7_]+")
"""Integers with a leading 0, which YAML 1.1 reads in base 8: 010 is 8."""
RECIPES = (PACKAGE / "configs", PACKAGE.parent / "configs")
"""Folders of recipes (YAML files): inside an installed package, next to it in a checkout."""


def find_file(name: str) -> str:
    """Return the path of a configuration file, or of the recipe with that name.

    A mapping, {KEY: VALUE}, is returned unchanged. ValueError if there is no such file or recipe.
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
    """Check a configuration file; return its dotted keys.

    ValueError if it cannot be read, is not a mapping, has a key twice (YAML would silently keep the
    last one), or has a value that YAML 1.1 misreads.
    """
    try:
        root = parse_nodes(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"config: {path} is not a text file") from None
    except (OSError, ValueError) as error:
        raise ValueError(f"config: {path} cannot be read: {error}") from error
    if not isinstance(root, MappingNode):
        raise ValueError(f"config: {path} has no keys: write KEY: VALUE on each line")
    names: dict[str, None] = {}
    _add_keys(path, root, "", names)
    return list(names)


def scalars(path: Path) -> dict[str, str]:
    """Return the text of each scalar at the top level of a checked file, by its key."""
    root = parse_nodes(path.read_text(encoding="utf-8"))
    pairs = root.value if isinstance(root, MappingNode) else ()
    return {
        key.value: value.value
        for key, value in pairs
        if isinstance(key, ScalarNode) and isinstance(value, ScalarNode)
    }


def _add_keys(path: Path, node: Node, above: str, names: dict[str, None]) -> None:
    """Add the dotted keys of a mapping and of nested mappings to `names`, but not those in lists.

    ValueError, with the key, if a key occurs twice or YAML 1.1 misreads its value, in lists too.
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
                line = f"again on line {key.start_mark.line + 1}"
                raise ValueError(f"config: {path} names {name} twice, {line}: keep one")
            names[name] = None
            _add_keys(path, value, f"{name}.", names)


def check_values(where: str, text: str) -> None:
    """Check all values in a YAML text as `_check_scalar` does; messages begin with `where`."""
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
    """Raise ValueError for a null byte, too many digits, or a value that YAML 1.1 misreads."""
    if "\0" in node.value:
        raise ValueError(f"{where} has a null byte, which is not allowed")
    if node.tag == INTEGER and len(node.value) > MOST_DIGITS:
        raise ValueError(f"{where} has {len(node.value):,} digits: write at most {MOST_DIGITS:,}")
    if node.tag == INTEGER and (BASE_EIGHT.fullmatch(node.value) or ":" in node.value):
        meant = parse_yaml(node.value)
        raise ValueError(
            f"{where} is {node.value}, which YAML reads as {meant}: write {meant}, "
            f'or "{node.value}" for text'
        )
