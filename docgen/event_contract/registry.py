"""The schemas for EventBridge's schema registry: OpenAPI 3.0, in AWS's own form.

The registry makes code bindings of schemas in this form. It knows no newer OpenAPI
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema.html, November 2026).
"""

from collections.abc import Mapping
from typing import Any, Final

from docgen.event_contract.envelope import envelope
from docgen.event_contract.schemas import detail_schemas
from lambdas.domain.order_events import VERSION
from lambdas.domain.vocabulary import SERVICE, EventType

_SCHEMAS: Final = "#/components/schemas/"


def registry_schemas() -> Mapping[EventType, dict[str, Any]]:
    """The schema of each event as it is delivered."""
    return {event: _document(event, schema) for event, schema in detail_schemas().items()}


def _document(event: EventType, schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.pop("$defs")
    del schema["$schema"]
    named = {event.value: schema, **parts}
    return {
        "openapi": "3.0.0",
        "info": {"title": event.value, "version": f"{VERSION}.0.0"},
        "paths": {},
        "components": {
            "schemas": {
                "AWSEvent": {
                    **envelope(event, f"{_SCHEMAS}{event}"),
                    "x-amazon-events-detail-type": event.value,
                    "x-amazon-events-source": SERVICE,
                },
                **{name: _of_openapi(each) for name, each in named.items()},
            }
        },
    }


def _of_openapi(schema: dict[str, Any]) -> dict[str, Any]:
    """Write a schema with the keywords of OpenAPI 3.0."""
    if "$ref" in schema:  # it permits no other keyword beside it
        return {"$ref": schema["$ref"].replace("#/$defs/", _SCHEMAS)}
    written = dict(schema)
    if "const" in schema:
        written["enum"] = [written.pop("const")]
    if isinstance(schema.get("type"), list):
        written |= {"type": schema["type"][0], "nullable": True}
    if "examples" in schema:
        written["example"] = written.pop("examples")[0]
    if "items" in schema:
        written["items"] = _of_openapi(schema["items"])
    if "properties" in schema:
        written["properties"] = {name: _of_openapi(each) for name, each in schema["properties"].items()}
    return written
