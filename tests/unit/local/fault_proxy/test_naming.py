"""The names of calls: readable, and the same in every run."""

import json
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from local.fault_proxy.naming import AwsNaming, CallName, StripeNaming

ENVIRON = {
    "ORDERS_TABLE": "Orders-1X2Y",
    "INVENTORY_TABLE": "Inventory-3Z",
    "STRIPE_SECRET_ID": "arn:aws:secretsmanager:us-east-1:1:secret:Stripe-9",
    "SENDER_EMAIL": "orders@example.com",
}


def named(service: str, target: str | None, parameters: dict[str, Any] | None = None) -> str:
    headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential=AK/20260101/us-east-1/{service}/aws4_request"}
    if target is not None:
        headers["X-Amz-Target"] = target
    body = json.dumps(parameters or {}).encode()
    request = make_mocked_request("POST", "/v2/email/outbound-emails", headers)
    return str(AwsNaming().name(request, body, ENVIRON))


def named_stripe(naming: StripeNaming, path: str, body: bytes = b"") -> CallName:
    return naming.name(make_mocked_request("POST", path), body, {})


@pytest.mark.parametrize(
    ("operation", "parameters", "name"),
    [
        ("UpdateItem", {"TableName": "Orders-1X2Y"}, "dynamodb UpdateItem orders"),
        ("BatchGetItem", {"RequestItems": {"Inventory-3Z": {}}}, "dynamodb BatchGetItem inventory"),
        (
            "TransactWriteItems",
            {
                "TransactItems": [
                    {"Update": {"TableName": "Orders-1X2Y"}},
                    {"Update": {"TableName": "Inventory-3Z"}},
                    {"Update": {"TableName": "Inventory-3Z"}},
                ]
            },
            "dynamodb TransactWriteItems inventory, orders",
        ),
        ("GetItem", {"TableName": "Unheard-of"}, "dynamodb GetItem Unheard-of"),
    ],
)
def test_a_table_is_named_as_in_the_functions_environment(
    operation: str, parameters: dict[str, Any], name: str
) -> None:
    assert named("dynamodb", f"DynamoDB_20120810.{operation}", parameters) == name


def test_a_secret_is_named_as_in_the_functions_environment() -> None:
    parameters = {"SecretId": ENVIRON["STRIPE_SECRET_ID"]}

    name = named("secretsmanager", "secretsmanager.GetSecretValue", parameters)

    assert name == "secretsmanager GetSecretValue stripe"


def test_method_and_path_name_a_call_without_an_operation() -> None:
    assert named("ses", target=None) == "ses POST /v2/email/outbound-emails"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/payment_intents", "stripe POST /v1/payment_intents"),
        ("/v1/payment_intents/pi_3MtwBw/confirm", "stripe POST /v1/payment_intents/{id}/confirm"),
    ],
)
def test_ids_of_stripe_objects_are_left_out(path: str, name: str) -> None:
    assert str(named_stripe(StripeNaming(), path)) == name


def test_a_call_to_stripe_is_about_the_order_of_its_payment() -> None:
    naming = StripeNaming()
    create = named_stripe(naming, "/v1/payment_intents", b"amount=5&metadata[order_id]=order-1")
    naming.learn(create, b'{"id": "pi_1"}')

    confirm = named_stripe(naming, "/v1/payment_intents/pi_1/confirm")
    refund = named_stripe(naming, "/v1/refunds", b"payment_intent=pi_1")
    listed = named_stripe(naming, "/v1/refunds?limit=100&payment_intent=pi_1")
    other = named_stripe(naming, "/v1/payment_intents/pi_2/confirm")

    assert [each.order_id for each in (create, confirm, refund, listed, other)] == [*["order-1"] * 4, None]
