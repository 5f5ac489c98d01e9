"""Orders over HTTP, and their effects at Stripe, in the stock, on the bus and in the mailbox."""

import uuid

from local.world import World
from proof.orders import an_order


def test_a_submitted_order_is_accepted_at_once_and_confirmed_later(world: World) -> None:
    # When
    answer = world.shop.post_order(an_order())
    order_id = answer.json()["order_id"]

    # Then
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/orders/{order_id}"
    assert answer.json()["status"] == "PENDING"
    assert world.shop.wait_until_rest(order_id)["status"] == "CONFIRMED"


def test_a_confirmed_order_is_paid_reserved_published_and_mailed(world: World) -> None:
    # Given
    email = f"{uuid.uuid4()}@example.com"
    chairs, _ = world.shop.get_product("RED-CHAIR")

    # When
    order_id = world.shop.order(an_order(("RED-CHAIR", 3), email=email))
    world.executions.wait_until_ended(order_id)

    # Then
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    assert (payment.captured, payment.charges, payment.refunded) == (3 * chairs["unit_price"], 1, 0)
    assert world.shop.get_product("RED-CHAIR")[0]["available"] == chairs["available"] - 3
    (event,) = world.audit_trail.wait_for_events(order_id)
    assert event["event"] == "OrderConfirmed"
    (mail,) = world.mailbox.messages_to(email)
    assert mail.subject == "Your order is confirmed"


def test_the_same_request_twice_is_one_order_and_one_charge(world: World) -> None:
    # Given
    key, submission = str(uuid.uuid4()), an_order()
    first = world.shop.post_order(submission, key)
    order_id = first.json()["order_id"]
    world.executions.wait_until_ended(order_id)

    # When
    second = world.shop.post_order(submission, key)

    # Then
    assert (second.status_code, second.text) == (first.status_code, first.text)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert [each.charges for each in world.stripe.payments() if each.order_id == order_id] == [1]


def test_a_used_key_with_another_body_is_rejected(world: World) -> None:
    # Given
    key = str(uuid.uuid4())
    world.shop.post_order(an_order(), key)

    # When
    answer = world.shop.post_order(an_order(("RED-CHAIR", 1)), key)

    # Then
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:problem-type:order-saga:idempotency-key-reused"


def test_the_order_of_another_customer_is_not_found(world: World) -> None:
    # Given
    order_id = world.shop.signed_in("alice").order(an_order())

    # When
    answer = world.shop.signed_in("mallory").request("GET", f"/orders/{order_id}")

    # Then
    assert answer.status_code == 404


def test_an_invalid_order_is_rejected_and_does_not_use_up_its_key(world: World) -> None:
    # Given
    key = str(uuid.uuid4())
    wrong = {**an_order(), "items": [{"sku": "CRUNCHY-ARMCHAIR", "quantity": 0}]}

    # When
    answer = world.shop.request("POST", "/orders", headers={"Idempotency-Key": key}, json=wrong)

    # Then
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == ["items.0.quantity"]
    # The key is still unused: a valid order with it is new.
    right = world.shop.post_order(an_order(), key)
    assert (right.status_code, right.headers.get("Idempotent-Replayed")) == (202, None)


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
