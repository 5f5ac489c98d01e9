"""The bus of order events."""

from aws_cdk import aws_events as events
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE, EventType
from stacks.constructs.event_consumers import Subscription
from stacks.constructs.grant import Grant, allow
from stacks.settings import StageSettings


class EventBus(events.EventBus):
    """An EventBridge bus of the stage's own."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "Bus", event_bus_name=f"orders-{settings.stage}")

    def publish(self) -> Grant:
        """Put events on the bus."""
        return Grant({"EVENT_BUS_NAME": self.event_bus_name}, [allow(self.event_bus_arn, "events:PutEvents")])

    def order_events(self, *types: EventType) -> Subscription:
        """Receive the events of orders: those of these types, or else all."""
        pattern = events.EventPattern(source=[SERVICE], detail_type=[each.value for each in types] or None)
        return Subscription(pattern, self)
