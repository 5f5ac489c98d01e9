"""Orders over HTTP, and their effects at Stripe, in the stock, on the bus and in the mailbox."""

import uuid

from local.users import CUSTOMER, email_of
from local.world import World
from proof.orders import DECLINED, an_order


def test_an_order_is_accepted_then_paid_reserved_published_and_mailed(world: World) -> None:
    # Given
    customer = f"new-{uuid.uuid4().hex}"
    shop = world.shop.signed_in(customer)
    chairs, _ = shop.get_product("RED-CHAIR")

    # When
    answer = shop.post_order(an_order(("RED-CHAIR", 3)))
    order_id = answer.json()["order_id"]

    # Then
    assert (answer.status_code, answer.json()["status"]) == (202, "PENDING")
    assert answer.headers["Location"] == f"/orders/{order_id}"
    world.executions.wait_until_ended(order_id)
    assert shop.get_order(order_id)["status"] == "CONFIRMED"
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    assert (payment.captured, payment.charges, payment.refunded) == (3 * chairs["unit_price"], 1, 0)
    assert shop.get_product("RED-CHAIR")[0]["available"] == chairs["available"] - 3
    (event,) = world.audit_trail.wait_for_events(order_id)
    assert event["event"] == "OrderConfirmed"
    (mail,) = world.mailbox.messages_to(email_of(customer))
    assert mail.subject == "Your order is confirmed"


def test_the_logs_name_order_and_execution_and_no_personal_data(world: World) -> None:
    # Given
    return_url = f"https://shop.example/{uuid.uuid4()}"

    # When
    order_id = world.shop.order({**DECLINED, "return_url": return_url})
    world.executions.wait_until_ended(order_id)

    # Then
    lines = [line for _, line in world.function_logs.lines()]
    assert any(f'"order_id":"{order_id}"' in line for line in lines)
    for private in (email_of(CUSTOMER), return_url, "pm_card", "sk_test"):
        assert not [line for line in lines if private in line]
