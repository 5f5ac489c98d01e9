"""What EventBridge puts around the detail of an event.

Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html (November 2026).
"""

from typing import Any

from lambdas.domain.vocabulary import SERVICE, EventType


def envelope(event: EventType, detail: str) -> dict[str, Any]:
    """The schema of an event as it is delivered.

    Args:
        event: Its type.
        detail: Reference to the schema of its detail.
    """
    text = {"type": "string"}
    properties = {
        "version": text,
        "id": text,
        "detail-type": {"type": "string", "enum": [event.value]},
        "source": {"type": "string", "enum": [SERVICE]},
        "account": text,
        "time": {"type": "string", "format": "date-time"},
        "region": text,
        "resources": {"type": "array", "items": text},
        "detail": {"$ref": detail},
    }
    return {"type": "object", "required": list(properties), "properties": properties}
