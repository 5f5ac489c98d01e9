"""The outbox: puts an event on the bus for each change of an order that consumers need to know."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.domain.order import Order
from lambdas.events.publish_order_events.event_publisher import EventPublisher
from lambdas.events.publish_order_events.history import events_of_history
from lambdas.events.publish_order_events.measures import measures_of_change
from lambdas.events.publish_order_events.order_event import OrderEvent, event_of_change
from lambdas.shared.log import logger
from lambdas.shared.metrics import emit
from lambdas.shared.settings import Settings
from lambdas.shared.store.order_item import order_from_item
from lambdas.shared.streams import process_in_order


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Publish the events of a batch of changes from the stream of orders."""
    bus = EventPublisher.from_settings(Settings())

    def publish(record: Mapping[str, Any]) -> None:
        change = record["dynamodb"]
        before = order_from_item(change["OldImage"]) if "OldImage" in change else None
        after = order_from_item(change["NewImage"])
        again = before is not None and after.republish_requested_at != before.republish_requested_at
        for order_event in events_of_history(after) if again else _events_of(before, after):
            bus.put(order_event)
            logger.info(
                "event published",
                extra={
                    "event": order_event.detail_type,
                    "event_id": order_event.detail["event_id"],
                    "again": again,
                },
            )
        if before is not None and not again:  # an old event is counted already
            emit(*measures_of_change(before, after))

    return process_in_order(event, publish)


def _events_of(before: Order | None, after: Order) -> Iterable[OrderEvent]:
    """The event of a change, if it has one."""
    event = event_of_change(before, after)
    return [event] if event is not None else []
