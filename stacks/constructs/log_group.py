"""Log groups: their common properties."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import StageSettings


class LogGroup(logs.LogGroup):
    """A log group that is deleted with its stack; its entries expire after the stage's retention time."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: StageSettings,
        *,
        name: str,
        retention: logs.RetentionDays | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=retention or settings.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
