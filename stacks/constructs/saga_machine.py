"""The state machine of the saga, and the grants for it."""

from collections.abc import Sequence

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.grant import Grant, allow
from stacks.constructs.state_machine import StateMachine, arn_by_name
from stacks.settings import StageSettings
from statemachines.definition import Definition


class SagaMachine(StateMachine):
    """The state machine of the saga."""

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        definition: Definition,
        functions: Sequence[lambda_.Function],
    ) -> None:
        name = _name(settings)
        super().__init__(scope, "Saga", settings, name=name, definition=definition, functions=functions)
        self._settings = settings

    def start(self) -> Grant:
        """Start an execution."""
        return Grant(
            {"STATE_MACHINE_ARN": self.state_machine_arn},
            [allow(self.state_machine_arn, "states:StartExecution")],
        )

    def see_executions(self) -> Grant:
        """Describe an execution."""
        return self._executions("states:DescribeExecution")

    def read_histories(self) -> Grant:
        """Read the history of an execution."""
        return self._executions("states:GetExecutionHistory")

    def _executions(self, action: str) -> Grant:
        executions = f"{arn_by_name(self, _name(self._settings), 'execution')}:*"
        # The resource, as the rule pack spells it.
        region, account = (
            self._settings.region or "<AWS::Region>",
            self._settings.account or "<AWS::AccountId>",
        )
        finding = f"arn:<AWS::Partition>:states:{region}:{account}:execution:{_name(self._settings)}:*"
        return Grant(
            {"STATE_MACHINE_ARN": self.state_machine_arn},
            [allow(executions, action)],
            {f"AwsSolutions-IAM5[Resource::{finding}]": "The wildcard matches executions of the saga only."},
        )

    def wake(self) -> Grant:
        """Resume an execution that waits with a task token; see `wake_saga`."""
        return wake_saga(self, self._settings)


def wake_saga(scope: Construct, settings: StageSettings) -> Grant:
    """Resume an execution of the saga that waits with a task token; functions that the saga calls need it."""
    actions = ("states:SendTaskSuccess", "states:SendTaskFailure")
    if settings.embedded:
        return Grant(
            permissions=[allow("*", *actions)],
            accepted={
                "AwsSolutions-IAM5[Resource::*]": "The embedded AWS does not know which machine a task token"
                " belongs to, and it runs no other machine with task tokens."
            },
        )
    return Grant(permissions=[allow(arn_by_name(scope, _name(settings)), *actions)])


def _name(settings: StageSettings) -> str:
    return f"orders-{settings.stage}-saga"
