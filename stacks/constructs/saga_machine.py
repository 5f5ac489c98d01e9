"""The state machine of the saga, and the grants for it."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.grant import Grant, allow
from stacks.constructs.rollout import CANARY_PERCENT, LIVE, SAGA_ALARMS
from stacks.constructs.state_machine import StateMachine, arn_by_name
from stacks.names import alarm_of
from stacks.settings import StageSettings
from statemachines.definition import Definition


class SagaMachine(StateMachine):
    """The state machine of the saga. Executions start through an alias, which moves to each new version."""

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        definition: Definition,
        functions: Sequence[lambda_.Function],
    ) -> None:
        name = _name(settings)
        super().__init__(
            scope,
            "Saga",
            settings,
            name=name,
            definition=definition,
            functions=functions,
            pinned=not settings.embedded,
        )
        self._settings = settings
        self._started_arn = self.state_machine_arn if settings.embedded else self._add_alias().ref

    def _add_alias(self) -> sfn.CfnStateMachineAlias:
        """Add the alias and the version that it moves to.

        A changed definition is a new revision. Its new version replaces the previous one, which is kept
        (https://github.com/aws/aws-cdk/issues/26441, https://github.com/aws/aws-cdk/issues/27250).
        """
        version = sfn.CfnStateMachineVersion(
            self,
            "Version",
            state_machine_arn=self.state_machine_arn,
            state_machine_revision_id=self.state_machine_revision_id,
        )
        version.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        canary = {
            "type": "CANARY",
            "percentage": CANARY_PERCENT,
            "interval": self._settings.canary_minutes,
            "alarms": [alarm_of(self._settings.stage, alarm) for alarm in SAGA_ALARMS],
        }
        return sfn.CfnStateMachineAlias(
            self,
            "Live",
            name=LIVE,
            # Nested properties are written as in CloudFormation, but begin with a small letter.
            deployment_preference={
                "stateMachineVersionArn": version.attr_arn,
                **(canary if self._settings.canary_minutes else {"type": "ALL_AT_ONCE"}),
            },
        )

    def start(self) -> Grant:
        """Start an execution, through the alias.

        The permission is for the machine: Step Functions checks it for an alias, too
        (https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html, November 2026).
        """
        return Grant(
            {"STATE_MACHINE_ARN": self._started_arn},
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
            {"STATE_MACHINE_ARN": self._started_arn},
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
