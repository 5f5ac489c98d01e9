"""Orders over HTTP, and their effects at Stripe, in the stock, on the bus and in the mailbox."""

import uuid

from local.world import World
from proof.orders import an_order


def test_an_order_is_accepted_then_paid_reserved_published_and_mailed(world: World) -> None:
    # Given
    email = f"{uuid.uuid4()}@example.com"
    chairs, _ = world.shop.get_product("RED-CHAIR")

    # When
    answer = world.shop.post_order(an_order(("RED-CHAIR", 3), email=email))
    order_id = answer.json()["order_id"]

    # Then
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
    assert answer.headers["Location"] == f"/orders/{order_id}"
    world.executions.wait_until_ended(order_id)
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    assert (payment.captured, payment.charges, payment.refunded) == (3 * chairs["unit_price"], 1, 0)
    assert world.shop.get_product("RED-CHAIR")[0]["available"] == chairs["available"] - 3
    (event,) = world.audit_trail.wait_for_events(order_id)
    assert event["event"] == "OrderConfirmed"
    (mail,) = world.mailbox.messages_to(email)
    assert mail.subject == "Your order is confirmed"


def test_the_logs_name_order_and_execution_and_no_personal_data(world: World) -> None:
    # Given
    email = f"{uuid.uuid4()}@example.com"

    # When
    order_id = world.shop.order(an_order(email=email, payment_method="pm_card_visa_chargeDeclined"))
    world.executions.wait_until_ended(order_id)

    # Then
    lines = [line for _, line in world.function_logs.lines()]
    assert any(f'"order_id":"{order_id}"' in line for line in lines)
    assert not [line for line in lines if email in line or "pm_card" in line or "sk_test" in line]
