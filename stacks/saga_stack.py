"""The saga: its steps, the state machine that calls them, and the function that starts it."""

from aws_cdk import Annotations, Duration
from constructs import Construct

from stacks.constructs.grant import Grant
from stacks.constructs.mail import MailConfiguration, send_mail
from stacks.constructs.order_stream import follow_orders
from stacks.constructs.python_function import PythonFunction, PythonFunctions
from stacks.constructs.queue import DeadLetterQueue
from stacks.constructs.saga_machine import SagaMachine, wake_saga
from stacks.constructs.secret import Secret
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table
from stacks.settings import DEFAULT_SENDER, StageSettings
from stacks.stream_patterns import STREAM_PATTERNS
from statemachines.definition import Definition, read_definition
from statemachines.steps import STEP_FUNCTIONS


class SagaStack(StageStack):
    """The state machine and its functions.

    Attributes:
        machine: The saga.
        stream_functions: Functions that follow the stream of the orders table.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        orders: Table,
        inventory: Table,
        idempotency: Table,
        stripe_key: Secret,
    ) -> None:
        super().__init__(scope, "saga", settings, description="Orders: the saga")
        functions = PythonFunctions(self, settings)
        MailConfiguration(self, settings)
        # Each step may change the record of its order. These steps need more.
        more: dict[str, list[Grant]] = {
            "validate_order": [
                inventory.read_many(),
                orders.list_by("by_customer"),
                Grant({"ORDERS_PER_CUSTOMER_HOUR": str(settings.orders_per_customer_hour)}),
            ],
            "charge_payment": [
                stripe_key.read(),
                inventory.read_many(),
                idempotency.update(),
                Grant({"CHARGE_RATE": str(settings.charge_rate)}),
            ],
            "await_payment": [stripe_key.read(), wake_saga(self, settings)],
            "expire_payment": [stripe_key.read()],
            "reserve_inventory": [inventory.update()],
            "notify_customer": [idempotency.do_once(), send_mail(settings)],
            "capture_payment": [stripe_key.read()],
            "refund_lines": [stripe_key.read()],
            "restock_lines": [inventory.update()],
            "release_inventory": [inventory.update()],
            "refund_payment": [stripe_key.read()],
        }
        steps = [functions.add(step, orders.change(), *more.get(step, [])) for step in STEP_FUNCTIONS]
        self.machine = SagaMachine(self, settings, definition=_definition(settings), functions=steps)
        unstarted_orders = DeadLetterQueue(self, "UnstartedOrders", settings)
        start_saga = self._start_saga(settings, functions, orders, unstarted_orders)
        self.stream_functions = [start_saga]

        if settings.sender_email == DEFAULT_SENDER and not settings.embedded:
            Annotations.of(self).add_warning_v2(
                "orders:sender_email",
                f"Customers will get no mail about their orders: SES sends no mail from {DEFAULT_SENDER}. "
                f"Write `sender_email`, an address that SES has verified, in `stages/{settings.stage}.toml`.",
            )
        self.add_output("StateMachineArn", self.machine.state_machine_arn, "State machine of the saga")

    def _start_saga(
        self, settings: StageSettings, functions: PythonFunctions, orders: Table, parked_in: DeadLetterQueue
    ) -> PythonFunction:
        """Start the saga for new orders, and again for each request to cancel or retry one."""
        function = functions.add("start_saga", self.machine.start())
        follow_orders(
            function,
            orders,
            settings=settings,
            patterns=STREAM_PATTERNS["start_saga"],
            parked_in=parked_in,
            # As long as the stream keeps a change: an accepted order is never given up.
            record_age=Duration.days(1),
        )
        return function


def _definition(settings: StageSettings) -> Definition:
    """The saga, with the stage's deadline for a payment."""
    definition = read_definition("order_saga")
    definition["States"]["AwaitPayment"]["TimeoutSeconds"] = settings.payment_deadline_seconds
    return definition
