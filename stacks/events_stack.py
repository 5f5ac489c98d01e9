"""Events: those of orders are published, and consumers receive them and those of other services."""

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambdas.domain.vocabulary import MAILED_EVENTS, PICK_STATES
from stacks.constructs.event_analytics import EventAnalytics
from stacks.constructs.event_bus import EventBus
from stacks.constructs.event_consumers import EventConsumers
from stacks.constructs.event_schemas import register_event_schemas
from stacks.constructs.grant import Grant
from stacks.constructs.mail import mail_feedback, send_mail
from stacks.constructs.order_import import FILES_AT_ONCE, OrderImport
from stacks.constructs.order_stream import follow_orders
from stacks.constructs.python_function import PythonFunctions
from stacks.constructs.queue import DeadLetterQueue
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table, text
from stacks.settings import StageSettings
from stacks.stream_patterns import STREAM_PATTERNS


class EventsStack(StageStack):
    """The bus of the orders, the function that publishes on it, and the consumers.

    Attributes:
        stream_functions: Functions that follow the stream of the orders table.
        audit: The table of every event of every order.
        analytics_stream: The stream that stores the events for analysis.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        orders: Table,
        idempotency: Table,
        users: cognito.UserPool,
    ) -> None:
        super().__init__(scope, "events", settings, description="Orders: events and their consumers")
        functions = PythonFunctions(self, settings)
        bus = EventBus(self, settings)
        if not settings.embedded:  # the embedded AWS does not know the registry
            register_event_schemas(self, settings)

        parked_events = DeadLetterQueue(self, "ParkedEvents", settings)
        publish_order_events = functions.add("publish_order_events", bus.publish())
        follow_orders(
            publish_order_events,
            orders,
            settings=settings,
            patterns=STREAM_PATTERNS["publish_order_events"],
            parked_in=parked_events,
            record_age=Duration.seconds(settings.stream_record_age_seconds),
        )

        self.stream_functions = [publish_order_events]
        self.audit = Table(self, "Audit", settings, partition_key="order_id", sort_key="event_id")
        consumers = EventConsumers(self, settings, functions, idempotency)
        consumers.add("audit_order_events", bus.order_events(), self.audit.add(), knows_duplicates=True)
        consumers.add("record_mail_feedback", mail_feedback(settings), orders.update(), knows_duplicates=True)
        consumers.add(
            "mail_customers",
            bus.order_events(*MAILED_EVENTS, replays=False),  # nobody is mailed about the past
            orders.read(),
            send_mail(settings),
            Grant({"PAYMENT_DEADLINE_SECONDS": str(settings.payment_deadline_seconds)}),
            batch_size=1,  # so that a slow answer of SES delays no other mail
        )
        order_import = OrderImport(self, settings)
        consumers.add(
            "import_orders",
            order_import.files(),
            orders.add(),
            *order_import.grants(users),
            knows_duplicates=True,
            batch_size=1,
            concurrency=FILES_AT_ONCE,
            continued=True,
        )

        picks = Table(self, "Picks", settings, partition_key="order_id", indexes=[_open_picks()])
        consumers.add(
            "update_pick_list",
            bus.order_events(*PICK_STATES),
            picks.add(),
            picks.update(),
            knows_duplicates=True,
        )

        self.analytics_stream = EventAnalytics(self, settings, bus.order_events()).stream

        self.add_output("EventBusName", bus.event_bus_name, "Bus of the order events")
        self.add_output("AuditTableName", self.audit.table_name, "Table of every event of every order")
        self.add_output("PicksTableName", picks.table_name, "Table of what the warehouse must pick")


def _open_picks() -> dynamodb.GlobalSecondaryIndexPropsV2:
    """An index of the open picks, the oldest first. Other picks lack its sort key, so they are not in it."""
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name="open_picks",
        partition_key=text("state"),
        sort_key=text("confirmed_at"),
        projection_type=dynamodb.ProjectionType.ALL,
    )
