"""What may be wrong with a YAML file before its keys are looked at."""

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode


def check_file(path: Path) -> None:
    """ValueError where a file is no mapping of keys, or names one twice: YAML keeps the last."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError:
        raise ValueError(f"config: {path} is not a text file") from None
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"config: {path} cannot be read: {error}") from error
    if not isinstance(root, MappingNode):
        raise ValueError(f"config: {path} holds no keys: KEY: VALUE in every line")
    check_unique(path, root)


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
