"""Mails that a consumer of the bus sends, and what happens if it fails."""

from local.fault_proxy.faults import Fault
from local.traces import Mail
from local.users import CUSTOMER, OPERATOR, email_of
from local.waiting import wait_for
from local.world import World
from proof.orders import NEEDS_APPROVAL, an_order
from proof.payment_scenarios import cancelled_with_refund
from proof.scenarios import cancellation_ended, fulfil_once_confirmed
from tests.saga.conftest import payment_of

RETURN_URL = "https://shop.example/orders"
APPROVAL = "Please approve your payment"
MAIL = "mail_customers: ses *"
REFUND = "Your refund has been sent"


def mails_about(world: World, order_id: str) -> list[Mail]:
    return [mail for mail in world.mailbox.messages_to(email_of(CUSTOMER)) if order_id in mail.text]


def wait_for_mail(world: World, order_id: str, subject: str) -> Mail:
    return wait_for(
        lambda: next((mail for mail in mails_about(world, order_id) if mail.subject == subject), None),
        f"the mail {subject!r}",
        timeout_seconds=60.0,
    )


def test_a_payment_to_approve_is_mailed_with_the_banks_link(world: World) -> None:
    # Given
    order_id = world.shop.order({**NEEDS_APPROVAL, "return_url": RETURN_URL})

    # When
    mail = wait_for_mail(world, order_id, APPROVAL)
    action = world.shop.get_order(order_id)["payment"]["next_action"]
    world.stripe.authenticate(payment_of(world, order_id).intent_id, success=True)
    world.executions.wait_until_ended(order_id)

    # Then
    assert action["redirect_to_url"]["url"] in mail.text
    assert [each.subject for each in mails_about(world, order_id)] == [APPROVAL, "Your order is confirmed"]


def test_a_refund_that_was_pending_is_mailed_when_it_is_sent(world: World) -> None:
    # Given
    order_id = cancelled_with_refund("pending")(world, an_order()).order_id

    # When
    world.stripe.finish_refund(payment_of(world, order_id).intent_id, success=True)
    wait_for_mail(world, order_id, REFUND)

    # Then
    subjects = [each.subject for each in mails_about(world, order_id)]
    assert subjects == ["Your order is confirmed", "Your order is cancelled", REFUND]


def test_goods_that_are_sent_and_come_back_are_mailed_and_published(world: World) -> None:
    # Given
    order_id = fulfil_once_confirmed(world, an_order()).order_id
    wait_for_mail(world, order_id, "Your order is on its way")

    # When
    world.shop.signed_in(OPERATOR).cancel_order(order_id)
    cancellation_ended(world, order_id)

    # Then
    wait_for_mail(world, order_id, "Your return is complete")
    events = world.audit_trail.wait_for_events(order_id, count=3)
    assert [event["event"] for event in events] == ["OrderConfirmed", "OrderFulfilled", "OrderCancelled"]
    assert world.shop.get_order(order_id)["failure"]["code"] == "returned"


def test_mails_that_fail_harm_neither_the_order_nor_the_audit(world: World) -> None:
    # Given: the mail about the approval has failed
    world.faults.inject(Fault("refuse", MAIL, times=None))
    world.faults.begin_recording()
    order_id = world.shop.order(NEEDS_APPROVAL)
    wait_for(
        lambda: any(call.name.startswith("mail_customers: ses ") for call in world.faults.calls()),
        "a mail is refused",
        timeout_seconds=60.0,
    )

    # When
    world.stripe.authenticate(payment_of(world, order_id).intent_id, success=True)
    world.executions.wait_until_ended(order_id)

    # Then
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    events = world.audit_trail.wait_for_events(order_id, count=2)
    assert [event["event"] for event in events] == ["PaymentApprovalNeeded", "OrderConfirmed"]
    assert [each.subject for each in mails_about(world, order_id)] == ["Your order is confirmed"]
