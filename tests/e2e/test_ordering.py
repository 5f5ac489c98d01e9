"""Orders over HTTP, and their effects at Stripe, in the stock, on the bus and in the mailbox."""

import json
import uuid
from collections import defaultdict

from docgen.contract.schemas import ExecutionsSchema
from local.users import CUSTOMER, OPERATOR, email_of
from local.waiting import wait_for
from local.world import World
from proof.orders import DECLINED, NEEDS_APPROVAL, an_order


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


def _ids_in_logs(world: World, order_id: str) -> dict[str, set[tuple[str | None, ...]]]:
    """The order, the execution and the request that the lines of each function name."""
    found: defaultdict[str, set[tuple[str | None, ...]]] = defaultdict(set)
    for function, text in world.function_logs.lines(order_id):
        line = json.loads(text)
        if "message" in line and "_aws" not in line:
            ids = (line.get("order_id"), line.get("execution"), line.get("request_id"))
            found[function.removeprefix("/aws/lambda/orders-local-")].add(ids)
    return found


def test_one_order_is_followed_through_the_logs_of_all_functions(world: World) -> None:
    # Given: an order whose customer approves the payment after the mail about it
    order_id = world.shop.order(NEEDS_APPROVAL)
    wait_for(
        lambda: "Please approve your payment" in world.subjects_of_mail(email_of(CUSTOMER), order_id),
        "the customer is asked to approve the payment",
        timeout_seconds=60.0,
    )
    world.stripe.authenticate(str(world.shop.get_order(order_id)["payment"]["intent_id"]), success=True)

    # When
    world.executions.wait_until_ended(order_id)
    world.audit_trail.wait_for_events(order_id, count=2)

    # Then: every line of every function names the order, its execution and its request
    operator = world.shop.signed_in(OPERATOR)
    received, *entries = operator.get_order(order_id)["timeline"]
    request_id = received["request_id"]
    steps = {"validate_order", "charge_payment", "await_payment", "reserve_inventory", "notify_customer"}
    others = {"submit_order", "receive_stripe_webhook", "publish_order_events"}
    others |= {"audit_order_events", "mail_customers", "update_pick_list"}
    expected = {
        **{each: {(order_id, order_id, request_id)} for each in (*steps, "start_saga")},
        **{each: {(order_id, None, request_id)} for each in others},
    }
    wait_for(
        lambda: _ids_in_logs(world, order_id).keys() >= expected.keys(),
        "all functions have logged the order",
        timeout_seconds=30.0,
    )
    assert _ids_in_logs(world, order_id) == expected

    # Then: every entry names its writer, and the execution is shown with its states
    assert all(("execution" in entry) is not ("request_id" in entry) for entry in entries)
    answer = operator.request("GET", f"/orders/{order_id}/executions").raise_for_status()
    [execution] = ExecutionsSchema.model_validate_json(answer.text).executions
    assert (execution.name, execution.reason, execution.status) == (order_id, "submission", "SUCCEEDED")
    assert [(state.name, state.outcome, len(state.attempts)) for state in execution.states] == [
        ("ValidateOrder", "succeeded", 1),
        ("ChargePayment", "caught", 1),
        ("AwaitPayment", "succeeded", 1),
        ("ReserveInventory", "succeeded", 1),
        ("NotifyCustomer", "succeeded", 1),
    ]
