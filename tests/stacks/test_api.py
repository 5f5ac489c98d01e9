"""The REST API: its calls, who may make them, and what is written about them."""

import json

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
}

PERSONAL = ("identity", "authorizer", "path", "requestOverride")


def routes(stage: Synthesis) -> dict[str, str]:
    """Which function answers which call."""
    parents = {"Api.RootResourceId": ""}
    for resource in stage.resources("AWS::ApiGateway::Resource"):
        parent = parents[readable(resource.properties["ParentId"])]
        parents[resource.name] = f"{parent}/{resource.properties['PathPart']}"
    return {
        f"{method.properties['HttpMethod']} {parents[readable(method.properties['ResourceId'])]}": json.dumps(
            method.properties["Integration"]["Uri"]
        )
        for method in stage.resources("AWS::ApiGateway::Method")
    }


def test_each_call_is_answered_by_its_function(stage: Synthesis) -> None:
    found = routes(stage)

    assert found.keys() == ROUTES.keys()
    for route, function in ROUTES.items():
        assert f'"{function}' in found[route]


@pytest.mark.parametrize(
    ("name", "authorization"), [("local", "NONE"), ("dev", "AWS_IAM"), ("prod", "AWS_IAM")]
)
def test_callers_sign_their_requests_in_the_cloud(
    request: pytest.FixtureRequest, name: str, authorization: str
) -> None:
    methods = request.getfixturevalue(name).resources("AWS::ApiGateway::Method")

    assert {method.properties["AuthorizationType"] for method in methods} == {authorization}


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
