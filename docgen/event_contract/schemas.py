"""JSON Schemas of the order events, from their types."""

from collections.abc import Iterator, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, NotRequired, Required, Union, get_args, get_origin

from typing_extensions import ReadOnly, get_type_hints, is_typeddict

from lambdas.domain.order_events import DETAILS, Described
from lambdas.domain.vocabulary import EventType

Json = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_QUALIFIERS: Final = (ReadOnly, Required, NotRequired)
_TYPES: Final = {str: "string", int: "integer", bool: "boolean", NoneType: "null"}


def detail_schemas() -> Mapping[EventType, Json]:
    """The schema of the detail of each event type, complete in itself.

    Other properties are permitted, so that consumers that validate events accept
    the fields that are added later.
    """
    return {event: _document(event, detail) for event, detail in DETAILS.items()}


def _document(event: EventType, detail: type) -> Json:
    parts = {_name(part): _object(part) for part in dict.fromkeys(_parts(detail))}
    return {"$schema": _DIALECT, "title": event.value, **_object(detail), "$defs": parts}


def _object(typed_dict: Any) -> Json:  # noqa: ANN401 - a TypedDict has no type of its own
    hints = get_type_hints(typed_dict, include_extras=True)
    return {
        "description": typed_dict.__doc__,
        "type": "object",
        "required": [name for name in hints if name in typed_dict.__required_keys__],
        "properties": {name: _schema(hint) for name, hint in hints.items()},
    }


def _schema(hint: Any) -> Json:  # noqa: ANN401 - any type
    """The schema of a type."""
    if get_origin(hint) in _QUALIFIERS:
        return _schema(get_args(hint)[0])
    if get_origin(hint) is Annotated:
        return _described(*get_args(hint))
    if is_typeddict(hint):
        return {"$ref": f"#/$defs/{_name(hint)}"}
    return _of_values(hint)


def _described(hint: Any, *fields: Described) -> Json:  # noqa: ANN401 - any type
    """The schema of an annotated type, with its description at the end."""
    schema = _schema(hint)
    for field in fields:
        schema |= field.keywords
    return {**schema, "description": schema.pop("description")}


def _of_values(hint: Any) -> Json:  # noqa: ANN401 - any type
    """The schema of a type that is no object."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        schema, null = map(_schema, arguments)
        return {**schema, "type": [schema["type"], null["type"]]}
    if origin is Literal:
        return {"type": _TYPES[type(arguments[0])], "const": arguments[0]}
    if origin is Sequence:
        return {"type": "array", "items": _schema(arguments[0])}
    return {"type": _TYPES[hint]}


def _parts(hint: Any) -> Iterator[type]:  # noqa: ANN401 - any type
    """The types of the objects inside of a type."""
    hints = get_type_hints(hint, include_extras=True).values() if is_typeddict(hint) else get_args(hint)
    for each in hints:
        if is_typeddict(each):
            yield each
        yield from _parts(each)


def _name(part: type) -> str:
    return part.__name__.removesuffix("Detail")
