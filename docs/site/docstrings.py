"""A Griffe extension of the site: lines "name: meaning" of a docstring become a list.

Only where the name is a parameter, so that other colons stay.
"""

import re
from typing import Any

from griffe import Extension, Function


class ParameterLists(Extension):
    """Marks the parameters that a docstring explains line by line."""

    def on_function(self, *, func: Function, **_: Any) -> None:
        """Rewrite the docstring of a function or method."""
        if func.docstring:
            names = "|".join(parameter.name.lstrip("*") for parameter in func.parameters)
            func.docstring.value = listed(func.docstring.value, names)


def listed(text: str, names: str) -> str:
    """Return a docstring with a list item for each line that begins with a parameter's name."""
    return re.sub(rf"^({names}): ", r"* `\1`: ", text, flags=re.MULTILINE) if names else text
