"""The REST API: its calls, sign-in, limits and logs."""

import json
from typing import Any

import pytest

from docgen.contract.operations import OPERATIONS
from stacks.settings import STAGES
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

ROUTES = {
    "POST /orders": "SubmitOrder",
    "GET /orders": "ListOrders",
    "GET /orders/{order_id}": "GetOrder",
    "GET /orders/{order_id}/effects": "GetEffects",
    "GET /orders/{order_id}/story": "GetStory",
    "POST /orders/{order_id}/cancel": "CancelOrder",
    "GET /orders/{order_id}/executions": "ListExecutions",
    "POST /orders/{order_id}/retry": "RetryOrder",
    "POST /orders/{order_id}/republish": "RepublishEvents",
    "POST /orders/{order_id}/fulfil": "FulfilOrder",
    "POST /orders/{order_id}/refunds": "RequestRefund",
    "POST /orders/{order_id}/settle": "SettleOrder",
    "POST /customers/{customer_id}/erase": "EraseCustomer",
    "GET /inventory": "ListInventory",
    "GET /inventory/{sku}": "GetInventory",
    "PUT /inventory/{sku}": "PutInventory",
    "PATCH /inventory/{sku}": "PatchInventory",
    "POST /inventory/{sku}/restock": "RestockInventory",
    "POST /webhooks/stripe": "ReceiveStripeWebhook",
}

WITHOUT_SIGN_IN = {"POST /webhooks/stripe", "GET /health"}

WITH_A_BODY = {
    *("POST /orders", "POST /orders/{order_id}/refunds", "POST /orders/{order_id}/settle"),
    *("PUT /inventory/{sku}", "PATCH /inventory/{sku}", "POST /inventory/{sku}/restock"),
}

GATEWAY_TIMEOUT_SECONDS = 29
"""After this time API Gateway returns an error, and the response of the function is lost."""

PERSONAL = ("identity", "authorizer", "path", "requestOverride")


def methods(stage: Synthesis) -> dict[str, dict[str, Any]]:
    """The properties of each call, by method and path."""
    parents = {"Api.RootResourceId": ""}
    for resource in stage.resources("AWS::ApiGateway::Resource"):
        parent = parents[readable(resource.properties["ParentId"])]
        parents[resource.name] = f"{parent}/{resource.properties['PathPart']}"
    return {
        f"{method.properties['HttpMethod']} {parents[readable(method.properties['ResourceId'])]}": (
            method.properties
        )
        for method in stage.resources("AWS::ApiGateway::Method")
    }


def calls(stage: Synthesis) -> dict[str, dict[str, Any]]:
    """The API's own calls, without 405 responses and preflight requests."""
    return {
        call: method for call, method in methods(stage).items() if not call.startswith(("ANY ", "OPTIONS "))
    }


def test_each_call_is_routed_to_its_function(stage: Synthesis) -> None:
    found = calls(stage)

    assert found.pop("GET /health")["Integration"]["Type"] == "MOCK"
    assert found.keys() == ROUTES.keys()
    for call, function in ROUTES.items():
        uri = readable(found[call]["Integration"]["Uri"])
        called = f"{function}.Arn" if stage.stage == "local" else f"{function}Aliaslive"
        assert uri.endswith(f":path/2015-03-31/functions/{called}/invocations")


def test_the_contract_has_every_call(stage: Synthesis) -> None:
    assert calls(stage).keys() == OPERATIONS.keys()


def test_all_calls_but_webhooks_and_health_need_a_sign_in(stage: Synthesis) -> None:
    found = calls(stage)

    open_to_all = {call for call, method in found.items() if method["AuthorizationType"] == "NONE"}
    assert open_to_all == WITHOUT_SIGN_IN
    for call in found.keys() - open_to_all:
        assert found[call]["AuthorizationType"] == "COGNITO_USER_POOLS", call
        assert readable(found[call]["AuthorizerId"]) == "SignIn", call


def test_tokens_come_from_the_user_pool_of_the_stage(stage: Synthesis) -> None:
    authorizer = stage.the("AWS::ApiGateway::Authorizer").properties

    assert authorizer["Type"] == "COGNITO_USER_POOLS"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert list(map(readable, authorizer["ProviderARNs"])) == ["Users.Arn"]


def test_unsupported_methods_return_405_with_the_supported_ones(stage: Synthesis) -> None:
    found = methods(stage)
    refusals = {call.removeprefix("ANY "): found[call] for call in found if call.startswith("ANY ")}

    assert refusals.keys() == {call.partition(" ")[2] for call in calls(stage)}
    for path, refusal in refusals.items():
        (response,) = refusal["Integration"]["IntegrationResponses"]
        allowed = {call.partition(" ")[0] for call in found if call.endswith(f" {path}")} - {"ANY"}
        assert response["StatusCode"] == "405"
        assert (
            response["ResponseParameters"]["method.response.header.Allow"]
            == f"'{', '.join(sorted(allowed))}'"
        )


def test_bodies_that_are_no_json_object_do_not_reach_a_function(stage: Synthesis) -> None:
    found = calls(stage)

    assert {call for call, method in found.items() if method.get("RequestModels")} == WITH_A_BODY
    for call in WITH_A_BODY:
        assert readable(found[call]["RequestModels"]["application/json"]).startswith("ApiJsonObject")
        assert readable(found[call]["RequestValidatorId"]) == "ApiValidator"
    assert stage.the("AWS::ApiGateway::Model").properties["Schema"]["type"] == "object"
    assert stage.the("AWS::ApiGateway::RequestValidator").properties["ValidateRequestBody"] is True


