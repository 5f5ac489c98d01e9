"""Compares the REST API with its last release: which changes would break a client."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final

Json = Mapping[str, Any]

_NULL: Final = "null"
_UPPER: Final = ("maximum", "maxLength", "maxItems")
_LOWER: Final = ("minimum", "minLength", "minItems")


class _Sent(Enum):
    """Who sends a value: a client must still be able to send, or to read, what it could."""

    BY_CLIENT = auto()
    BY_API = auto()


@dataclass(frozen=True)
class _Value:
    """A value in a contract, without references.

    Attributes:
        schema: Its schema without null.
        nullable: Whether it can be null.
        document: The contract that the references of its parts are about.
    """

    schema: Json
    nullable: bool
    document: Json

    @classmethod
    def read(cls, schema: Json, document: Json) -> "_Value":
        """Follow the references, and take null out."""
        while "$ref" in schema:
            schema = _target(schema["$ref"], document)
        variants = [each for each in schema.get("anyOf", ()) if each.get("type") != _NULL]
        if len(variants) != 1:
            return cls(schema, nullable=False, document=document)
        return cls(cls.read(variants[0], document).schema, nullable=True, document=document)

    def part(self, schema: Json) -> "_Value":
        """A part of the value."""
        return self.read(schema, self.document)

    @property
    def fields(self) -> Mapping[str, Json]:
        """The schemas of its fields by name."""
        fields: Mapping[str, Json] = self.schema.get("properties", {})
        return fields

    @property
    def required(self) -> set[str]:
        """The names of the fields that it always has."""
        return set(self.schema.get("required", ()))


def breaking_api_changes(released: Json, current: Json) -> Iterator[str]:
    """Each change of the contract that breaks a client: something is gone, or more is demanded.

    What is added breaks nothing: calls, optional fields and parameters, fields and statuses of responses, and
    members of an enumeration in a response. Clients ignore what they do not know.

    Args:
        released: The OpenAPI document of the last release.
        current: The OpenAPI document now.
    """
    for path, methods in released["paths"].items():
        for method, call in methods.items():
            name = f"{method.upper()} {path}"
            now = current["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{name} is gone"
            else:
                yield from _changes_of_call(name, (call, released), (now, current))


def _changes_of_call(name: str, released: tuple[Json, Json], current: tuple[Json, Json]) -> Iterator[str]:
    (before, released_document), (now, current_document) = released, current
    yield from _changes_of_parameters(name, released, current)
    old_body = _body(before.get("requestBody"), released_document)
    new_body = _body(now.get("requestBody"), current_document)
    if old_body is None and now.get("requestBody", {}).get("required"):
        yield f"{name}: a body is required"
    elif old_body is not None and new_body is not None:
        yield from _changes(f"{name}: body", old_body, new_body, _Sent.BY_CLIENT)
    for status, response in before["responses"].items():
        old_answer = _body(response, released_document)
        new_answer = _body(now["responses"].get(status), current_document)
        if status not in now["responses"] and status.startswith("2"):
            yield f"{name}: {status} is gone"
        elif old_answer is not None and new_answer is not None:
            yield from _changes(f"{name}: {status}", old_answer, new_answer, _Sent.BY_API)


def _changes_of_parameters(
    name: str, released: tuple[Json, Json], current: tuple[Json, Json]
) -> Iterator[str]:
    before, now = _parameters(*released), _parameters(*current)
    for parameter, (value, _) in before.items():
        if parameter not in now:
            yield f"{name}: the parameter {parameter} is gone"
        else:
            yield from _changes(f"{name}: {parameter}", value, now[parameter][0], _Sent.BY_CLIENT)
    was_required = {parameter for parameter, (_, required) in before.items() if required}
    for parameter, (_, required) in now.items():
        if required and parameter not in was_required:
            yield f"{name}: the parameter {parameter} is required"


def _parameters(call: Json, document: Json) -> dict[str, tuple[_Value, bool]]:
    """The parameters of a call by name: the value of each, and whether it is required."""
    return {
        each["name"]: (_Value.read(each["schema"], document), bool(each.get("required")))
        for each in call.get("parameters", ())
    }


def _body(holder: Json | None, document: Json) -> _Value | None:
    while holder is not None and "$ref" in holder:
        holder = _target(holder["$ref"], document)
    contents = [*(holder or {}).get("content", {}).values()]
    return _Value.read(contents[0]["schema"], document) if contents else None


def _target(reference: str, document: Json) -> Json:
    found = document
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def _changes(name: str, released: _Value, current: _Value, sent: _Sent) -> Iterator[str]:
    before, now = released.schema, current.schema
    if before.get("type") != now.get("type") or before.get("const") != now.get("const"):
        yield f"{name} has another type"
        return
    if sent is _Sent.BY_API:
        if current.nullable and not released.nullable:
            yield f"{name} can be null"
    else:
        if released.nullable and not current.nullable:
            yield f"{name} can't be null any more"
        if _is_narrower(before, now):
            yield f"{name} accepts less"
    if "items" in before and "items" in now:
        items = released.part(before["items"]), current.part(now["items"])
        yield from _changes(f"{name}[]", *items, sent)
    for field, schema in released.fields.items():
        if field not in current.fields:
            yield f"{name}.{field} is gone"
        else:
            values = released.part(schema), current.part(current.fields[field])
            yield from _changes(f"{name}.{field}", *values, sent)
    if sent is _Sent.BY_CLIENT:
        demanded = current.required - released.required
        yield from (f"{name}.{field} is required" for field in sorted(demanded))
    else:
        missing = (released.required - current.required) & current.fields.keys()
        yield from (f"{name}.{field} is not always present any more" for field in sorted(missing))


def _is_narrower(before: Json, now: Json) -> bool:
    """Whether a client could send what is refused now. Another pattern counts: two can't be compared."""
    gone = set(before.get("enum", ())) - set(now.get("enum", before.get("enum", ())))
    return (
        bool(gone)
        or ("enum" in now and "enum" not in before)
        or ("pattern" in now and now["pattern"] != before.get("pattern"))
        or any(key in now and now[key] < before.get(key, float("inf")) for key in _UPPER)
        or any(key in now and now[key] > before.get(key, float("-inf")) for key in _LOWER)
    )
