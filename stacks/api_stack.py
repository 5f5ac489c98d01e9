"""The REST API: one function for each call."""

import json

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.findings import accept
from stacks.constructs.log_group import LogGroup
from stacks.constructs.python_function import PythonFunctions, allow
from stacks.constructs.stage_stack import StageStack
from stacks.data_stack import DataStack
from stacks.identity_stack import IdentityStack
from stacks.order_stack import DO_ONCE, accept_wake_saga, stripe_environment, wake_saga_statement
from stacks.settings import Settings

_VERSION = "v1"

_LOG_POLICY = "service-role/AmazonAPIGatewayPushToCloudWatchLogs"

# Neither who called nor from where, and paths without the values in them.
_ACCESS_LOG = {
    "request_id": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "response_bytes": "$context.responseLength",
    "error": "$context.error.responseType",
    "trace_id": "$context.xrayTraceId",
}


# What API Gateway answers by itself (RFC 9457, like the functions' problems).
_GATEWAY_PROBLEM = (
    '{"type": "urn:problem-type:order-saga:refused-by-gateway", "title": "The request was refused",'
    ' "detail": $context.error.messageString, "instance": "$context.requestId"}'
)


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
        orders = {"ORDERS_TABLE": data.orders.table_name}
        inventory = {"INVENTORY_TABLE": data.inventory.table_name}

        submit_order = functions.add("submit_order", orders, allow(data.orders.table_arn, "dynamodb:PutItem"))
        get_order = functions.add("get_order", orders, allow(data.orders.table_arn, "dynamodb:GetItem"))
        change_order = allow(data.orders.table_arn, "dynamodb:GetItem", "dynamodb:UpdateItem")
        cancel_order = functions.add("cancel_order", orders, change_order)
        retry_order = functions.add("retry_order", orders, change_order)
        get_inventory = functions.add(
            "get_inventory", inventory, allow(data.inventory.table_arn, "dynamodb:GetItem", "dynamodb:Scan")
        )
        put_inventory = functions.add(
            "put_inventory",
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

        self.api = self._api(settings, identity)
        orders_path = self.api.root.add_resource("orders")
        order_path = orders_path.add_resource("{order_id}")
        inventory_path = self.api.root.add_resource("inventory")
        product_path = inventory_path.add_resource("{sku}")
        _route("POST", orders_path, submit_order)
        _route("GET", order_path, get_order)
        _route("POST", order_path.add_resource("cancel"), cancel_order)
        _route("POST", order_path.add_resource("retry"), retry_order)
        _route("GET", inventory_path, get_inventory)
        _route("GET", product_path, get_inventory)
        _route("PUT", product_path, put_inventory)
        webhook_path = self.api.root.add_resource("webhooks").add_resource("stripe")
        # Stripe can't sign in. What it sends is signed, and the function checks that.
        _route("POST", webhook_path, receive_stripe_webhook, apigateway.AuthorizationType.NONE)
        self._accept_findings(settings)

        accept(
            webhook_path,
            "AwsSolutions-APIG4",
            "Stripe can't sign in; the function checks the signature of everything that comes here.",
        )
        accept(webhook_path, "AwsSolutions-COG4", "The same: Stripe is no user of a pool.")

        self.add_output("ApiUrl", self.api.url.removesuffix("/"), "Where the API is")

    def _api(self, settings: Settings, identity: IdentityStack) -> apigateway.RestApi:
        """Add the API without any calls."""
        name = f"orders-{settings.stage}"
        access_logs = LogGroup(self, "AccessLogs", settings, name=f"/aws/apigateway/{name}")
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=name,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            default_method_options=apigateway.MethodOptions(
                authorizer=apigateway.CognitoUserPoolsAuthorizer(
                    self, "SignIn", cognito_user_pools=[identity.pool], authorizer_name="sign-in"
                ),
                authorization_type=apigateway.AuthorizationType.COGNITO,
            ),
            deploy_options=apigateway.StageOptions(
                stage_name=_VERSION,
                throttling_rate_limit=settings.api_rate,
                throttling_burst_limit=settings.api_burst,
                tracing_enabled=True,
                logging_level=apigateway.MethodLoggingLevel.ERROR,
                access_log_destination=apigateway.LogGroupLogDestination(access_logs),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(_ACCESS_LOG)),
            ),
            # Without this role, of which an account has one, its first API is refused its logs. It is like
            # everybody else's, and stays for them when this API goes.
            cloud_watch_role=True,
            cloud_watch_role_removal_policy=RemovalPolicy.RETAIN,
        )
        api.node.try_remove_child("Endpoint")  # an output that says the same as ours
        for kind in (apigateway.ResponseType.DEFAULT_4_XX, apigateway.ResponseType.DEFAULT_5_XX):
            api.add_gateway_response(
                kind.response_type.replace("_", ""),
                type=kind,
                response_headers={"Content-Type": "'application/problem+json'"},
                templates={"application/json": _GATEWAY_PROBLEM},
            )
        # API Gateway would make this group by itself, and keep what is in it for ever.
        error_logs_name = f"API-Gateway-Execution-Logs_{api.rest_api_id}/{_VERSION}"
        error_logs = LogGroup(self, "ErrorLogs", settings, name=error_logs_name)
        api.deployment_stage.node.add_dependency(error_logs)
        return api

    def _accept_findings(self, settings: Settings) -> None:
        accept(
            self.api,
            "AwsSolutions-APIG2",
            "The functions check every request themselves, and answer as `application/problem+json`.",
        )
        accept(
            self.api,
            "AwsSolutions-APIG3",
            "IAM refuses strangers and the throttle bounds the rest: a firewall is the account's choice.",
        )
        accept(
            self.api,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_LOG_POLICY}]",
            "The role serves every API of the account, so it has the policy that AWS keeps for it.",
        )


def _route(
    method: str,
    path: apigateway.IResource,
    function: lambda_.Function,
    authorization: apigateway.AuthorizationType | None = None,
) -> None:
    """Let a function answer a call; who may make it, the API says where nothing else is said."""
    integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
    path.add_method(method, integration, authorization_type=authorization)
