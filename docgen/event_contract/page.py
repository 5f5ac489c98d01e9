"""The generated parts of docs/events/README.md."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from docgen.event_contract.examples import examples
from docgen.event_contract.schemas import detail_schemas
from lambdas.domain.vocabulary import EventType

_SHOWN: Final = EventType.ORDER_FAILED

Schema = Mapping[str, Any]


def type_table() -> str:
    """A row for each event type: what it means, and what it promises more than the others."""
    schemas = detail_schemas()
    common = _common(schemas)
    rows = (
        (f"[`{event}`]({event}.schema.json)", schema["description"], "; ".join(_promises(schema, common)))
        for event, schema in schemas.items()
    )
    return _table(("event type", "what happened", "always"), rows)


def field_table() -> str:
    """A row for each field of `detail` and of its parts."""
    schemas = detail_schemas()
    common = _common(schemas)
    return _table(("field", "type", "present", "what it is"), _fields(common, common["$defs"]))


def example() -> str:
    """An event of one type, as EventBridge delivers it."""
    return f"```json\n{json.dumps(examples()[_SHOWN], indent=2, ensure_ascii=False)}\n```"


def _common(schemas: Mapping[EventType, Schema]) -> Schema:
    """The schema of the type that narrows the fewest fields."""
    return schemas[EventType.PAYMENT_SETTLED_OUTSIDE]


def _promises(schema: Schema, common: Schema) -> Iterator[str]:
    for name, field in schema["properties"].items():
        general = common["properties"][name]
        if "const" in field and "const" not in general:
            yield f"`{name}` is `{field['const']}`"
        elif isinstance(general.get("type"), list) and not isinstance(field["type"], list):
            yield f"`{name}` and the unit prices are numbers"
        elif name in schema["required"] and name not in common["required"]:
            yield f"`{name}` is present"


def _fields(schema: Schema, parts: Mapping[str, Schema], path: str = "") -> Iterator[tuple[str, ...]]:
    for name, field in schema["properties"].items():
        inner = field.get("items", field).get("$ref", "").removeprefix("#/$defs/")
        presence = "always" if name in schema["required"] else "not always"
        yield f"`{path}{name}`", _type(field), presence, field.get("description", "")
        if inner:
            yield from _fields(parts[inner], parts, f"{path}{name}{'[]' if 'items' in field else ''}.")


def _type(field: Schema) -> str:
    if "$ref" in field:
        return "object"
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return f"{' or '.join(kinds)}{', ' + field['format'] if 'format' in field else ''}"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |".replace("  ", " ") for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])
