"""The payments of a run, read from Stripe with the SDK."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final, Literal, cast

import pytest
import stripe

from local.stripe_stand_in.payments import StripePayment
from proof.acceptance.stripe_sandbox import StripeSandbox, is_sandbox_key, sandbox_client
from tests.unit.local.stripe_stand_in.conftest import ready_url, start

SERVICE: Final = "orders-dev"


@pytest.fixture
def client() -> Iterator[stripe.StripeClient]:
    with start() as process:
        yield sandbox_client("sk_test_a", ready_url(process))


def pay(
    client: stripe.StripeClient,
    order_id: str,
    *,
    card: str = "pm_card_visa",
    service: str = SERVICE,
    capture: Literal["automatic", "manual"] = "automatic",
) -> None:
    """Pay 25.00 for an order, or have it authorized; the bank may decline."""
    with suppress(stripe.CardError):
        client.v1.payment_intents.create(
            {
                "amount": 2_500,
                "currency": "usd",
                "payment_method": card,
                "confirm": True,
                "capture_method": capture,
                "metadata": {"order_id": order_id, "service": service},
            }
        )


def payments_of_the_run(client: stripe.StripeClient, *, since: int = 0) -> list[StripePayment]:
    sandbox = StripeSandbox(
        client,
        service=SERVICE,
        since=since,
        is_of_others=lambda order_id: order_id == "of-others",
        browser=cast(Any, None),
    )
    return sandbox.payments()


@pytest.mark.parametrize(
    ("key", "expected"),
    [("sk_test_1", True), ("rk_test_1", True), ("sk_live_1", False), ("rk_live_1", False), ("", False)],
)
def test_only_a_sandbox_key_is_accepted(key: str, *, expected: bool) -> None:
    assert is_sandbox_key(key) is expected


@pytest.mark.enable_socket
def test_the_money_of_each_payment_of_the_run_is_added_up(client: stripe.StripeClient) -> None:
    # Given
    for order_id in ("kept", "refunded"):
        pay(client, order_id)
    pay(client, "declined", card="pm_card_visa_chargeDeclined")
    refunded = client.v1.payment_intents.list().data[1]
    client.v1.refunds.create({"payment_intent": refunded.id})

    # When
    payments = payments_of_the_run(client)

    # Then
    moved = {each.order_id: (each.charges, each.captured, each.refunds, each.refunded) for each in payments}
    assert moved == {
        "kept": (1, 2_500, 0, 0),
        "refunded": (1, 2_500, 1, 2_500),
        "declined": (0, 0, 0, 0),
    }
    assert [each.order_id for each in payments] == ["kept", "refunded", "declined"]


@pytest.mark.enable_socket
def test_an_authorized_payment_holds_money_until_it_is_released(client: stripe.StripeClient) -> None:
    # Given
    for order_id in ("held", "released"):
        pay(client, order_id, capture="manual")
    released = client.v1.payment_intents.list().data[0]
    client.v1.payment_intents.cancel(released.id)
    assert client.v1.refunds.list({"payment_intent": released.id}).data

    # When
    payments = payments_of_the_run(client)

    # Then
    moved = {each.order_id: (each.authorized, each.captured, each.refunded) for each in payments}
    assert moved == {"held": (2_500, 0, 0), "released": (0, 0, 0)}


@pytest.mark.enable_socket
def test_payments_of_others_are_not_of_the_run(client: stripe.StripeClient) -> None:
    pay(client, "of-others")
    pay(client, "of-another-stage", service="orders-prod")
    client.v1.payment_intents.create({"amount": 900, "currency": "usd"})
    pay(client, "of-nobody")

    assert [each.order_id for each in payments_of_the_run(client)] == ["of-nobody"]


@pytest.mark.enable_socket
def test_earlier_payments_are_not_of_the_run(client: stripe.StripeClient) -> None:
    pay(client, "earlier")
    (intent,) = client.v1.payment_intents.list().data

    assert payments_of_the_run(client, since=intent.created + 1) == []
