"""Tables and secrets: the data that outlives every other stack."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from lambdas.domain.vocabulary import SERVICE
from stacks.constructs.secret import Secret
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table, text
from stacks.settings import StageSettings


class DataStack(StageStack):
    """The tables and the secrets.

    Attributes:
        orders: The order records. Everything else about an order is derived from its record.
        inventory: The products, with their prices and available units.
        idempotency: Actions that were done once and have no record of their own: Powertools' records, which
            expire, and deliveries, which do not.
        stripe_key: Stripe's secret key.
        webhook_secret: Stripe's signing secret for webhooks.
    """

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(scope, "data", settings, description="Orders: tables and secrets")

        self.orders = Table(
            self,
            "Orders",
            settings,
            partition_key="order_id",
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            indexes=[
                _index("by_customer", "customer_id"),
                # Only orders that are not at rest have the attribute, so this index stays small.
                _index("unsettled", "unsettled_shard"),
                # Only orders whose money is authorized and not captured yet have the attribute.
                _index("uncaptured", "uncaptured_shard", "created_at", sort_key="capture_before"),
                # A partition takes 1,000 writes a second, and an order is written to it once: that is more
                # than Step Functions can start. Beyond that rate, a day needs several partitions.
                _index("by_day", "day"),
                # Only orders whose customer gave a reference have the attribute.
                _index("by_reference", "reference", "customer_id"),
            ],
        )
        self.inventory = Table(self, "Inventory", settings, partition_key="sku")
        self.idempotency = Table(self, "Idempotency", settings, partition_key="id", time_to_live="expiration")

        # aws secretsmanager put-secret-value --secret-id <StripeSecretId> --secret-string sk_...
        self.stripe_key = Secret(
            self,
            "StripeSecret",
            variable="STRIPE_SECRET_ID",
            description="Stripe's secret key, as plain text",
            why_not_rotated="Stripe rolls its keys in its dashboard only, and offers no API call for it.",
            keep=settings.keep_data,
            companions={
                "PAYMENT_SERVICE": f"{SERVICE}-{settings.stage}",
                **({"STRIPE_API_BASE": settings.stripe_api_base} if settings.stripe_api_base else {}),
            },
        )
        self.webhook_secret = Secret(
            self,
            "StripeWebhookSecret",
            variable="STRIPE_WEBHOOK_SECRET_ID",
            description="Stripe's signing secret for webhooks; while it is rolled, both with a blank between",
            why_not_rotated="Stripe rolls it in its dashboard only, and offers no API call for it.",
            keep=settings.keep_data,
        )

        self.add_output("OrdersTableName", self.orders.table_name, "Table of order records")
        self.add_output("InventoryTableName", self.inventory.table_name, "Table of products and their stock")
        self.add_output(
            "IdempotencyTableName", self.idempotency.table_name, "Table of actions that were done once"
        )
        self.add_output("StripeSecretId", self.stripe_key.id, "Put Stripe's secret key into this secret")
        self.add_output(
            "StripeWebhookSecretId",
            self.webhook_secret.id,
            "Put the signing secret of Stripe's webhooks into this secret",
        )


def _index(
    name: str, partition_key: str, *others: str, sort_key: str = "created_at"
) -> dynamodb.GlobalSecondaryIndexPropsV2:
    """An index by time. It has only attributes that no change of an order writes to it again."""
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=text(partition_key),
        sort_key=text(sort_key),
        projection_type=dynamodb.ProjectionType.INCLUDE if others else dynamodb.ProjectionType.KEYS_ONLY,
        non_key_attributes=[*others] or None,
    )
