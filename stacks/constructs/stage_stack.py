"""What all stacks have in common, once."""

import aws_cdk as cdk
from constructs import Construct

from stacks.settings import Settings


class StageStack(cdk.Stack):
    """A stack of one stage: how it is named, tagged, published and protected."""

    def __init__(self, scope: Construct, name: str, settings: Settings, *, description: str) -> None:
        super().__init__(
            scope,
            f"orders-{settings.stage}-{name}",
            description=description,
            tags={"service": "orders", "stage": settings.stage},
            # Without an account or a region: a synth needs neither, a deployment takes its caller's.
            synthesizer=cdk.CliCredentialsStackSynthesizer() if settings.embedded else None,
            termination_protection=settings.keep_data,
        )

    def add_output(self, name: str, value: str, description: str) -> None:
        """Tell people and scripts a value that only the deployment knows."""
        cdk.CfnOutput(self, name, value=value, description=description)
