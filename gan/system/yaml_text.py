"""YAML of other people: what a few bytes of it may cost is bounded."""

import itertools
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node

MAX_LENGTH = 500_000
"""Characters; they take some seconds."""
MAX_VALUES = 100_000
"""Values of a text with its aliases written out."""


def parse_nodes(text: str | bytes) -> Node | None:
    """Return the nodes of a YAML text, None where it is empty.

    ValueError in one line for what is not YAML, longer than 500,000 characters, holds itself, is
    nested too deep, or is more than 100,000 values with its aliases written out.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{len(text):,} characters; at most {MAX_LENGTH:,} are read")
    try:
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and _values(root, {}) > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES:,} values, with its aliases written out")
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return root


def parse_yaml(text: str | bytes) -> Any:
    """Return what a YAML text holds, None where it is empty; ValueError as `parse_nodes`."""
    root = parse_nodes(text)
    if root is None:
        return None
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except ValueError as error:  # no date, or more digits than Python reads
        raise ValueError(f"holds a value that cannot be read: {error}") from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    finally:
        loader.dispose()


def _values(node: Node, counted: dict[int, int]) -> int:
    """Return how many values a node stands for; ValueError where it holds itself."""
    if not isinstance(node, CollectionNode):
        return 1
    if id(node) not in counted:
        counted[id(node)] = 0
        pairs = isinstance(node, MappingNode)
        items = itertools.chain(*node.value) if pairs else node.value
        counted[id(node)] = 1 + sum(_values(item, counted) for item in items)
    elif not counted[id(node)]:
        raise ValueError("a value holds itself")
    return counted[id(node)]
