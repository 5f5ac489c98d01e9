"""Stacks: their common properties."""

import aws_cdk as cdk
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.settings import StageSettings


class StageStack(cdk.Stack):
    """A stack of one stage, with its name, tags, publishing and protection from deletion."""

    def __init__(self, scope: Construct, name: str, settings: StageSettings, *, description: str) -> None:
        super().__init__(
            scope,
            f"orders-{settings.stage}-{name}",
            description=description,
            tags={"service": SERVICE, "stage": settings.stage},
            # Without them, a deployment takes those of its caller. Synthesis needs no credentials either way.
            env=cdk.Environment(account=settings.account, region=settings.region),
            synthesizer=cdk.CliCredentialsStackSynthesizer() if settings.embedded else None,
            termination_protection=settings.keep_data,
        )

    def add_output(self, name: str, value: str, description: str) -> None:
        """Add an output for people and scripts: a value that is known only after deployment."""
        cdk.CfnOutput(self, name, value=value, description=description)
