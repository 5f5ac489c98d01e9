"""Stacks: their common properties."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.names import stack_of
from stacks.settings import StageSettings
from stacks.version import app_version


class StageStack(cdk.Stack):
    """A stack of one stage, with its name, tags, publishing and protection from deletion.

    In a cloud stage, its references to other stacks are weak (`cdk.json`). CloudFormation forbids to remove
    an output that another stack imports, so a strong reference would block the renaming of a queue with
    an alarm.

    Attributes:
        functions: The functions that were added to it with `PythonFunctions`.
        function_logs: Names of their log groups.
        event_queues: The queues between an event bus and a function.
        dead_letter_queues: The queues that should be empty.
    """

    def __init__(self, scope: Construct, name: str, settings: StageSettings, *, description: str) -> None:
        super().__init__(
            scope,
            stack_of(settings.stage, name),
            description=description,
            tags=_tags(settings),
            # Without them, a deployment takes those of its caller. Synthesis needs no credentials either way.
            env=cdk.Environment(account=settings.account, region=settings.region),
            synthesizer=cdk.CliCredentialsStackSynthesizer() if settings.embedded else None,
            termination_protection=settings.keep_data,
        )
        self.functions: list[lambda_.Function] = []
        self.function_logs: list[str] = []
        self.event_queues: list[sqs.Queue] = []
        self.dead_letter_queues: list[sqs.Queue] = []
        if settings.embedded:
            # The embedded AWS does not know `Fn::GetStackOutput`.
            cdk.CrossStackReferences.of(self).consume(cdk.ReferenceStrength.STRONG)
        else:
            # CloudFormation gives the stack's tags to its resources, except to global tables.
            for key, value in _tags(settings).items():
                cdk.Tags.of(self).add(key, value)
        self.add_output("Version", app_version(), "Version of the app that the stack was deployed from")

    def add_output(self, name: str, value: str, description: str) -> None:
        """Add an output for people and scripts: a value that is known only after deployment."""
        cdk.CfnOutput(self, name, value=value, description=description)


def _tags(settings: StageSettings) -> dict[str, str]:
    return {"service": SERVICE, "stage": settings.stage}
