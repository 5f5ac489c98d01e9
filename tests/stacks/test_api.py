"""The REST API: its calls, who may make them, and what is written about them."""

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
    "POST /orders/{order_id}/cancel": "CancelOrder",
    "POST /orders/{order_id}/retry": "RetryOrder",
    "GET /inventory": "GetInventory",
    "GET /inventory/{sku}": "GetInventory",
    "PUT /inventory/{sku}": "PutInventory",
    "POST /inventory/{sku}/restock": "RestockInventory",
    "POST /webhooks/stripe": "ReceiveStripeWebhook",
}

WITHOUT_SIGN_IN = {"POST /webhooks/stripe", "GET /health"}

WITH_A_BODY = {"POST /orders", "PUT /inventory/{sku}", "POST /inventory/{sku}/restock"}

LONGEST_ANSWER_SECONDS = 29
"""After this API Gateway answers by itself, and nobody hears what the function says."""

PERSONAL = ("identity", "authorizer", "path", "requestOverride")


def methods(stage: Synthesis) -> dict[str, dict[str, Any]]:
    """The properties of every call."""
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
    """The calls that there are for somebody: not those that are refused, or that browsers ask before them."""
    return {
        call: method for call, method in methods(stage).items() if not call.startswith(("ANY ", "OPTIONS "))
    }


def test_each_call_is_answered_by_its_function(stage: Synthesis) -> None:
    found = calls(stage)

    assert found.pop("GET /health")["Integration"]["Type"] == "MOCK"
    assert found.keys() == ROUTES.keys()
    for call, function in ROUTES.items():
        uri = readable(found[call]["Integration"]["Uri"])
        assert uri.endswith(f":path/2015-03-31/functions/{function}.Arn/invocations")


def test_the_contract_has_every_call(stage: Synthesis) -> None:
    assert calls(stage).keys() == OPERATIONS.keys()


def test_everybody_signs_in_but_stripe_and_who_asks_for_the_health(stage: Synthesis) -> None:
    found = calls(stage)

    open_to_all = {call for call, method in found.items() if method["AuthorizationType"] == "NONE"}
    assert open_to_all == WITHOUT_SIGN_IN
    for call in found.keys() - open_to_all:
        assert found[call]["AuthorizationType"] == "COGNITO_USER_POOLS", call
        assert readable(found[call]["AuthorizerId"]) == "SignIn", call


def test_tokens_are_those_of_the_stages_own_pool(stage: Synthesis) -> None:
    authorizer = stage.the("AWS::ApiGateway::Authorizer").properties

    assert authorizer["Type"] == "COGNITO_USER_POOLS"
    assert authorizer["IdentitySource"] == "method.request.header.Authorization"
    assert list(map(readable, authorizer["ProviderARNs"])) == ["Users.Arn"]


def test_a_method_that_there_is_not_is_answered_with_those_there_are(stage: Synthesis) -> None:
    found = methods(stage)
    refusals = {call.removeprefix("ANY "): found[call] for call in found if call.startswith("ANY ")}

    assert refusals.keys() == {call.partition(" ")[2] for call in calls(stage)}
    for path, refusal in refusals.items():
        (answer,) = refusal["Integration"]["IntegrationResponses"]
        allowed = {call.partition(" ")[0] for call in found if call.endswith(f" {path}")} - {"ANY"}
        assert answer["StatusCode"] == "405"
        assert (
            answer["ResponseParameters"]["method.response.header.Allow"] == f"'{', '.join(sorted(allowed))}'"
        )


def test_what_is_no_json_object_does_not_get_as_far_as_a_function(stage: Synthesis) -> None:
    found = calls(stage)

    assert {call for call, method in found.items() if method.get("RequestModels")} == WITH_A_BODY
    for call in WITH_A_BODY:
        assert readable(found[call]["RequestModels"]["application/json"]).startswith("ApiJsonObject")
        assert readable(found[call]["RequestValidatorId"]) == "ApiValidator"
    assert stage.the("AWS::ApiGateway::Model").properties["Schema"]["type"] == "object"
    assert stage.the("AWS::ApiGateway::RequestValidator").properties["ValidateRequestBody"] is True


