"""The table of the events for analysis. Nothing here needs the CDK, so that others can read it too."""

from typing import Final

EVENT_TABLE: Final = "order_events"
PARTITION: Final = "arrived_on"
"""The day on which an event arrived, or the day before: Firehose writes the events of up to
15 minutes into one object, whose partition is that of its oldest event."""

_ITEM: Final = "struct<sku:string,quantity:bigint,unit_price:bigint>"
_DETAIL: Final = {
    **dict.fromkeys(("event_id", "order_id", "status", "currency", "occurred_at"), "string"),
    **dict.fromkeys(("order_version", "amount"), "bigint"),
    "items": f"array<{_ITEM}>",
    "payment": "struct<disputed:boolean,refunded_outside:bigint>",
    "refund": "struct<refund_id:string,amount:bigint>",
    "failure": "struct<code:string>",
}
COLUMNS: Final = {
    "detail_type": "string",
    "detail": f"struct<{','.join(f'{field}:{kind}' for field, kind in _DETAIL.items())}>",
}
"""The columns and their types in Glue. What an event has besides is not stored, such as the customer's id."""

JSON_KEYS: Final = {"detail_type": "detail-type"}
"""The field of an event that a column is filled from, if their names differ."""
