"""What all options classes share: immutable fields, no unknown keys, errors of one line."""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic.fields import FieldInfo

from gan.config.errors import explain

Fault = tuple[object, str]
"""What is true of keys that contradict each other, and the message about them."""


class Section(BaseModel):
    """Immutable, no unknown keys, field documentation as help."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def __init__(self, /, **values: Any) -> None:
        """Check the values; ValueError in the words of the command line."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ValueError(explain(error, leaves(type(self)))) from None

    # pydantic's mark: sections inside of others are checked as values, with their whole keys.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @model_validator(mode="after")
    def check(self) -> Self:
        for wrong, message in self.faults():
            if wrong:
                raise ValueError(message)
        return self

    def faults(self) -> Iterator[Fault]:
        """Yield what must not be true of several keys together; the first that is gets reported."""
        return iter(())


def sections(section: type[BaseModel]) -> dict[str, type[Section]]:
    """Return the fields that are sections of keys."""
    return {
        name: field.annotation
        for name, field in section.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
    }


def leaves(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the fields by dotted key, those of sections in place of the sections."""
    inner = sections(section)
    result: dict[str, FieldInfo] = {}
    for name, field in section.model_fields.items():
        if name in inner:
            result |= {f"{name}.{key}": leaf for key, leaf in leaves(inner[name]).items()}
        else:
            result[name] = field
    return result
