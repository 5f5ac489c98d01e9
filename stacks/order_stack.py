"""The saga: its steps, the state machine that calls them, and what starts it."""

from aws_cdk import Annotations, ArnFormat, Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.order_stream import follow_orders
from stacks.constructs.python_function import PythonFunction, PythonFunctions, allow
from stacks.constructs.queue import DeadLetterQueue, Queue
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.state_machine import StateMachine
from stacks.data_stack import DataStack
from stacks.settings import DEFAULT_SENDER, Settings, function_timeout_seconds
from statemachines.definition import Definition, read_definition

DO_ONCE = ("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem")
WAKE_SAGA = ("states:SendTaskSuccess", "states:SendTaskFailure")


def _definition(settings: Settings) -> Definition:
    """The saga, with the stage's deadline for a payment."""
    definition = read_definition("order_saga")
    definition["States"]["AwaitPayment"]["TimeoutSeconds"] = settings.payment_deadline_seconds
    return definition


def stripe_environment(settings: Settings, data: DataStack) -> dict[str, str]:
    """What a function needs to call Stripe."""
    stand_in = {"STRIPE_API_BASE": settings.stripe_api_base} if settings.stripe_api_base else {}
    return {"STRIPE_SECRET_ID": data.stripe_secret_arn, **stand_in}


def wake_saga_statement(settings: Settings, machine_arn: str) -> iam.PolicyStatement:
    """Let a function answer for a task of the saga that waits."""
    # The embedded AWS sees in a task token no machine that it belongs to.
    return allow("*" if settings.embedded else machine_arn, *WAKE_SAGA)


def accept_wake_saga(settings: Settings, function: PythonFunction) -> None:
    """Say why a function of the embedded run may do so on all machines."""
    if settings.embedded:
        accept(
            function.execution_role,
            "AwsSolutions-IAM5[Resource::*]",
            "The embedded AWS does not see which machine a task token belongs to, and has no other machine.",
        )


