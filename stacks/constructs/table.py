"""DynamoDB tables: their common properties, and the grants for them."""

from collections.abc import Sequence

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.constructs.grant import Grant, allow
from stacks.settings import StageSettings


class Table(dynamodb.TableV2):
    """An on-demand, encrypted table that can be restored to any second of the last 35 days."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: StageSettings,
        *,
        partition_key: str,
        sort_key: str | None = None,
        indexes: Sequence[dynamodb.GlobalSecondaryIndexPropsV2] = (),
        stream: dynamodb.StreamViewType | None = None,
        time_to_live: str | None = None,
    ) -> None:
        """Add the table `Orders` to a stack; functions know its name as `ORDERS_TABLE`. Its keys are text.

        A restored table has a name that the template knows, so that CloudFormation can adopt the table, and
        another logical id, so that it does not delete the one before. It adopts only tables that it retains
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html,
        November 2026).
        """
        restored = settings.restored_table(construct_id)
        is_kept = settings.keep_data or restored is not None
        super().__init__(
            scope,
            f"{construct_id}{restored.rpartition('-')[2]}" if restored else construct_id,
            table_name=restored,
            partition_key=text(partition_key),
            sort_key=text(sort_key) if sort_key else None,
            global_secondary_indexes=list(indexes) or None,
            dynamo_stream=stream,
            time_to_live_attribute=time_to_live,
            billing=dynamodb.Billing.on_demand(),
            # The key `aws/dynamodb` of the account: it costs nothing, and CloudTrail records its use.
            encryption=dynamodb.TableEncryptionV2.aws_managed_key(),
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=settings.keep_data,
            removal_policy=RemovalPolicy.RETAIN if is_kept else RemovalPolicy.DESTROY,
        )
        self._variables = {f"{construct_id.upper()}_TABLE": self.table_name}

    def add(self) -> Grant:
        """Put an item."""
        return self._grant("PutItem")

    def read(self) -> Grant:
        """Get an item by its key."""
        return self._grant("GetItem")

    def read_many(self) -> Grant:
        """Get several items by their keys."""
        return self._grant("BatchGetItem")

    def read_all(self) -> Grant:
        """Scan the table."""
        return self._grant("Scan")

    def query(self) -> Grant:
        """Get the items that have a partition key."""
        return self._grant("Query")

    def update(self) -> Grant:
        """Update an item without reading it."""
        return self._grant("UpdateItem")

    def change(self) -> Grant:
        """Get an item and update it."""
        return self._grant("GetItem", "UpdateItem")

    def do_once(self) -> Grant:
        """Lock a key, store the result, and unlock it after a failure, as Powertools' idempotency does."""
        return self._grant("GetItem", "PutItem", "UpdateItem", "DeleteItem")

    def list_by(self, *indexes: str) -> Grant:
        """Query indexes."""
        queries = [allow(f"{self.table_arn}/index/{index}", "dynamodb:Query") for index in indexes]
        return Grant(self._variables, queries)

    def find_by(self, *indexes: str) -> Grant:
        """Query indexes, and get the items that they name."""
        queries, items = self.list_by(*indexes), self.read_many()
        return Grant(items.variables, [*items.permissions, *queries.permissions])

    def _grant(self, *actions: str) -> Grant:
        return Grant(self._variables, [allow(self.table_arn, *(f"dynamodb:{action}" for action in actions))])


def text(name: str) -> dynamodb.Attribute:
    """A key attribute that holds text."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
