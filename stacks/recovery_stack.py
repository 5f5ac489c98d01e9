"""The recovery of orders whose execution ended unexpectedly, and the reconciliation."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from lambdas.domain.vocabulary import ReconciliationScope
from stacks.constructs.grant import Grant, allow
from stacks.constructs.python_function import PythonFunctions
from stacks.constructs.queue import DeadLetterQueue, EventQueue
from stacks.constructs.saga_machine import SagaMachine
from stacks.constructs.secret import Secret
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.state_machine import StateMachine, arn_by_name
from stacks.constructs.table import Table
from stacks.settings import StageSettings
from statemachines.definition import read_definition


class RecoveryStack(StageStack):
    """The recovery of orders, and the reconciliation with its schedule.

    Attributes:
        reconciliation: The state machine of the reconciliation.
        reconcile_stock: The last function that a full reconciliation calls.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        orders: Table,
        inventory: Table,
        stripe_key: Secret,
        saga: SagaMachine,
    ) -> None:
        super().__init__(scope, "recovery", settings, description="Orders: recovery and reconciliation")
        functions = PythonFunctions(self, settings)
        self._recover_orders(settings, functions, orders, saga)

        name = f"orders-{settings.stage}-reconciliation"
        stale_after = Grant({"STALE_AFTER_SECONDS": str(settings.stale_after_seconds)})
        self.reconcile_stock = functions.add(
            "reconcile_stock",
            orders.find_by("by_day"),
            *(inventory.read_all(), inventory.read_many(), inventory.update()),
        )
        self.reconciliation = StateMachine(
            self,
            "Reconciliation",
            settings,
            name=name,
            definition=read_definition("reconciliation"),
            functions=[
                functions.add(
                    "take_turn", Grant(permissions=[allow(arn_by_name(self, name), "states:ListExecutions")])
                ),
                functions.add(
                    "reconcile_orders",
                    *(orders.change(), orders.find_by("unsettled"), stale_after),
                    *(saga.start(), saga.see_executions()),
                ),
                functions.add(
                    "reconcile_payments",
                    *(orders.change(), orders.find_by("by_day", "uncaptured"), stale_after),
                    stripe_key.read(),
                    *(saga.start(), saga.see_executions()),
                ),
                self.reconcile_stock,
            ],
        )
        self._start(
            "ReconciliationSchedule",
            events.Schedule.rate(Duration.minutes(settings.reconciliation_minutes)),
            ReconciliationScope.RECENT,
            retries=0,  # the next run does the work of a missed one, and an alarm reports the delay
        )
        self._start(
            "NightlyReconciliationSchedule",
            events.Schedule.cron(minute="0", hour="3"),
            ReconciliationScope.FULL,
            retries=20,
        )
        self.add_output(
            "ReconciliationArn",
            self.reconciliation.state_machine_arn,
            "State machine that compares orders, payments and stock",
        )

    def _start(
        self, construct_id: str, schedule: events.Schedule, scope: ReconciliationScope, *, retries: int
    ) -> None:
        """Start the reconciliation on a schedule."""
        target = targets.SfnStateMachine(
            self.reconciliation,
            input=events.RuleTargetInput.from_object({"scope": scope.value}),
            retry_attempts=retries,
        )
        events.Rule(
            self,
            construct_id,
            description=f"Starts the reconciliation, scope {scope}",
            schedule=schedule,
            targets=[target],
        )

    def _recover_orders(
        self, settings: StageSettings, functions: PythonFunctions, orders: Table, saga: SagaMachine
    ) -> None:
        """Run the saga again for orders whose execution was stopped, timed out or failed unexpectedly."""
        unrecovered = DeadLetterQueue(self, "UnrecoveredExecutions", settings)
        queue = EventQueue(
            self,
            "EndedExecutions",
            settings,
            consumer="recover_order",
            # One receive is for the pause before the recovery; the others last through an outage of Step
            # Functions.
            max_receive_count=20,
            dead_letters=unrecovered,
        )
        queue.collect(
            "EndedExecutionsRule",
            events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={
                    "stateMachineArn": [saga.state_machine_arn],
                    "status": ["FAILED", "TIMED_OUT", "ABORTED"],
                },
            ),
            description="Executions of the saga that were stopped, timed out or failed",
        )
        recover_order = functions.add(
            "recover_order",
            orders.change(),
            saga.start(),
            Grant(
                {
                    # The function postpones messages of this queue; the event source grants the permission.
                    "ENDED_EXECUTIONS_QUEUE_URL": queue.queue_url,
                    "RECOVERY_PAUSES_SECONDS": ",".join(map(str, settings.recovery_pauses_seconds)),
                }
            ),
        )
        queue.deliver_to(recover_order)
