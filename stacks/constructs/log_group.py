"""Log groups: their common properties."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import StageSettings


class LogGroup(logs.LogGroup):
    """A log group, whose entries expire after the stage's retention time.

    Where data is kept, it outlives its stack. A first deployment that fails still removes it, because its
    name would block the next one.
    """

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
            removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.keep_data else RemovalPolicy.DESTROY
            ),
        )
