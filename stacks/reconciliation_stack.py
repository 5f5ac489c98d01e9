"""The reconciliation: orders, payments and stock are compared on a schedule."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.python_function import PythonFunction, PythonFunctions, allow
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.state_machine import StateMachine
from stacks.data_stack import DataStack
from stacks.order_stack import OrderStack, stripe_environment
from stacks.settings import Settings
from statemachines.definition import read_definition

FINDINGS = {
    "stuck_order": "An order is not at rest, and no execution changes that",
    "customer_not_notified": "An order has ended, and its customer could not be told",
    "money_without_order": "Stripe holds money that belongs to no order",
    "order_without_money": "An order is confirmed without its money",
    "amount_differs": "An order was paid with another amount, or in another currency, than it costs",
    "second_payment": "Stripe holds the money of a second payment of an order",
    "money_of_closed_order": "Stripe holds the money of a closed order",
    "stock_differs": "A product counts other units for a day than its orders hold",
    "negative_stock": "More units of a product are sold than there were",
}
"""What the reconciliation can find, by the metric's dimension, in words for who is woken by it."""


_EXECUTIONS = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:orders-{stage}-saga:*"
"""The saga's executions, as findings name them."""


class ReconciliationStack(StageStack):
    """The state machine of the reconciliation, its functions and its schedule.

    Attributes:
        machine: the reconciliation.
    """

    def __init__(self, scope: Construct, settings: Settings, *, data: DataStack, saga: OrderStack) -> None:
        super().__init__(scope, "reconciliation", settings, description="Orders: the reconciliation")
        self.machine = StateMachine(
            self,
            "Reconciliation",
            settings,
            name=f"orders-{settings.stage}-reconciliation",
            definition=read_definition("reconciliation"),
            functions=self._parts(settings, PythonFunctions(self, settings), data, saga),
        )
        events.Rule(
            self,
            "ReconciliationSchedule",
            description="Starts the reconciliation",
            schedule=events.Schedule.rate(Duration.minutes(settings.reconciliation_minutes)),
            # Without more tries: a run that is not started is late, which is an alarm, and the next one
            # does its work, too.
            targets=[targets.SfnStateMachine(self.machine, retry_attempts=0)],
        )
        self.add_output(
            "ReconciliationArn", self.machine.state_machine_arn, "Compares orders, payments and stock"
        )

    def _parts(
        self, settings: Settings, functions: PythonFunctions, data: DataStack, saga: OrderStack
    ) -> list[PythonFunction]:
        orders = {"ORDERS_TABLE": data.orders.table_name}
        stale_after = {"STALE_AFTER_SECONDS": str(settings.stale_after_seconds)}
        machine = {"STATE_MACHINE_ARN": saga.machine.state_machine_arn}

        start_saga = allow(saga.machine.state_machine_arn, "states:StartExecution")
        executions = f"{saga.machine_arn.replace(':stateMachine:', ':execution:')}:*"
        see_executions = allow(executions, "states:DescribeExecution")
        read_orders = allow(data.orders.table_arn, "dynamodb:BatchGetItem")
        list_days = allow(f"{data.orders.table_arn}/index/by_day", "dynamodb:Query")

        reconcile_orders = functions.add(
            "reconcile_orders",
            orders | stale_after | machine,
            read_orders,
            allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem"),
            allow(f"{data.orders.table_arn}/index/unsettled", "dynamodb:Query"),
            start_saga,
            see_executions,
        )
        reconcile_payments = functions.add(
            "reconcile_payments",
            orders | stale_after | machine | stripe_environment(settings, data),
            read_orders,
            allow(data.orders.table_arn, "dynamodb:GetItem"),
            list_days,
            start_saga,
            see_executions,
            allow(data.stripe_secret_arn, "secretsmanager:GetSecretValue"),
        )
        reconcile_stock = functions.add(
            "reconcile_stock",
            orders | {"INVENTORY_TABLE": data.inventory.table_name},
            read_orders,
            list_days,
            allow(data.inventory.table_arn, "dynamodb:Scan", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"),
        )
        for function in (reconcile_orders, reconcile_payments):
            accept(
                function.execution_role,
                f"AwsSolutions-IAM5[Resource::{_EXECUTIONS.format(stage=settings.stage)}]",
                "Executions have names of their own: these are all of the saga, and of nothing else.",
            )
        return [reconcile_orders, reconcile_payments, reconcile_stock]
