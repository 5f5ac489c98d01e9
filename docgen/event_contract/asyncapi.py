"""The AsyncAPI document of the order events."""

from typing import Any, Final

from docgen.event_contract.envelope import envelope
from docgen.event_contract.examples import examples
from docgen.event_contract.schemas import detail_schemas
from lambdas.domain.order_events import VERSION
from lambdas.domain.vocabulary import EventType

_SCHEMAS: Final = "#/components/schemas/"
_MESSAGES: Final = "#/components/messages/"

_INTRODUCTION: Final = """\
Events about orders, on an Amazon EventBridge bus of each stage. A message is the event as EventBridge
delivers it.

- An event is delivered at least once: drop duplicates by `detail.event_id`.
- Events of one order are published in the order of its changes, but a consumer can receive them in another
  order: compare `detail.order_version`.
- Ignore fields and event types that you do not know. Fields are added, never removed or changed.
- Money is an integer in the currency's minor unit. Time is UTC in ISO 8601.
"""


def asyncapi() -> dict[str, Any]:
    """Build the document, of AsyncAPI 3.0."""
    schemas: dict[str, Any] = {}
    for event, document in detail_schemas().items():
        parts = document.pop("$defs")
        del document["$schema"]
        schemas |= {event.value: document, **parts}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Order events",
            "version": f"{VERSION}.0.0",
            "description": _INTRODUCTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "eventbridge": {
                "host": "events.{region}.amazonaws.com",
                "protocol": "eventbridge",
                "description": "Subscribe with a rule on the bus that the output `EventBusName` names.",
                "variables": {"region": {"default": "eu-central-1"}},
            }
        },
        "channels": {
            "orders": {
                "address": "orders-{stage}",
                "description": "The bus of a stage.",
                "parameters": {"stage": {"enum": ["local", "dev", "prod"]}},
                "messages": {event.value: {"$ref": f"{_MESSAGES}{event}"} for event in EventType},
            }
        },
        "operations": {
            "publishOrderEvents": {
                "action": "send",
                "channel": {"$ref": "#/channels/orders"},
                "summary": "Publish each change of an order that consumers need to know",
                "messages": [{"$ref": f"#/channels/orders/messages/{event}"} for event in EventType],
            }
        },
        "components": {
            "messages": {
                event.value: {
                    "name": event.value,
                    "title": event.value,
                    "summary": schemas[event]["description"],
                    "payload": envelope(event, f"{_SCHEMAS}{event}"),
                    "examples": [{"name": event.value, "payload": example}],
                }
                for event, example in examples().items()
            },
            "schemas": _referring(schemas),
        },
    }


def _referring(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Point references to the components of the document."""
    if isinstance(schema, list):
        return [_referring(each) for each in schema]
    if isinstance(schema, dict):
        return {key: _referring(value) for key, value in schema.items()}
    if isinstance(schema, str) and schema.startswith("#/$defs/"):
        return schema.replace("#/$defs/", _SCHEMAS)
    return schema
