"""Count the statements of the package: `python -m experiments.checks.statements [--root FOLDER]`.

It prints two numbers: all `ast.stmt`, and all except docstrings. Benchmarks and the demo, which
were in the package once, are not counted.
"""

import ast
from pathlib import Path

from jsonargparse import auto_cli

OUTSIDE = {"benchmark", "demo"}


def count(root: Path = Path()) -> None:
    """Print both numbers.

    Args:
        root: A clone of the project.
    """
    nodes = [
        node
        for path in (root / "gan").rglob("*.py")
        if path.relative_to(root / "gan").parts[0] not in OUTSIDE
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.stmt)
    ]
    texts = sum(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        for node in nodes
    )
    print(f"{len(nodes)} statements, {len(nodes) - texts} without docstrings")


if __name__ == "__main__":
    auto_cli(count, as_positional=False)
