"""What all state machines have in common, once."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.settings import Settings


class StateMachine(sfn.StateMachine):
    """A state machine that is traced and logged, and calls its own functions and no others."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        *,
        name: str,
        definition: str,
        functions: Mapping[str, lambda_.Function],
    ) -> None:
        """Add the machine to a stack.

        Args:
            scope: the stack.
            construct_id: its name there.
            settings: the stage.
            name: its own name.
            definition: the text of its file in `statemachines/`.
            functions: what it calls, by the definition's placeholders.
        """
        # Under this prefix the account's policy for log delivery can't outgrow its limit.
        log_group = LogGroup(scope, f"{construct_id}Logs", settings, name=f"/aws/vendedlogs/states/{name}")
        super().__init__(
            scope,
            construct_id,
            state_machine_name=name,
            # Readable text: in the console as it is, and `cdk diff` shows what changed in it.
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions={key: function.function_arn for key, function in functions.items()},
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group,
                level=sfn.LogLevel.ALL,
                include_execution_data=False,  # it may name people
            ),
        )
        # Not by `grant_invoke`, which permits all versions and aliases of a function, too.
        self.add_to_role_policy(
            iam.PolicyStatement(
                actions=["lambda:InvokeFunction"],
                resources=[function.function_arn for function in functions.values()],
            )
        )
        accept(
            self,
            "AwsSolutions-IAM5[Resource::*]",
            "The actions for log delivery and X-Ray know no resources, so a machine needs them on all.",
        )
