"""What all state machines have in common."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import ArnFormat, CfnElement, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.settings import StageSettings
from statemachines.definition import Definition


class StateMachine(sfn.StateMachine):
    """A state machine that is traced and logged, and may call its own functions only.

    The ARNs of its functions replace the definition's placeholders, such as `${ValidateOrderArn}`. With
    `pinned`, they are those of the functions' versions: an execution keeps its definition, and so its code.
    With an alias in the definition, executions under way would change their code
    (https://github.com/aws/aws-cdk/issues/17515).

    Attributes:
        log_name: Name of its log group.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: StageSettings,
        *,
        name: str,
        definition: Definition,
        functions: Sequence[lambda_.Function],
        pinned: bool = False,
    ) -> None:
        # The prefix that AWS reserves for such logs. Other names need entries in a policy of limited size.
        log_name = f"/aws/vendedlogs/states/{name}"
        log_group = LogGroup(scope, f"{construct_id}Logs", settings, name=log_name)
        super().__init__(
            scope,
            construct_id,
            state_machine_name=name,
            definition_body=sfn.DefinitionBody.from_string(""),  # replaced below
            definition_substitutions={
                f"{each.node.id}Arn": (each.current_version if pinned else each).function_arn
                for each in functions
            },
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=False,  # it may contain personal data
            ),
        )
        self.log_name = log_name
        # The CDK's construct deploys the definition as text. `cdk diff` prints all of a changed text, but
        # of an object only the changed lines.
        resource = cast("sfn.CfnStateMachine", self.node.default_child)
        resource.definition_string, resource.definition = None, definition
        # A permission for the newest version alone would break executions that began with an earlier one.
        called = [each.function_arn for each in functions]
        versions = [f"{arn}:*" for arn in called] if pinned else []
        self.add_to_role_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=called + versions)
        )
        for each in functions if pinned else ():
            logical_id = Stack.of(self).get_logical_id(cast("CfnElement", each.node.default_child))
            accept(
                self,
                f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>:*]",
                "Executions call the version of the function with which they began.",
            )
        accept(
            self,
            "AwsSolutions-IAM5[Resource::*]",
            "Log delivery and X-Ray support no resource-level permissions, so their actions need `*`.",
        )


def arn_by_name(scope: Construct, name: str, resource: str = "stateMachine") -> str:
    """The ARN of a machine, or of its executions, by the machine's name.

    A permission of a function that the machine calls names the machine instead of referring to it: references
    in both directions would be circular.
    """
    return Stack.of(scope).format_arn(
        service="states", resource=resource, resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
