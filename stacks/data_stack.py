"""What must survive everything else: orders, stock, and Stripe's key."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table, text
from stacks.settings import Settings


class DataStack(StageStack):
    """The tables and the secret.

    Attributes:
        orders: the order records, the only thing that anyone writes about an order.
        inventory: what is sold, its price and how much of it there is.
        idempotency: what was done already and has no record of its own.
        stripe_secret_arn: the secret that holds Stripe's secret key.
        stripe_webhook_secret_arn: the secret that its webhooks are signed with.
    """

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, "data", settings, description="Orders: tables and secrets")

        self.orders = Table(
            self,
            "Orders",
            settings,
            partition_key="order_id",
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            indexes=[
                # Keys only: an order is written here once, and not again with each of its changes.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="by_customer",
                    partition_key=text("customer_id"),
                    sort_key=text("created_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
                # Only orders that are not at rest have the attribute, so this index stays small.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="unsettled",
                    partition_key=text("unsettled_shard"),
                    sort_key=text("created_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
                # A partition takes 1,000 writes a second, and an order is written here once in its life: more
                # orders a second than Step Functions starts. Beyond that the day needs shards.
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name="by_day",
                    partition_key=text("day"),
                    sort_key=text("created_at"),
                    projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                ),
            ],
        )
        self.inventory = Table(self, "Inventory", settings, partition_key="sku")
        self.idempotency = Table(self, "Idempotency", settings, partition_key="id", time_to_live="expiration")

        self.stripe_secret_arn = self._stripe_secret(
            settings,
            "StripeSecret",
            description="Stripe's secret key, as plain text",
            no_rotation="Stripe rolls its keys in its dashboard and has no call that a rotation could make.",
        )
        self.stripe_webhook_secret_arn = self._stripe_secret(
            settings,
            "StripeWebhookSecret",
            description="What Stripe signs its webhooks with; while it is rolled both, with a blank between",
            no_rotation="Stripe rolls it in its dashboard, and has no call that a rotation could make.",
        )

        self.add_output("OrdersTableName", self.orders.table_name, "The order records")
        self.add_output("InventoryTableName", self.inventory.table_name, "What is sold")
        self.add_output("IdempotencyTableName", self.idempotency.table_name, "What was done already")
        self.add_output("StripeSecretId", self.stripe_secret_arn, "Put Stripe's secret key here")
        self.add_output(
            "StripeWebhookSecretId", self.stripe_webhook_secret_arn, "Put its webhooks' secret here"
        )

    def _stripe_secret(self, settings: Settings, name: str, *, description: str, no_rotation: str) -> str:
        """Add a secret that an operator gets from Stripe, and give its ARN."""
        # Made with a random value, so that no key is ever in a template. The operator replaces it:
        # aws secretsmanager put-secret-value --secret-id <StripeSecretId> --secret-string sk_...
        # A later change of how the random value is made would replace the operator's: leave it as it is.
        secret = secretsmanager.Secret(
            self,
            name,
            description=description,
            removal_policy=RemovalPolicy.RETAIN if settings.keep_data else RemovalPolicy.DESTROY,
        )
        accept(secret, "AwsSolutions-SMG4", no_rotation)
        # Not `secret_arn`, which is a Ref: the embedded AWS takes that for the name, which permits nothing.
        return cast("secretsmanager.CfnSecret", secret.node.default_child).attr_id
