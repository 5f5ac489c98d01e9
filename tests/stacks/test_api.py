"""The REST API: its calls, who may make them, and what is written about them."""

import json
from typing import Any

import pytest

from stacks.settings import STAGES
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

ROUTES = {
    "POST /orders": "SubmitOrder",
    "GET /orders/{order_id}": "GetOrder",
    "GET /inventory": "GetInventory",
    "GET /inventory/{sku}": "GetInventory",
    "PUT /inventory/{sku}": "PutInventory",
    "POST /webhooks/stripe": "ReceiveStripeWebhook",
}

SIGNED_BY_STRIPE = "POST /webhooks/stripe"

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


def test_each_call_is_answered_by_its_function(stage: Synthesis) -> None:
    found = {call: readable(method["Integration"]["Uri"]) for call, method in methods(stage).items()}

    assert found.keys() == ROUTES.keys()
    for call, function in ROUTES.items():
        assert found[call].endswith(f":path/2015-03-31/functions/{function}.Arn/invocations")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_in_the_cloud_everybody_but_stripe_signs_requests_with_iam(
    request: pytest.FixtureRequest, name: str
) -> None:
    found = methods(request.getfixturevalue(name))

    assert found.pop(SIGNED_BY_STRIPE)["AuthorizationType"] == "NONE"
    assert {method["AuthorizationType"] for method in found.values()} == {"AWS_IAM"}


def test_on_one_machine_nobody_signs_requests(local: Synthesis) -> None:
    assert {method["AuthorizationType"] for method in methods(local).values()} == {"NONE"}


def test_every_call_is_answered_before_the_gateway_gives_up(stage: Synthesis) -> None:
    timeouts = {
        function.name: function.properties["Timeout"] for function in stage.resources("AWS::Lambda::Function")
    }

    for function in ROUTES.values():
        assert timeouts[function] < LONGEST_ANSWER_SECONDS, function


@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX"])
def test_what_the_gateway_refuses_by_itself_is_a_problem_like_the_functions(
    stage: Synthesis, kind: str
) -> None:
    (response,) = [
        found.properties
        for found in stage.resources("AWS::ApiGateway::GatewayResponse")
        if found.properties["ResponseType"] == kind
    ]

    template = response["ResponseTemplates"]["application/json"]
    problem = json.loads(template.replace("$context.error.messageString", '"a message"'))
    content_type = response["ResponseParameters"]["gatewayresponse.header.Content-Type"]
    assert content_type == "'application/problem+json'"
    assert problem.keys() == {"type", "title", "detail", "instance"}


def test_the_access_log_says_nothing_about_people(stage: Synthesis) -> None:
    settings = stage.the("AWS::ApiGateway::Stage").properties["AccessLogSetting"]

    fields = [value.removeprefix("$context.") for value in json.loads(settings["Format"]).values()]
    assert "requestId" in fields
    assert not [field for field in fields if field.split(".")[0] in PERSONAL]


def test_errors_are_logged_without_bodies(stage: Synthesis) -> None:
    (settings,) = stage.the("AWS::ApiGateway::Stage").properties["MethodSettings"]

    assert settings["LoggingLevel"] == "ERROR"
    assert not settings["DataTraceEnabled"]


def test_every_call_is_throttled_and_traced(stage: Synthesis) -> None:
    properties = stage.the("AWS::ApiGateway::Stage").properties

    (settings,) = properties["MethodSettings"]
    assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
    assert settings["ThrottlingRateLimit"] == STAGES[stage.stage].api_rate
    assert settings["ThrottlingBurstLimit"] == STAGES[stage.stage].api_burst
    assert properties["TracingEnabled"] is True


def test_the_accounts_log_role_outlives_the_api(stage: Synthesis) -> None:
    assert stage.the("AWS::ApiGateway::Account").body["DeletionPolicy"] == "Retain"


def test_orders_are_taken_only_where_the_saga_is(stage: Synthesis) -> None:
    stacks = {stack.stack_name: stack for stack in stage.app.synth().stacks}
    prefix = f"orders-{stage.stage}-"

    needed = {dependency.id for dependency in stacks[f"{prefix}api"].dependencies}
    assert needed >= {f"{prefix}data", f"{prefix}saga", f"{prefix}events"}
