"""Which caller may make which call, and tokens that are rejected."""

import base64
import json
import uuid
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
import stripe
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from local.users import CUSTOMER, OPERATOR, OTHER_CUSTOMER, DemoUsers, email_of
from local.waiting import wait_for
from local.world import STRIPE_WEBHOOK_SECRET, World
from proof.orders import an_order

ANONYMOUS: Final = "anonymous"
STRIPE: Final = "Stripe"
CALLERS: Final = (ANONYMOUS, CUSTOMER, OTHER_CUSTOMER, OPERATOR, STRIPE)

# The order is CUSTOMER's, failed and at rest, so allowed callers get 409 for what can't be done with it.
ANSWERS: Final = {
    #                                 anonymous  customer A  customer B  operator  Stripe
    "GET /health":                         (200,        200,        200,      200,    200),
    "POST /orders":                        (401,        202,        202,      403,    401),
    "GET /orders":                         (401,        200,        200,      200,    401),
    "GET /orders/{order_id}":              (401,        200,        404,      200,    401),
    "GET /orders/{order_id}/executions":   (401,        403,        403,      200,    401),
    "GET /orders/{order_id}/effects":      (401,        403,        403,      200,    401),
    "GET /orders/{order_id}/story":        (401,        403,        403,      200,    401),
    "POST /orders/{order_id}/cancel":      (401,        409,        404,      409,    401),
    "POST /orders/{order_id}/retry":       (401,        403,        403,      409,    401),
    "POST /orders/{order_id}/republish":   (401,        403,        403,      202,    401),
    "POST /orders/{order_id}/fulfil":      (401,        403,        403,      409,    401),
    "POST /orders/{order_id}/refunds":     (401,        403,        403,      409,    401),
    "POST /orders/{order_id}/settle":      (401,        403,        403,      409,    401),
    "POST /customers/{customer_id}/erase": (401,        403,        403,      404,    401),
    "GET /inventory":                      (401,        200,        200,      200,    401),
    "GET /inventory/{sku}":                (401,        200,        200,      200,    401),
    "PUT /inventory/{sku}":                (401,        403,        403,      200,    401),
    "PATCH /inventory/{sku}":              (401,        403,        403,      200,    401),
    "POST /inventory/{sku}/restock":       (401,        403,        403,      200,    401),
    "POST /webhooks/stripe":               (400,        400,        400,      400,    200),
}  # fmt: skip

COLD_START_SECONDS: Final = 30.0

BODIES: Final[dict[str, Any]] = {
    "POST /orders": an_order(),
    "PUT /inventory/{sku}": {"name": "Blue vase", "unit_price": 900, "currency": "usd", "available": 7},
    "POST /orders/{order_id}/refunds": {"amount": 1, "reason": "Goodwill."},
    "POST /orders/{order_id}/settle": {"reason": "Paid back in cash."},
    "PATCH /inventory/{sku}": {"unit_price": 800},
    "POST /inventory/{sku}/restock": {"quantity": 1},
    "POST /webhooks/stripe": {
        "id": "evt_of_no_interest",
        "type": "customer.created",
        "livemode": False,
        "created": 1_772_366_400,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    },
}


@pytest.fixture(scope="module")
def order_id(world: World) -> str:
    """An order of CUSTOMER's that is at rest."""
    order_id = world.shop.signed_in(CUSTOMER).order(an_order(("SOLD-OUT-SOFA", 1)))
    world.shop.signed_in(CUSTOMER).wait_until_rest(order_id)
    return order_id


def call_as(caller: str, call: str, world: World, order_id: str) -> httpx.Response:
    """Make a call with the token or the signature of this caller."""
    method, path = call.format(order_id=order_id, sku="BLUE-VASE", customer_id="nobody").split(" ")
    body = json.dumps(BODIES[call]) if call in BODIES else ""
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
    if method == "PUT":
        headers["If-Match"] = world.shop.request("GET", path).headers["ETag"]
    if caller == STRIPE:
        headers["Stripe-Signature"] = stripe.WebhookSignature.generate_signature_header(
            body, STRIPE_WEBHOOK_SECRET
        )
    elif caller != ANONYMOUS:
        headers["Authorization"] = f"Bearer {world.users.token(caller)}"
    url = world.api_url + path
    return httpx.request(
        method, url, content=body, headers=headers, trust_env=False, timeout=COLD_START_SECONDS
    )