def test_every_call_is_answered_before_the_gateway_gives_up(stage: Synthesis) -> None:
    timeouts = {
        function.name: function.properties["Timeout"] for function in stage.resources("AWS::Lambda::Function")
    }

    for function in ROUTES.values():
        assert timeouts[function] < LONGEST_ANSWER_SECONDS, function


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
PROTECTING = {"Cache-Control", "Strict-Transport-Security", "X-Content-Type-Options"}


def gateway_response(stage: Synthesis, kind: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The body and the headers of an answer of API Gateway's own."""
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
def test_what_the_gateway_answers_by_itself_is_a_problem_like_the_functions(
    stage: Synthesis, kind: str
) -> None:
    problem, headers = gateway_response(stage, kind)

    assert headers["Content-Type"] == "'application/problem+json'"
    assert headers.keys() >= PROTECTING
    assert problem.keys() >= {"type", "title", "detail", "instance"}
    assert problem["instance"] == "$context.requestId"
    assert problem.get("status") == STATUS_OF.get(kind)


def test_what_the_gateway_would_call_by_another_status_has_the_right_one(stage: Synthesis) -> None:
    changed = {
        response.properties["ResponseType"]: int(response.properties["StatusCode"])
        for response in stage.resources("AWS::ApiGateway::GatewayResponse")
        if "StatusCode" in response.properties
    }

    assert changed == {
        kind: STATUS_OF[kind]
        for kind in ("MISSING_AUTHENTICATION_TOKEN", "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT")
    }


def test_whoever_is_refused_learns_how_to_go_on(stage: Synthesis) -> None:
    assert gateway_response(stage, "UNAUTHORIZED")[1]["WWW-Authenticate"] == "'Bearer'"
    assert gateway_response(stage, "THROTTLED")[1]["Retry-After"] == "'1'"


def test_browsers_may_call_from_nowhere_unless_the_stage_names_it(local: Synthesis, prod: Synthesis) -> None:
    assert not [call for call in methods(local) if call.startswith("OPTIONS ")]
    assert "Access-Control-Allow-Origin" not in gateway_response(local, "THROTTLED")[1]

    assert "OPTIONS /orders" in methods(prod)
    assert (
        gateway_response(prod, "THROTTLED")[1]["Access-Control-Allow-Origin"]
        == "method.request.header.origin"
    )
    variables = prod.functions()["submit_order"]["Environment"]["Variables"]
    assert variables["ALLOWED_ORIGINS"] == "https://shop.example.org https://admin.example.org"


def test_the_access_log_says_nothing_about_people(stage: Synthesis) -> None:
    settings = stage.the("AWS::ApiGateway::Stage").properties["AccessLogSetting"]

    fields = [value.removeprefix("$context.") for value in json.loads(settings["Format"]).values()]
    assert "requestId" in fields
    assert not [field for field in fields if field.split(".")[0] in PERSONAL]


def test_errors_are_logged_without_bodies(stage: Synthesis) -> None:
    for settings in stage.the("AWS::ApiGateway::Stage").properties["MethodSettings"]:
        assert settings["LoggingLevel"] == "ERROR"
        assert not settings["DataTraceEnabled"]


def test_every_call_is_throttled_and_new_orders_by_themselves(stage: Synthesis) -> None:
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
    }


def test_every_call_is_traced(stage: Synthesis) -> None:
    assert stage.the("AWS::ApiGateway::Stage").properties["TracingEnabled"] is True


def test_the_accounts_log_role_outlives_the_api(stage: Synthesis) -> None:
    assert stage.the("AWS::ApiGateway::Account").body["DeletionPolicy"] == "Retain"


def test_orders_are_taken_only_where_the_saga_is(stage: Synthesis) -> None:
    stacks = {stack.stack_name: stack for stack in stage.app.synth().stacks}
    prefix = f"orders-{stage.stage}-"

    needed = {dependency.id for dependency in stacks[f"{prefix}api"].dependencies}
    assert needed >= {f"{prefix}{stack}" for stack in ("data", "saga", "events", "recovery")}