class OrderStack(StageStack):
    """The state machine and its functions.

    Attributes:
        machine: the saga.
        machine_arn: its ARN.
        stream_functions: the functions that must keep up with the orders table.
        dead_letter_queues: the queues that should be empty.
    """

    def __init__(self, scope: Construct, settings: Settings, *, data: DataStack) -> None:
        super().__init__(scope, "saga", settings, description="Orders: the saga")
        functions = PythonFunctions(self, settings)

        # By name: the machine needs the function that wakes it, and the function the machine.
        machine_name = f"orders-{settings.stage}-saga"
        self.machine_arn = self.format_arn(
            service="states",
            resource="stateMachine",
            resource_name=machine_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        self.machine = StateMachine(
            self,
            "Saga",
            settings,
            name=machine_name,
            definition=_definition(settings),
            functions=self._steps(settings, functions, data),
        )

        start_saga = functions.add(
            "start_saga",
            {"STATE_MACHINE_ARN": self.machine.state_machine_arn},
            allow(self.machine.state_machine_arn, "states:StartExecution"),
        )
        unstarted_orders = DeadLetterQueue(self, "UnstartedOrders", settings)
        follow_orders(
            start_saga,
            data.orders,
            settings=settings,
            patterns=[
                {"eventName": ["INSERT"]},
                # With every later change of such an order, too: the function sees what was asked for when.
                {"dynamodb": {"NewImage": {"cancel_requested_by": {"S": [{"exists": True}]}}}},
                {"dynamodb": {"NewImage": {"retry_requested_at": {"S": [{"exists": True}]}}}},
            ],
            parked_in=unstarted_orders,
            # An accepted order is never given up, and none of these can be wrong in itself.
            record_age=Duration.days(1),
        )

        unrecovered_executions = self._recovery(settings, functions, data)

        if settings.sender_email == DEFAULT_SENDER and not settings.embedded:
            Annotations.of(self).add_warning_v2(
                "orders:sender_email",
                f"Customers will not be told about their orders: SES sends no mail from {DEFAULT_SENDER}. "
                "Deploy with `-c sender_email=ADDRESS`, one that SES has verified.",
            )

        self.stream_functions = [start_saga]
        self.dead_letter_queues = [unstarted_orders, unrecovered_executions]

        self.add_output("StateMachineArn", self.machine.state_machine_arn, "The saga")
        self.add_output("UnstartedOrdersQueueUrl", unstarted_orders.queue_url, "Orders without a saga")

    def _steps(self, settings: Settings, functions: PythonFunctions, data: DataStack) -> list[PythonFunction]:
        """Add the functions that the machine calls."""
        orders = {"ORDERS_TABLE": data.orders.table_name}
        inventory = {"INVENTORY_TABLE": data.inventory.table_name}
        idempotency = {"IDEMPOTENCY_TABLE": data.idempotency.table_name}
        stripe = stripe_environment(settings, data)
        sender = {"SENDER_EMAIL": settings.sender_email}

        change_order = allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem")
        read_catalogue = allow(data.inventory.table_arn, "dynamodb:BatchGetItem")
        change_stock = allow(data.inventory.table_arn, "dynamodb:UpdateItem")
        read_key = allow(data.stripe_secret_arn, "secretsmanager:GetSecretValue")
        do_once = allow(data.idempotency.table_arn, *DO_ONCE)

        wake_saga = wake_saga_statement(settings, self.machine_arn)

        send_mail = iam.PolicyStatement(actions=["ses:SendEmail"], resources=["*"])
        if not settings.embedded:  # which knows no sender when it decides
            send_mail.add_condition("StringEquals", {"ses:FromAddress": settings.sender_email})

        notify_customer = functions.add(
            "notify_customer", orders | idempotency | sender, change_order, do_once, send_mail
        )
        accept(
            notify_customer.execution_role,
            "AwsSolutions-IAM5[Resource::*]",
            "SES asks for permission on recipients' identities, too: the sender's address is what limits it.",
        )
        await_payment = functions.add("await_payment", orders | stripe, change_order, read_key, wake_saga)
        accept_wake_saga(settings, await_payment)
        return [
            functions.add("validate_order", orders | inventory, change_order, read_catalogue),
            functions.add("charge_payment", orders | stripe, change_order, read_key),
            await_payment,
            functions.add("reserve_inventory", orders | inventory, change_order, change_stock),
            notify_customer,
            functions.add("release_inventory", orders | inventory, change_order, change_stock),
            functions.add("refund_payment", orders | stripe, change_order, read_key),
            functions.add("close_order", orders, change_order),
            functions.add("flag_for_operator", orders, change_order),
        ]

    def _recovery(self, settings: Settings, functions: PythonFunctions, data: DataStack) -> DeadLetterQueue:
        """Run the saga once more for orders whose execution ended without the saga's word.

        Returns:
            The queue of executions that could not be recovered.
        """
        unrecovered = DeadLetterQueue(self, "UnrecoveredExecutions", settings)
        queue = Queue(
            self,
            "EndedExecutions",
            settings,
            # AWS asks for six times the consumer's timeout, so that a throttled batch is not seen twice.
            visibility_timeout=Duration.seconds(6 * function_timeout_seconds("recover_order")),
            # A message is received once for its pause, and then as often as Step Functions is not there.
            dead_letter_queue=sqs.DeadLetterQueue(queue=unrecovered, max_receive_count=20),
        )
        events.Rule(
            self,
            "EndedExecutionsRule",
            description="Executions of the saga that were stopped, took too long, or broke",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [self.machine.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            targets=[targets.SqsQueue(queue, dead_letter_queue=unrecovered)],
        )
        recover_order = functions.add(
            "recover_order",
            {
                "ORDERS_TABLE": data.orders.table_name,
                "STATE_MACHINE_ARN": self.machine.state_machine_arn,
                "ENDED_EXECUTIONS_QUEUE_URL": queue.queue_url,
                "RECOVERY_PAUSES_SECONDS": ",".join(map(str, settings.recovery_pauses_seconds)),
            },
            allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem"),
            allow(self.machine.state_machine_arn, "states:StartExecution"),
        )
        recover_order.add_event_source(sources.SqsEventSource(queue, report_batch_item_failures=True))
        self.add_output("EndedExecutionsQueueUrl", queue.queue_url, "Executions that wait for their recovery")
        self.add_output("UnrecoveredQueueUrl", unrecovered.queue_url, "Executions that were not recovered")
        return unrecovered