@pytest.mark.parametrize("call", ANSWERS)
def test_a_call_is_allowed_only_for_its_callers(world: World, order_id: str, call: str) -> None:
    world.shop.stock("BLUE-VASE", BODIES["PUT /inventory/{sku}"])

    answers = {caller: call_as(caller, call, world, order_id).status_code for caller in CALLERS}

    assert answers == dict(zip(CALLERS, ANSWERS[call], strict=True))


def test_the_table_has_every_deployed_call(world: World) -> None:
    api_id = world.api_url.split("/restapis/")[1].split("/")[0]
    resources = world.aws.client("apigateway").get_resources(restApiId=api_id, embed=["methods"])["items"]

    calls = {
        f"{method} {resource['path']}"
        for resource in resources
        for method in resource.get("resourceMethods", {})
        if method != "ANY"
    }

    assert calls == ANSWERS.keys()


# Tokens that are rejected


def decoded(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "==")))


def encoded(part: object) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def with_claims(token: str, **claims: object) -> str:
    """The token with changed claims and the old signature."""
    header, payload, signature = token.split(".")
    return ".".join((header, encoded(decoded(payload) | claims), signature))


def with_algorithm_none(token: str) -> str:
    header, payload, _signature = token.split(".")
    return f"{encoded(decoded(header) | {'alg': 'none'})}.{payload}."


def signed_with_another_key(token: str) -> str:
    header, payload, _signature = token.split(".")
    key = generate_private_key(public_exponent=65537, key_size=2048)
    signature = key.sign(f"{header}.{payload}".encode(), PKCS1v15(), SHA256())
    return f"{header}.{payload}.{encoded(signature)}"


TAMPERED: Final[dict[str, Callable[[str], str]]] = {
    "promoted": lambda token: with_claims(token, **{"cognito:groups": ["operators"]}),
    "another user's": lambda token: with_claims(token, sub=str(uuid.uuid4())),
    "prolonged": lambda token: with_claims(token, exp=4_102_444_800),
    "unsigned": lambda token: f"{token.rpartition('.')[0]}.",
    "alg none": with_algorithm_none,
    "forged": signed_with_another_key,
    "no token": lambda _token: "not.a.token",
}


def answer_to(world: World, token: str, order_id: str) -> httpx.Response:
    """The response to a request for the order with this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return world.shop.request("GET", f"/orders/{order_id}", headers=headers)


@pytest.mark.parametrize("tampering", TAMPERED)
def test_a_token_that_was_changed_is_rejected(world: World, order_id: str, tampering: str) -> None:
    token = world.users.token(CUSTOMER)
    assert answer_to(world, token, order_id).status_code == 200

    answer = answer_to(world, TAMPERED[tampering](token), order_id)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_of_another_user_pool_is_rejected(world: World, order_id: str) -> None:
    cognito = world.aws.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="another-pool", UsernameAttributes=["email"])["UserPool"][
        "Id"
    ]
    for group in ("customers", "operators"):
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
    elsewhere = DemoUsers(world.aws, pool_id=pool_id, client_id=new_client(world, pool_id))

    assert answer_to(world, elsewhere.token(OPERATOR), order_id).status_code == 401


def test_an_expired_token_is_rejected(world: World, order_id: str) -> None:
    # Given: a client with the shortest validity that the embedded Cognito allows
    validity = {"IdTokenValidity": 2, "TokenValidityUnits": {"IdToken": "seconds"}}
    client_id = new_client(world, world.outputs["UserPoolId"], **validity)

    # When
    token = sign_in(world, client_id, CUSTOMER)["IdToken"]
    before = answer_to(world, token, order_id).status_code

    # Then
    assert before == 200
    wait_for(
        lambda: answer_to(world, token, order_id).status_code == 401, "the token expired", timeout_seconds=10
    )


@pytest.mark.parametrize("path", ["/orders/{order_id}", "/inventory", "/inventory/RED-CHAIR"])
def test_an_access_token_is_rejected(world: World, order_id: str, path: str) -> None:
    token = sign_in(world, world.outputs["UserPoolClientId"], CUSTOMER)["AccessToken"]

    answer = world.shop.request(
        "GET", path.format(order_id=order_id), headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 401


def new_client(world: World, pool_id: str, **settings: Any) -> str:  # noqa: ANN401 - as boto3 takes them
    client = world.aws.client("cognito-idp").create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="for-a-test",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        **settings,
    )
    return client["UserPoolClient"]["ClientId"]


def sign_in(world: World, client_id: str, name: str) -> dict[str, Any]:
    world.users.token(name)  # creates the user
    answer = world.aws.client("cognito-idp").initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email_of(name), "PASSWORD": world.users.password},
    )
    return dict(answer["AuthenticationResult"])
