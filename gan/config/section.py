"""What all options classes share: immutable fields, no unknown keys, errors of one line."""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo

from gan.config.errors import explain

Fault = tuple[object, str]
"""A condition that is true if keys contradict each other, and the message about them."""


class Section(BaseModel):
    """Base of all options classes: immutable, no unknown keys; a field's docstring is its help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, /, **values: Any) -> None:
        """Check the values; ValueError with the message that the command line prints."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ValueError(explain(error, leaves(type(self)))) from None

    # pydantic's mark: sections inside others are checked as values, so errors have dotted keys.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def check(self) -> Self:
        for wrong, message in self.faults():
            if wrong:
                raise ValueError(message)
        return self

    def faults(self) -> Iterator[Fault]:
        """Yield (condition, message); the message of the first true condition is raised."""
        return iter(())


def sections(section: type[BaseModel]) -> dict[str, type[Section]]:
    """Return the class of each field that is itself a section, by the field's name."""
    return {
        name: field.annotation
        for name, field in section.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def leaves(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return all fields by dotted key; a section is replaced by its fields."""
    inner = sections(section)
    result: dict[str, FieldInfo] = {}
    for name, field in section.model_fields.items():
        if name in inner:
            result |= {f"{name}.{key}": leaf for key, leaf in leaves(inner[name]).items()}
        else:
            result[name] = field
    return result
