"""Events: those of orders, published and audited, and those of the mail about orders."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.constructs.event_bus import EventBus
from stacks.constructs.event_schemas import register_event_schemas
from stacks.constructs.mail import feedback_message, mail_feedback
from stacks.constructs.order_stream import follow_orders
from stacks.constructs.python_function import PythonFunctions
from stacks.constructs.queue import DeadLetterQueue, EventQueue
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table
from stacks.settings import StageSettings
from stacks.stream_patterns import STREAM_PATTERNS


class EventsStack(StageStack):
    """The bus of the orders, the function that publishes on it, the audit, and the consumer of SES's events.

    Attributes:
        stream_functions: Functions that follow the stream of the orders table.
        audit: The table of every event of every order.
    """

    def __init__(self, scope: Construct, settings: StageSettings, *, orders: Table) -> None:
        super().__init__(scope, "events", settings, description="Orders: events and their audit")
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

        self.audit = Table(self, "Audit", settings, partition_key="order_id", sort_key="event_id")
        self.stream_functions = [publish_order_events]
        self._consume_for_audit(settings, functions, bus)
        self._record_mail_feedback(settings, functions, orders)

        self.add_output("EventBusName", bus.event_bus_name, "Bus of the order events")
        self.add_output(
            "ParkedEventsQueueUrl", parked_events.queue_url, "Order changes that could not be published"
        )

    def _consume_for_audit(self, settings: StageSettings, functions: PythonFunctions, bus: EventBus) -> None:
        """Store every order event in a table."""
        dead_letters = DeadLetterQueue(self, "AuditDeadLetters", settings)
        queue = EventQueue(
            self,
            "AuditQueue",
            settings,
            consumer="audit_order_events",
            max_receive_count=5,
            dead_letters=dead_letters,
        )
        queue.collect(
            "AuditRule",
            events.EventPattern(source=[SERVICE]),
            description="Sends every order event to the audit",
            bus=bus,
        )
        queue.deliver_to(functions.add("audit_order_events", self.audit.add()))

        self.add_output("AuditTableName", self.audit.table_name, "Table of every event of every order")
        self.add_output("AuditQueueUrl", queue.queue_url, "Events that wait for the audit")
        self.add_output("AuditDeadLettersUrl", dead_letters.queue_url, "Events that could not be audited")

    def _record_mail_feedback(
        self, settings: StageSettings, functions: PythonFunctions, orders: Table
    ) -> None:
        """Record bounces and complaints on their orders."""
        dead_letters = DeadLetterQueue(self, "MailFeedbackDeadLetters", settings)
        queue = EventQueue(
            self,
            "MailFeedback",
            settings,
            consumer="record_mail_feedback",
            max_receive_count=5,
            dead_letters=dead_letters,
        )
        queue.collect(
            "MailFeedbackRule",
            mail_feedback(settings),
            description="Bounces and complaints that SES reports",
            message=feedback_message(),
        )
        queue.deliver_to(functions.add("record_mail_feedback", orders.update()))

        self.add_output("MailFeedbackQueueUrl", queue.queue_url, "Bounces and complaints to be recorded")
        self.add_output(
            "MailFeedbackDeadLettersUrl",
            dead_letters.queue_url,
            "Bounces and complaints that could not be recorded",
        )
