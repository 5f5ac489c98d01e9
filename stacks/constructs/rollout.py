"""Gradual rollout: a new version gets a tenth of the calls first, and an alarm takes it back.

The CloudFormation of the embedded AWS knows neither CodeDeploy nor versions of state machines. There, all is
replaced at once.
"""

from typing import Final

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.grant import allow
from stacks.names import alarm_of
from stacks.settings import StageSettings

LIVE: Final = "live"
"""The alias that all callers use."""

CANARY_PERCENT: Final = 10
"""The share of the calls that a new version gets first."""

# Not the alarm on webhooks without a valid signature: anybody could send some and stop a deployment.
API_ALARMS: Final = ("ApiServerErrors",)
"""Alarms that take back a new version of a function of the API."""

SAGA_ALARMS: Final = ("ExecutionsFailed", "OrdersNeedAttention", "OrdersFailedInternally")
"""Alarms that take back a new version of the saga."""


class FunctionRollout:
    """Moves callers to new versions of functions."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        self._scope = scope
        self._settings = settings
        self._role: iam.IRole | None = None
        if settings.canary_minutes:
            self._role = _code_deploy_role(scope, settings)
            self._application = codedeploy.LambdaApplication(
                scope, "Rollout", application_name=f"orders-{settings.stage}"
            )
            self._canary = codedeploy.LambdaDeploymentConfig(
                scope,
                "Canary",
                traffic_routing=codedeploy.TimeBasedCanaryTrafficRouting(
                    interval=Duration.minutes(settings.canary_minutes), percentage=CANARY_PERCENT
                ),
            )
            self._alarms = [
                cloudwatch.Alarm.from_alarm_name(scope, alarm, alarm_of(settings.stage, alarm))
                for alarm in API_ALARMS
            ]

    def live(self, function: lambda_.Function) -> lambda_.IFunction:
        """What callers call: the function's alias, which moves to each new version."""
        if self._settings.embedded:
            return function
        alias = function.add_alias(LIVE)
        if self._role:
            codedeploy.LambdaDeploymentGroup(
                self._scope,
                f"{function.node.id}Rollout",
                application=self._application,
                deployment_group_name=function.node.id,
                alias=alias,
                deployment_config=self._canary,
                alarms=self._alarms,
                role=self._role,
            )
        return alias


def _code_deploy_role(scope: Construct, settings: StageSettings) -> iam.IRole:
    """Add the role that moves the aliases of this stage's functions and reads the alarms.

    AWS's managed policy, which the CDK would attach, permits it for all functions of the account. The actions
    are those of
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html.
    """
    functions = Stack.of(scope).format_arn(
        service="lambda",
        resource="function",
        resource_name=f"orders-{settings.stage}-*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    role = iam.Role(
        scope,
        "RolloutRole",
        assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
        inline_policies={
            "Rollout": iam.PolicyDocument(
                statements=[
                    allow(
                        functions,
                        "lambda:GetAlias",
                        "lambda:UpdateAlias",
                        "lambda:GetProvisionedConcurrencyConfig",
                    ),
                    allow("*", "cloudwatch:DescribeAlarms"),
                ]
            )
        },
    )
    region, account = settings.region or "<AWS::Region>", settings.account or "<AWS::AccountId>"
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:{region}:{account}"
        f":function:orders-{settings.stage}-*]",
        "The wildcard matches the functions of this stage only, with their versions and aliases.",
    )
    accept(role, "AwsSolutions-IAM5[Resource::*]", "CodeDeploy asks for several alarms in one call.")
    return role.without_policy_updates()
