"""Refunds that Stripe decides after the saga has closed the order."""

from local.users import OPERATOR
from local.world import World
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.payment_scenarios import cancelled_with_refund
from tests.saga.conftest import wait_for_status


def test_a_pending_refund_that_fails_is_refunded_by_a_retry(world: World) -> None:
    # Given: an order that is closed while its refund is pending
    before = take_snapshot(world)
    order_id = cancelled_with_refund("pending")(world, an_order()).order_id
    [payment] = [each for each in world.stripe.payments() if each.order_id == order_id]

    # When
    world.stripe.finish_refund(payment.intent_id, success=False)
    wait_for_status(world, order_id, "NEEDS_ATTENTION")
    world.shop.signed_in(OPERATOR).retry_order(order_id)

    # Then
    wait_for_status(world, order_id, "CANCELLED")
    order = world.shop.get_order(order_id)
    assert order["payment"]["status"] == "refunded"
    assert violations(before, take_snapshot(world)) == []
