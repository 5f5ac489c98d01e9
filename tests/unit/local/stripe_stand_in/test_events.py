"""The events of a payment."""

from collections.abc import Callable

import pytest
import stripe

from local.stripe_stand_in.events import API_VERSION
from tests.unit.local.stripe_stand_in.receiver import Receiver, types
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


def test_events_have_the_version_of_the_sdk() -> None:
    assert stripe.api_version == API_VERSION


CREATED = "payment_intent.created"
PAID = [CREATED, "charge.succeeded", "payment_intent.succeeded"]
DECLINED = [CREATED, "charge.failed", "payment_intent.payment_failed"]
CHALLENGED = [CREATED, "payment_intent.requires_action"]
REFUNDED = ["refund.created", "charge.refunded"]


def decline(shop: Shop) -> stripe.PaymentIntent:
    intent = shop.intend("pm_card_visa_chargeDeclinedInsufficientFunds")
    with pytest.raises(stripe.CardError):
        shop.confirm(intent)
    return intent


def pay_after_decline(shop: Shop) -> None:
    intent = decline(shop)
    shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})


def challenge(shop: Shop, *, success: bool | None = None) -> None:
    """Pay with a card that asks for 3-D Secure; pass or fail it, or leave it open."""
    intent = shop.confirm(shop.intend("pm_card_authenticationRequired"))
    if success is not None:
        shop.stand_in.authenticate(intent.id, success=success)


def refund_twice(shop: Shop) -> None:
    paid = shop.pay()
    shop.refund(paid, amount=1000)
    shop.refund(paid)


@pytest.mark.parametrize(
    ("change", "event_types"),
    [
        (Shop.intend, [CREATED]),
        (Shop.pay, PAID),
        (lambda shop: shop.intend(confirm=True), PAID),
        (decline, DECLINED),
        (pay_after_decline, [*DECLINED, *PAID[1:]]),
        (challenge, CHALLENGED),
        (lambda shop: challenge(shop, success=True), [*CHALLENGED, *PAID[1:]]),
        (lambda shop: challenge(shop, success=False), [*CHALLENGED, "payment_intent.payment_failed"]),
        (lambda shop: shop.cancel(shop.intend()), [CREATED, "payment_intent.canceled"]),
        (lambda shop: shop.refund(shop.pay()), [*PAID, *REFUNDED]),
        (refund_twice, [*PAID, *REFUNDED, *REFUNDED]),
    ],
)
def test_events_report_each_change_in_order(
    shop: Shop, receiver: Receiver, change: Callable[[Shop], object], event_types: list[str]
) -> None:
    change(shop)

    receiver.wait_for(event_types[-1], times=event_types.count(event_types[-1]))
    assert receiver.types() == event_types


def test_an_event_names_the_request_that_caused_it(shop: Shop, receiver: Receiver) -> None:
    intent = shop.intend(key=f"{shop.order_id}-charge")

    [created] = receiver.wait_for(CREATED)

    assert intent.last_response is not None
    event = created.event
    assert event["id"].startswith("evt_")
    assert {name: event[name] for name in ("object", "api_version", "livemode", "pending_webhooks")} == {
        "object": "event",
        "api_version": stripe.api_version,
        "livemode": False,
        "pending_webhooks": 1,
    }
    assert event["request"] == {
        "id": intent.last_response.request_id,
        "idempotency_key": f"{shop.order_id}-charge",
    }


def test_creating_and_confirming_at_once_has_one_cause(shop: Shop, receiver: Receiver) -> None:
    shop.intend(confirm=True, key=f"{shop.order_id}-charge")

    events = receiver.wait_for("payment_intent.succeeded")

    assert len({event.event["request"]["id"] for event in events}) == 1
    assert {event.event["request"]["idempotency_key"] for event in events} == {f"{shop.order_id}-charge"}


def test_an_event_shows_its_object_as_it_was_after_the_change(shop: Shop, receiver: Receiver) -> None:
    intent = shop.pay()
    shop.refund(intent, amount=1000)

    created, charge, succeeded, _, refunded = receiver.wait_for("charge.refunded")

    assert (created.about["status"], created.about["amount_received"]) == ("requires_confirmation", 0)
    assert created.about["metadata"] == charge.about["metadata"] == {"order_id": shop.order_id}
    assert charge.about["id"] == succeeded.about["latest_charge"] == intent.latest_charge
    assert (charge.about["payment_intent"], charge.about["amount_refunded"]) == (intent.id, 0)
    assert succeeded.about["status"] == "succeeded"
    assert (refunded.about["amount_refunded"], refunded.about["refunded"]) == (1000, False)


def test_the_events_of_a_decline_have_its_reason(shop: Shop, receiver: Receiver) -> None:
    decline(shop)

    _, charge, failed = receiver.wait_for("payment_intent.payment_failed")

    assert charge.about["status"] == "failed"
    assert failed.about["last_payment_error"]["decline_code"] == "insufficient_funds"


def test_a_replay_causes_no_event(shop: Shop, receiver: Receiver) -> None:
    intent = shop.intend(key=shop.order_id)
    shop.intend(key=shop.order_id)
    shop.cancel(intent)

    assert types(receiver.wait_for("payment_intent.canceled")) == [CREATED, "payment_intent.canceled"]


def test_a_request_without_effect_causes_no_event(shop: Shop, receiver: Receiver) -> None:
    intent = shop.intend()
    with pytest.raises(stripe.StripeError):
        shop.confirm(intent, fail="before")
    with pytest.raises(stripe.InvalidRequestError):
        shop.refund(intent)
    shop.cancel(intent)

    assert types(receiver.wait_for("payment_intent.canceled")) == [CREATED, "payment_intent.canceled"]


def test_an_effect_causes_its_events_even_when_the_call_fails(shop: Shop, receiver: Receiver) -> None:
    intent = shop.intend()

    with pytest.raises(stripe.StripeError):
        shop.confirm(intent, fail="after")

    assert types(receiver.wait_for("payment_intent.succeeded")) == PAID
