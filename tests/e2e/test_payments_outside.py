"""Refunds and disputes that happen at Stripe, outside of the saga, are recorded on the order."""

from local.waiting import wait_for
from local.world import World
from proof.orders import an_order


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
