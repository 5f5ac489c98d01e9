"""Log groups: their common properties."""

from collections.abc import Sequence

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
        indexed_fields: Sequence[str] = (),
    ) -> None:
        """Add a log group to a stack.

        Args:
            scope: The stack.
            construct_id: Its id in the stack.
            settings: The stage.
            name: Its name.
            retention: How long its entries are kept; None for the stage's time.
            indexed_fields: Fields of its entries by which CloudWatch finds them without a scan of the others
                (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Field-Indexing.html).
        """
        super().__init__(
            scope,
            construct_id,
            log_group_name=name,
            retention=retention or settings.log_retention,
            field_index_policies=(
                [logs.FieldIndexPolicy(fields=list(indexed_fields))] if indexed_fields else None
            ),
            removal_policy=(
                RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.keep_data else RemovalPolicy.DESTROY
            ),
        )
