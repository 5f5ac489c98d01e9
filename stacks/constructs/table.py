"""What all tables have in common, once."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.settings import Settings


class Table(dynamodb.TableV2):
    """A table that is paid by use, encrypted, restorable to any second of 35 days, kept where it matters."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        *,
        partition_key: str,
        sort_key: str | None = None,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
        stream: dynamodb.StreamViewType | None = None,
        time_to_live: str | None = None,
    ) -> None:
        """Add the table to a stack; its keys are text."""
        super().__init__(
            scope,
            construct_id,
            partition_key=text(partition_key),
            sort_key=text(sort_key) if sort_key else None,
            global_secondary_indexes=list(indexes) or None,
            dynamo_stream=stream,
            time_to_live_attribute=time_to_live,
            billing=dynamodb.Billing.on_demand(),
            # By the account's own key `aws/dynamodb`: free to keep, and CloudTrail shows who used it.
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.keep_data,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
        )


def text(name: str) -> dynamodb.Attribute:
    """A key attribute that holds text."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
