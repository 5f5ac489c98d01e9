"""Compares a schema with its last release: which changes would break somebody."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = Mapping[str, Any]

_WORDS: Final = ("title", "description", "examples")
"""Keywords for people: they may change."""

_PARTS: Final = ("properties", "required", "$defs", "items")


def breaking_changes(released: Schema, current: Schema, path: str = "detail") -> Iterator[str]:
    """Each change that breaks consumers, or the delivery of events that were published before.

    Args:
        released: The schema of the last release.
        current: The schema now.
        path: Where it is in an event.
    """
    if _limits(released) != _limits(current):
        yield f"{path} has other values"
    yield from _changed_fields(released, current, path)
    if "items" in released and "items" in current:
        yield from breaking_changes(released["items"], current["items"], f"{path}[]")
    for name, part in released.get("$defs", {}).items():
        if name not in current.get("$defs", {}):
            yield f"{name} is gone"
        else:
            yield from breaking_changes(part, current["$defs"][name], name)


def _limits(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key not in {*_WORDS, *_PARTS}}


def _changed_fields(released: Schema, current: Schema, path: str) -> Iterator[str]:
    fields, required = current.get("properties", {}), set(current.get("required", ()))
    for name, field in released.get("properties", {}).items():
        if name not in fields:
            yield f"{path}.{name} is gone"
        else:
            yield from breaking_changes(field, fields[name], f"{path}.{name}")
    yield from (f"{path}.{name} is no longer always present" for name in _missing(released, required, fields))
    yield from (
        f"{path}.{name} is required, and earlier events lack it"
        for name in sorted(required - set(released.get("required", ())))
    )


def _missing(released: Schema, required: set[str], fields: Mapping[str, Schema]) -> list[str]:
    return [name for name in released.get("required", ()) if name in fields and name not in required]