def test_functions_time_out_before_the_gateway_does(stage: Synthesis) -> None:
    functions = stage.named("AWS::Lambda::Function")

    for function in ROUTES.values():
        assert functions[function]["Timeout"] < GATEWAY_TIMEOUT_SECONDS, function


STATUS_OF = {
    "UNAUTHORIZED": 401,
    "MISSING_AUTHENTICATION_TOKEN": 404,
    "BAD_REQUEST_BODY": 400,
    "REQUEST_TOO_LARGE": 413,
    "THROTTLED": 429,
    "WAF_FILTERED": 403,
    "INTEGRATION_FAILURE": 503,
    "INTEGRATION_TIMEOUT": 503,
}
SECURITY_HEADER_NAMES = {"Cache-Control", "Strict-Transport-Security", "X-Content-Type-Options"}


def gateway_response(stage: Synthesis, kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The body and the headers of a response that API Gateway creates itself."""
    (response,) = (
        found.properties
        for found in stage.resources("AWS::ApiGateway::GatewayResponse")
        if found.properties["ResponseType"] == kind
    )
    template = response["ResponseTemplates"]["application/json"]
    headers = {
        name.removeprefix("gatewayresponse.header."): value
        for name, value in response["ResponseParameters"].items()
    }
    return json.loads(template.replace("$context.error.messageString", '"a \\"message\\""')), headers


@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX", *STATUS_OF])
def test_responses_of_the_gateway_are_problem_documents(stage: Synthesis, kind: str) -> None:
    problem, headers = gateway_response(stage, kind)

    assert headers["Content-Type"] == "'application/problem+json'"
    assert headers.keys() >= SECURITY_HEADER_NAMES
    assert problem.keys() >= {"type", "title", "detail", "instance"}
    # A client can choose `requestId`; the embedded AWS knows no other one here.
    request_id = "requestId" if stage.stage == "local" else "extendedRequestId"
    assert problem["instance"] == f"$context.{request_id}"
    assert problem.get("status") == STATUS_OF.get(kind)


def test_some_responses_of_the_gateway_have_another_status(stage: Synthesis) -> None:
    changed = {
        response.properties["ResponseType"]: int(response.properties["StatusCode"])
        for response in stage.resources("AWS::ApiGateway::GatewayResponse")
        if "StatusCode" in response.properties
    }

    assert changed == {
        kind: STATUS_OF[kind]
        for kind in ("MISSING_AUTHENTICATION_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    }


def test_refused_requests_get_the_headers_to_try_again(stage: Synthesis) -> None:
    assert gateway_response(stage, "UNAUTHORIZED")[1]["WWW-Authenticate"] == "'Bearer'"
    assert gateway_response(stage, "THROTTLED")[1]["Retry-After"] == "'1'"


def test_browsers_may_call_only_from_origins_that_the_stage_names(local: Synthesis, prod: Synthesis) -> None:
    assert not [call for call in methods(local) if call.startswith("OPTIONS ")]
    assert "Access-Control-Allow-Origin" not in gateway_response(local, "THROTTLED")[1]

    assert "OPTIONS /orders" in methods(prod)
    assert (
        gateway_response(prod, "THROTTLED")[1]["Access-Control-Allow-Origin"]
        == "method.request.header.origin"
    )
    variables = prod.functions()["submit_order"]["Environment"]["Variables"]
    assert variables["ALLOWED_ORIGINS"] == "https://shop.example.org https://admin.example.org"


def test_the_access_log_has_no_personal_data(stage: Synthesis) -> None:
    settings = stage.the("AWS::ApiGateway::Stage").properties["AccessLogSetting"]

    fields = [value.removeprefix("$context.") for value in json.loads(settings["Format"]).values()]
    assert "extendedRequestId" in fields
    assert not [field for field in fields if field.split(".")[0] in PERSONAL]


def test_calls_are_traced_and_errors_logged_without_bodies(stage: Synthesis) -> None:
    deployed = stage.the("AWS::ApiGateway::Stage").properties

    assert deployed["TracingEnabled"] is True
    for settings in deployed["MethodSettings"]:
        assert settings["LoggingLevel"] == "ERROR"
        assert not settings["DataTraceEnabled"]


def test_calls_are_throttled_and_new_orders_separately(stage: Synthesis) -> None:
    throttles = {
        f"{settings['HttpMethod']} {settings['ResourcePath']}": (
            settings["ThrottlingRateLimit"],
            settings["ThrottlingBurstLimit"],
        )
        for settings in stage.the("AWS::ApiGateway::Stage").properties["MethodSettings"]
    }

    expected = STAGES[stage.stage]
    assert throttles == {
        "* /*": (expected.api_rate, expected.api_burst),
        "POST /~1orders": (expected.submit_rate, expected.submit_burst),
        "POST /~1webhooks~1stripe": (expected.webhook_rate, expected.webhook_burst),
    }


def test_the_log_role_of_the_account_is_kept(stage: Synthesis) -> None:
    assert stage.the("AWS::ApiGateway::Account").body["DeletionPolicy"] == "Retain"


def test_the_api_is_deployed_after_the_stacks_that_fulfil_orders(stage: Synthesis) -> None:
    stacks = {stack.stack_name: stack for stack in stage.app.synth().stacks}
    prefix = f"orders-{stage.stage}-"

    needed = {dependency.id for dependency in stacks[f"{prefix}api"].dependencies}
    assert needed >= {f"{prefix}{stack}" for stack in ("data", "saga", "events", "recovery")}
