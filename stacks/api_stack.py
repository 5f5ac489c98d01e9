"""The REST API: one function for each call."""

from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.firewall import Firewall
from stacks.constructs.function_logs import search_function_logs
from stacks.constructs.grant import Grant
from stacks.constructs.python_function import PythonFunctions
from stacks.constructs.rest_api import RestApi
from stacks.constructs.saga_machine import SagaMachine
from stacks.constructs.secret import Secret
from stacks.constructs.stage_stack import StageStack
from stacks.constructs.table import Table
from stacks.settings import StageSettings


class ApiStack(StageStack):
    """The API and its functions.

    Attributes:
        api: The REST API.
    """

    def __init__(
        self,
        scope: Construct,
        settings: StageSettings,
        *,
        orders: Table,
        inventory: Table,
        idempotency: Table,
        audit: Table,
        stripe_key: Secret,
        webhook_secret: Secret,
        saga: SagaMachine,
        users: cognito.UserPool,
    ) -> None:
        super().__init__(scope, "api", settings, description="Orders: the REST API")
        functions = PythonFunctions(self, settings)
        browsers = Grant(
            {"ALLOWED_ORIGINS": " ".join(settings.allowed_origins)} if settings.allowed_origins else {}
        )
        cursor_secret = Secret(
            self,
            "CursorSecret",
            variable="CURSOR_SECRET_ID",
            description="Signs the cursors of listings; nobody needs to know it",
            why_not_rotated="It guards no data: a forged cursor shows only what its caller may see anyway.",
            keep=False,
            length=64,
        )

        submit_order = functions.add(
            "submit_order", orders.add(), Grant({"CAPTURE": settings.capture}), browsers
        )
        list_orders = functions.add(
            "list_orders",
            orders.find_by("by_customer", "by_day", "by_reference", "unsettled"),
            *(cursor_secret.read(), browsers),
        )
        get_order = functions.add("get_order", orders.read(), browsers)
        list_executions = functions.add("list_executions", orders.read(), saga.read_histories(), browsers)
        get_effects = functions.add("get_effects", orders.read(), audit.query(), stripe_key.read(), browsers)
        get_story = functions.add(
            "get_story", orders.read(), audit.query(), search_function_logs(self, settings), browsers
        )
        cancel_order = functions.add("cancel_order", orders.change(), browsers)
        retry_order = functions.add("retry_order", orders.change(), browsers)
        republish_events = functions.add("republish_events", orders.change(), browsers)
        fulfil_order = functions.add("fulfil_order", orders.change(), browsers)
        settle_order = functions.add("settle_order", orders.change(), browsers)
        request_refund = functions.add("request_refund", orders.change(), browsers)
        erase_customer = functions.add(
            "erase_customer", orders.find_by("by_customer"), orders.update(), browsers
        )
        list_inventory = functions.add("list_inventory", inventory.read_all(), browsers)
        get_inventory = functions.add("get_inventory", inventory.read(), browsers)
        put_inventory = functions.add("put_inventory", inventory.update(), browsers)
        patch_inventory = functions.add("patch_inventory", inventory.update(), browsers)
        restock_inventory = functions.add(
            "restock_inventory", inventory.change(), idempotency.change(), browsers
        )
        receive_stripe_webhook = functions.add(
            "receive_stripe_webhook",
            *(orders.change(), idempotency.do_once(), saga.wake()),
            *(stripe_key.read(), webhook_secret.read()),
        )

        self.api = RestApi(self, settings, users=users)
        self.api.route("POST", "/orders", submit_order, json_body=True)
        self.api.route("GET", "/orders", list_orders)
        self.api.route("GET", "/orders/{order_id}", get_order)
        self.api.route("GET", "/orders/{order_id}/executions", list_executions)
        self.api.route("GET", "/orders/{order_id}/effects", get_effects)
        self.api.route("GET", "/orders/{order_id}/story", get_story)
        self.api.route("POST", "/orders/{order_id}/cancel", cancel_order)
        self.api.route("POST", "/orders/{order_id}/retry", retry_order)
        self.api.route("POST", "/orders/{order_id}/republish", republish_events)
        self.api.route("POST", "/orders/{order_id}/fulfil", fulfil_order)
        self.api.route("POST", "/orders/{order_id}/settle", settle_order, json_body=True)
        self.api.route("POST", "/orders/{order_id}/refunds", request_refund, json_body=True)
        self.api.route("POST", "/customers/{customer_id}/erase", erase_customer)
        self.api.route("GET", "/inventory", list_inventory)
        self.api.route("GET", "/inventory/{sku}", get_inventory)
        self.api.route("PUT", "/inventory/{sku}", put_inventory, json_body=True)
        self.api.route("PATCH", "/inventory/{sku}", patch_inventory, json_body=True)
        self.api.route("POST", "/inventory/{sku}/restock", restock_inventory, json_body=True)
        self.api.route(
            "POST",
            "/webhooks/stripe",
            receive_stripe_webhook,
            without_sign_in="Stripe can't sign in; the function checks the signature of every request.",
        )
        self.api.add_health()
        self.api.refuse_other_methods()
        if settings.caller_limits:
            Firewall(self, settings, settings.caller_limits, api=self.api, users=users)
        else:
            accept(
                self.api,
                "AwsSolutions-APIG3",
                "The embedded AWS serves one machine only and can't put a firewall in front of an API.",
            )

        self._add_outputs(settings)

    def _add_outputs(self, settings: StageSettings) -> None:
        self.add_output("Capture", settings.capture, "When the money of new orders is taken")
        self.add_output("ApiUrl", self.api.base_url, "Base URL of the API")
        if self.api.domain_target is not None:
            self.add_output("ApiDomainTarget", self.api.domain_target, "Target of the domain name of the API")
