"""Compares a schema with its last release: which changes would break somebody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

Schema = Mapping[str, Any]

_WORDS: Final = ("title", "description", "examples")
"""Keywords for people: they may change."""

_PARTS: Final = ("properties", "required", "$defs", "items")


@dataclass(frozen=True)
class _Part:
    """A part of a schema, and the schema that its references are about."""

    schema: Schema
    whole: Schema

    def part(self, schema: Schema) -> "_Part":
        """A part of this part. A reference is followed: how the schema names a part is of no importance."""
        while "$ref" in schema:
            schema = self.whole["$defs"][schema["$ref"].removeprefix("#/$defs/")]
        return _Part(schema, self.whole)

    @property
    def fields(self) -> dict[str, "_Part"]:
        """The fields by name."""
        return {name: self.part(each) for name, each in self.schema.get("properties", {}).items()}

    @property
    def required(self) -> list[str]:
        """The names of the fields that are always present."""
        return list(self.schema.get("required", ()))

    @property
    def limits(self) -> Schema:
        """What it says about the value itself."""
        return {key: value for key, value in self.schema.items() if key not in {*_WORDS, *_PARTS}}


def breaking_changes(released: Schema, current: Schema) -> Iterator[str]:
    """Each change that breaks consumers, or the delivery of events that were published before.

    Args:
        released: The schema of the last release.
        current: The schema now.
    """
    return _changes("detail", _Part(released, released), _Part(current, current))


def _changes(path: str, released: _Part, current: _Part) -> Iterator[str]:
    if released.limits != current.limits:
        yield f"{path} has other values"
    before, now = released.fields, current.fields
    for name, field in before.items():
        if name not in now:
            yield f"{path}.{name} is gone"
        else:
            yield from _changes(f"{path}.{name}", field, now[name])
    for name in released.required:
        if name in now and name not in current.required:
            yield f"{path}.{name} is no longer always present"
    for name in sorted({*current.required} - {*released.required}):
        yield f"{path}.{name} is required, and earlier events lack it"
    if "items" in released.schema and "items" in current.schema:
        items = released.part(released.schema["items"]), current.part(current.schema["items"])
        yield from _changes(f"{path}[]", *items)
