"""The bus of order events."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE, EventType
from stacks.constructs.event_consumers import Subscription
from stacks.constructs.grant import Grant, allow
from stacks.settings import StageSettings


class EventBus(events.EventBus):
    """An EventBridge bus of the stage's own."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        name = f"orders-{settings.stage}"
        super().__init__(scope, "Bus", event_bus_name=name)
        if settings.event_archive_days is not None:
            self.archive(
                "Archive",
                archive_name=name,
                description="Events of orders, to replay them",
                event_pattern=_order_events(),
                retention=Duration.days(settings.event_archive_days),
            )

    def publish(self) -> Grant:
        """Put events on the bus."""
        return Grant({"EVENT_BUS_NAME": self.event_bus_name}, [allow(self.event_bus_arn, "events:PutEvents")])

    def order_events(self, *types: EventType, replays: bool = True) -> Subscription:
        """Receive the events of orders: those of these types, or else all."""
        return Subscription(_order_events(*types), self, replays=replays)


def _order_events(*types: EventType) -> events.EventPattern:
    return events.EventPattern(source=[SERVICE], detail_type=[each.value for each in types] or None)
