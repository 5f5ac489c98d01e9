"""The REST API: one function for each call."""

from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.firewall import Firewall
from stacks.constructs.python_function import PythonFunctions, allow
from stacks.constructs.rest_api import RestApi
from stacks.constructs.stage_stack import StageStack
from stacks.data_stack import DataStack
from stacks.identity_stack import IdentityStack
from stacks.order_stack import DO_ONCE, accept_wake_saga, stripe_environment, wake_saga_statement
from stacks.settings import Settings

_LISTED_BY = ("by_customer", "by_day", "unsettled")


class ApiStack(StageStack):
    """The API and its functions.

    Attributes:
        api: the REST API.
    """

    def __init__(
        self,
        scope: Construct,
        settings: Settings,
        *,
        data: DataStack,
        identity: IdentityStack,
        machine_arn: str,
    ) -> None:
        super().__init__(scope, "api", settings, description="Orders: the REST API")
        functions = PythonFunctions(self, settings)
        browsers = {"ALLOWED_ORIGINS": " ".join(settings.allowed_origins)} if settings.allowed_origins else {}
        orders = {"ORDERS_TABLE": data.orders.table_name, **browsers}
        inventory = {"INVENTORY_TABLE": data.inventory.table_name, **browsers}

        submit_order = functions.add("submit_order", orders, allow(data.orders.table_arn, "dynamodb:PutItem"))
        get_order = functions.add("get_order", orders, allow(data.orders.table_arn, "dynamodb:GetItem"))
        cursor_secret_arn = self._cursor_secret()
        list_orders = functions.add(
            "list_orders",
            {**orders, "CURSOR_SECRET_ID": cursor_secret_arn},
            allow(data.orders.table_arn, "dynamodb:BatchGetItem"),
            *(allow(f"{data.orders.table_arn}/index/{index}", "dynamodb:Query") for index in _LISTED_BY),
            allow(cursor_secret_arn, "secretsmanager:GetSecretValue"),
        )
        change_order = allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem")
        cancel_order = functions.add("cancel_order", orders, change_order)
        retry_order = functions.add("retry_order", orders, change_order)
        get_inventory = functions.add(
            "get_inventory", inventory, allow(data.inventory.table_arn, "dynamodb:GetItem", "dynamodb:Scan")
        )
        put_inventory = functions.add(
            "put_inventory", inventory, allow(data.inventory.table_arn, "dynamodb:UpdateItem")
        )
        restock_inventory = functions.add(
            "restock_inventory",
            inventory,
            allow(data.inventory.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem"),
        )

        receive_stripe_webhook = functions.add(
            "receive_stripe_webhook",
            {
                "ORDERS_TABLE": data.orders.table_name,
                "IDEMPOTENCY_TABLE": data.idempotency.table_name,
                "STRIPE_WEBHOOK_SECRET_ID": data.stripe_webhook_secret_arn,
                **stripe_environment(settings, data),
            },
            allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem"),
            allow(data.idempotency.table_arn, *DO_ONCE),
            allow(data.stripe_secret_arn, "secretsmanager:GetSecretValue"),
            allow(data.stripe_webhook_secret_arn, "secretsmanager:GetSecretValue"),
            wake_saga_statement(settings, machine_arn),
        )
        accept_wake_saga(settings, receive_stripe_webhook)

        self.api = RestApi(self, settings, users=identity.pool)
        self.api.route("POST", "/orders", submit_order, json_body=True)
        self.api.route("GET", "/orders", list_orders)
        self.api.route("GET", "/orders/{order_id}", get_order)
        self.api.route("POST", "/orders/{order_id}/cancel", cancel_order)
        self.api.route("POST", "/orders/{order_id}/retry", retry_order)
        self.api.route("GET", "/inventory", get_inventory)
        self.api.route("GET", "/inventory/{sku}", get_inventory)
        self.api.route("PUT", "/inventory/{sku}", put_inventory, json_body=True)
        self.api.route("POST", "/inventory/{sku}/restock", restock_inventory, json_body=True)
        self.api.route(
            "POST",
            "/webhooks/stripe",
            receive_stripe_webhook,
            without_sign_in="Stripe can't sign in; the function checks the signature of all that comes.",
        )
        self.api.add_health()
        self.api.refuse_other_methods()
        if settings.caller_limits:
            Firewall(self, settings.stage, settings.caller_limits, api=self.api, users=identity.pool)
        else:
            accept(
                self.api,
                "AwsSolutions-APIG3",
                "The embedded run serves one machine only, and can't put a firewall before an API.",
            )

        self.add_output("ApiUrl", self.api.url.removesuffix("/"), "Where the API is")

    def _cursor_secret(self) -> str:
        """Add the secret that the cursors of listings are signed with, and give its ARN."""
        secret = secretsmanager.Secret(
            self,
            "CursorSecret",
            description="Signs the cursors of listings; nobody needs to know it",
            generate_secret_string=secretsmanager.SecretStringGenerator(password_length=64),
            removal_policy=RemovalPolicy.DESTROY,
        )
        accept(
            secret,
            "AwsSolutions-SMG4",
            "It guards no data: who signed a cursor of their own would see what they may see anyway.",
        )
        # Not `secret_arn`, which is a Ref: the embedded AWS takes that for the name, which permits nothing.
        return cast("secretsmanager.CfnSecret", secret.node.default_child).attr_id
