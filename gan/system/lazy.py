"""Public names of a package that are imported when they are used: torch takes seconds."""

import importlib
from collections.abc import Callable
from typing import Any


def lazy(package: str, **modules: str) -> Callable[[str], Any]:
    """Return a package's `__getattr__`; for each module below the package the names it provides."""
    homes = {name: module for module, names in modules.items() for name in names.split()}

    def attribute(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{homes[name]}"), name)

    return attribute
