"""Order events: derived from the order records, put on a bus, and audited."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.order_stream import follow_orders
from stacks.constructs.python_function import PythonFunctions, allow
from stacks.constructs.queue import DeadLetterQueue, Queue
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table
from stacks.data_stack import DataStack
from stacks.settings import Settings, function_timeout_seconds

_EVENT_STATUSES = ["CONFIRMED", "FAILED", "CANCELLED", "NEEDS_ATTENTION"]


class EventsStack(StageStack):
    """The bus, the function that publishes to it, and a first consumer.

    Attributes:
        bus: where everybody hears of orders.
        stream_functions: the functions that must keep up with the orders table.
        dead_letter_queues: the queues that should be empty.
    """

    def __init__(self, scope: Construct, settings: Settings, *, data: DataStack) -> None:
        super().__init__(scope, "events", settings, description="Orders: events and their audit")
        functions = PythonFunctions(self, settings)

        self.bus = events.EventBus(self, "Bus", event_bus_name=f"orders-{settings.stage}")

        parked_events = DeadLetterQueue(self, "ParkedEvents", settings)
        publish_order_events = functions.add(
            "publish_order_events",
            {"EVENT_BUS_NAME": self.bus.event_bus_name},
            allow(self.bus.event_bus_arn, "events:PutEvents"),
        )
        follow_orders(
            publish_order_events,
            data.orders,
            settings=settings,
            patterns=[
                {"dynamodb": {"NewImage": {"status": {"S": _EVENT_STATUSES}}}},
                # What happens to an order's money at Stripe is an event also while the order is on its way.
                _payment_has("refunded_outside", "N"),
                _payment_has("disputed", "BOOL"),
            ],
            parked_in=parked_events,
            record_age=Duration.seconds(settings.stream_record_age_seconds),
        )

        # A queue between the bus and a consumer: one that is slow or broken harms nobody else.
        audit_dead_letters = DeadLetterQueue(self, "AuditDeadLetters", settings)
        audit_queue = Queue(
            self,
            "AuditQueue",
            settings,
            # AWS asks for six times the consumer's timeout, so that a throttled batch is not seen twice.
            visibility_timeout=Duration.seconds(6 * function_timeout_seconds("audit_order_events")),
            dead_letter_queue=sqs.DeadLetterQueue(queue=audit_dead_letters, max_receive_count=5),
        )
        events.Rule(
            self,
            "AuditRule",
            description="Every event of every order, to its audit",
            event_bus=self.bus,
            event_pattern=events.EventPattern(source=["orders"]),
            targets=[targets.SqsQueue(audit_queue, dead_letter_queue=audit_dead_letters)],
        )
        audit_table = Table(self, "Audit", settings, partition_key="order_id", sort_key="event_id")
        audit_order_events = functions.add(
            "audit_order_events",
            {"AUDIT_TABLE": audit_table.table_name},
            allow(audit_table.table_arn, "dynamodb:PutItem"),
        )
        audit_order_events.add_event_source(
            sources.SqsEventSource(audit_queue, report_batch_item_failures=True)
        )

        self.stream_functions = [publish_order_events]
        self.dead_letter_queues = [parked_events, audit_dead_letters]

        self.add_output("EventBusName", self.bus.event_bus_name, "The bus of order events")
        self.add_output("AuditTableName", audit_table.table_name, "Every event of every order")
        self.add_output("AuditQueueUrl", audit_queue.queue_url, "Events on their way to the audit")
        self.add_output("AuditDeadLettersUrl", audit_dead_letters.queue_url, "Events without an audit")
        self.add_output("ParkedEventsQueueUrl", parked_events.queue_url, "Changes that became no event")


def _payment_has(attribute: str, kind: str) -> dict[str, object]:
    """The changes of orders whose payment has this attribute."""
    payment = {"M": {attribute: {kind: [{"exists": True}]}}}
    return {"dynamodb": {"NewImage": {"payment": payment}}}
