"""What all log groups have in common, once."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import Settings


class LogGroup(logs.LogGroup):
    """A log group that lives as long as what writes to it; what is in it lives as long as the stage says."""

    def __init__(self, scope: Construct, construct_id: str, settings: Settings, *, name: str) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=settings.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
