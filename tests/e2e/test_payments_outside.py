"""Refunds and disputes that happen at Stripe, outside of the saga, are recorded on the order."""

import pytest
import stripe

from local.waiting import wait_for
from local.world import World
from proof.orders import an_order
from proof.payment_scenarios import wait_for_webhooks


def confirmed(world: World) -> tuple[str, str]:
    """A confirmed order and its PaymentIntent."""
    order_id = world.shop.order(an_order())
    order = world.shop.wait_until_rest(order_id)
    intent_id = order["payment"]["intent_id"]
    assert intent_id is not None
    return order_id, intent_id


def wait_for_timeline(world: World, order_id: str, event: str) -> None:
    def seen() -> bool:
        return event in [entry["event"] for entry in world.shop.get_order(order_id)["timeline"]]

    wait_for(seen, f"{event} on the timeline of {order_id}", timeout_seconds=30)


def payment_events(world: World, order_id: str) -> list[str]:
    """What has happened to the order's payment outside of the saga."""
    timeline = [entry["event"] for entry in world.shop.get_order(order_id)["timeline"]]
    return [event for event in timeline if event.startswith(("PaymentRefundedOutside", "PaymentDispute"))]


def test_a_refund_in_the_dashboard_is_recorded_and_published(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)

    # When
    world.stripe.refund_in_dashboard(intent_id, 500)

    # Then
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 500")
    events = world.audit_trail.wait_for_events(order_id, count=2)
    assert [event["event"] for event in events] == ["OrderConfirmed", "PaymentRefundedOutside"]
    assert events[1]["detail"]["payment"] == {"disputed": False, "refunded_outside": 500}


def test_a_dispute_is_recorded_and_published(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)

    # When
    world.stripe.dispute(intent_id)

    # Then
    wait_for_timeline(world, order_id, "PaymentDisputed")
    events = world.audit_trail.wait_for_events(order_id, count=2)
    assert [event["event"] for event in events] == ["OrderConfirmed", "PaymentDisputed"]


@pytest.mark.parametrize(
    ("won", "event", "disputed"), [(True, "PaymentDisputeWon", False), (False, "PaymentDisputeLost", True)]
)
def test_the_end_of_a_dispute_is_recorded_and_published(
    world: World, *, won: bool, event: str, disputed: bool
) -> None:
    # Given
    order_id, intent_id = confirmed(world)
    world.stripe.dispute(intent_id)
    wait_for_timeline(world, order_id, "PaymentDisputed")

    # When
    world.stripe.close_dispute(intent_id, won=won)
    wait_for_timeline(world, order_id, event)
    wait_for_webhooks(world, order_id)

    # Then
    assert payment_events(world, order_id) == ["PaymentDisputed", event]
    events = world.audit_trail.wait_for_events(order_id, count=3)
    assert events[2]["event"] == event
    assert events[2]["detail"]["payment"]["disputed"] is disputed


def test_all_refunds_in_the_dashboard_are_counted(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)

    # When: more than Stripe lists on a page by default
    for _ in range(12):
        world.stripe.refund_in_dashboard(intent_id, 100)

    # Then
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 1200")


def test_an_order_refunded_in_ten_parts_can_be_cancelled(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)
    for _ in range(10):
        world.stripe.refund_in_dashboard(intent_id, 100)
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 1000")

    # When
    world.shop.cancel_order(order_id)
    world.shop.wait_until_rest(order_id)
    wait_for_webhooks(world, order_id)

    # Then
    assert world.shop.get_order(order_id)["status"] == "CANCELLED"
    assert payment_events(world, order_id)[-1] == "PaymentRefundedOutside: 1000"


def test_a_refund_in_the_dashboard_that_fails_is_followed(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)

    # When
    world.stripe.refund_in_dashboard(intent_id, 2000)
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 2000")
    world.stripe.fail_refund(intent_id)
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 0")
    world.stripe.refund_in_dashboard(intent_id, 1500)
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 1500")

    # Then
    events = world.audit_trail.wait_for_events(order_id, count=4)
    assert [event["event"] for event in events[1:]] == ["PaymentRefundedOutside"] * 3
    assert [event["detail"]["payment"]["refunded_outside"] for event in events[1:]] == [2000, 0, 1500]


def test_a_refund_is_outside_whatever_its_metadata_says(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)
    client = stripe.StripeClient("sk_test_of_another_tool", base_addresses={"api": world.stripe_url})
    metadata = {"order_id": order_id, "service": "orders-local", "attempt": f"{order_id}-0"}

    # When
    client.v1.refunds.create({"payment_intent": intent_id, "amount": 300, "metadata": metadata})

    # Then
    wait_for_timeline(world, order_id, "PaymentRefundedOutside: 300")


def test_a_foreign_payment_that_names_an_order_does_not_touch_it(world: World) -> None:
    # Given
    order_id, intent_id = confirmed(world)
    wait_for_webhooks(world, order_id)
    before = world.shop.get_order(order_id)

    # When
    foreign = world.stripe.pay_elsewhere(700, metadata={"order_id": order_id, "service": "orders-local"})[
        "id"
    ]
    world.stripe.refund_in_dashboard(foreign)
    world.stripe.dispute(foreign)
    world.stripe.close_dispute(foreign, won=True)
    wait_for(
        lambda: (
            {"refund.created", "charge.dispute.closed"}
            <= {each.type for each in world.stripe.deliveries(order_id) if each.intent_id == foreign}
        ),
        "the events of the foreign payment are delivered",
        timeout_seconds=30,
    )
    wait_for_webhooks(world, order_id)

    # Then
    assert foreign != intent_id
    assert world.shop.get_order(order_id) == before


def test_only_the_customer_of_an_order_can_approve_its_payment(world: World) -> None:
    # Given
    submission = an_order(payment_method="pm_card_authenticationRequired")
    order_id = world.shop.signed_in("alice").order(submission)

    def waiting() -> bool:
        return world.shop.signed_in("alice").get_order(order_id)["status"] == "AWAITING_PAYMENT"

    wait_for(waiting, "the order waits", timeout_seconds=30)

    # When
    hers = world.shop.signed_in("alice").request("GET", f"/orders/{order_id}").json()
    his = world.shop.signed_in("mallory").request("GET", f"/orders/{order_id}")

    # Then
    assert hers["payment"]["next_action"]["type"] == "use_stripe_sdk"
    assert hers["payment"]["client_secret"].startswith(hers["payment"]["intent_id"])
    assert his.status_code == 404
    world.stripe.authenticate(hers["payment"]["intent_id"], success=True)
    assert world.shop.signed_in("alice").wait_until_rest(order_id)["status"] == "CONFIRMED"
