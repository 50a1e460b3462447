"""Parse untrusted YAML with limits on its length and number of values."""

import itertools
from typing import Any

import yaml
from yaml.nodes import CollectionNode, MappingNode, Node

MAX_LENGTH = 500_000
"""Largest length of a text in characters: reading that many takes some seconds."""
MAX_VALUES = 100_000
"""Largest number of values of a text, with aliases expanded."""


def parse_nodes(text: str | bytes) -> Node | None:
    """Return the root node of a YAML text, None if it is empty.

    ValueError, in one line, if the text is not YAML, has more than 500,000 characters, contains
    itself, is nested too deep, or has more than 100,000 values with aliases expanded.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"{len(text):,} characters; at most {MAX_LENGTH:,} are supported")
    try:
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and _values(root, {}) > MAX_VALUES:
            raise ValueError(f"more than {MAX_VALUES:,} values, with aliases expanded")
    except yaml.YAMLError as error:
        raise ValueError(_problem(error)) from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    return root


def parse_yaml(text: str | bytes) -> Any:
    """Return the value of a YAML text, None if it is empty.

    ValueError as from `parse_nodes`, or if a value cannot be read.
    """
    root = parse_nodes(text)
    if root is None:
        return None
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_document(root)
    except yaml.YAMLError as error:
        raise ValueError(_problem(error)) from error
    except ValueError as error:  # an impossible date, or more digits than Python reads
        raise ValueError(f"holds a value that cannot be read: {error}") from error
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    finally:
        loader.dispose()


def _values(node: Node, counted: dict[int, int]) -> int:
    """Return the number of values of a node, with aliases expanded; ValueError for a cycle."""
    if not isinstance(node, CollectionNode):
        return 1
    if id(node) not in counted:
        counted[id(node)] = 0
        pairs = isinstance(node, MappingNode)
        items = itertools.chain(*node.value) if pairs else node.value
        counted[id(node)] = 1 + sum(_values(item, counted) for item in items)
    elif not counted[id(node)]:
        raise ValueError("a value contains itself")
    return counted[id(node)]


def _problem(error: yaml.YAMLError) -> str:
    """Return a YAML error's description, without line breaks, with the line's number if known."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return " ".join(str(error).split())
    return f"line {mark.line + 1}: not valid YAML: {getattr(error, 'problem', error)}"
