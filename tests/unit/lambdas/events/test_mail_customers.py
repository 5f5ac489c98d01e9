"""Mails about events that are not the end of an order."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from lambdas.domain import clock
from lambdas.domain.errors import MailRejected, MailUnavailable, OutOfStock
from lambdas.domain.order import PaymentStatus
from lambdas.domain.vocabulary import MAILED_EVENTS
from lambdas.events.mail_customers.handler import handler
from lambdas.events.publish_order_events.handler import handler as publish_order_events
from lambdas.saga.notify_customer.handler import handler as notify_customer
from lambdas.shared.aws import ses
from lambdas.shared.mail.ses_mailer import SENDING_SECONDS
from stacks.timeouts import function_timeout_seconds
from tests.unit.lambdas.builders import ARMCHAIR, EMAIL, LAMP, ORDER_ID, caught, two
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import FakeEventBridge, FakeMailer, FakeStripe
from tests.unit.lambdas.invocations import CONTEXT, sqs_event, step_payload
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

ALL_HANDLED: dict[str, list[object]] = {"batchItemFailures": []}


def deliver(event_bridge: FakeEventBridge, shop: Shop) -> list[Mapping[str, object]]:
    """Publish the events of all changes so far, and deliver those with a mail, as the rule does."""
    event_bridge.entries.clear()
    publish_order_events({"Records": shop.stream()}, CONTEXT)
    return [mail(entry) for entry in event_bridge.entries if entry["DetailType"] in MAILED_EVENTS]


def mail(entry: Mapping[str, str]) -> Mapping[str, object]:
    body = {"detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}
    return handler(sqs_event(json.dumps(body)), CONTEXT)


def approval_needed(shop: Shop, _event_bridge: FakeEventBridge) -> None:
    shop.awaiting_payment(FakeStripe())


def refund_sent(shop: Shop, _event_bridge: FakeEventBridge) -> None:
    shop.orders.record_refund_arrived(shop.refund_pending())


def refunded_outside(shop: Shop, _event_bridge: FakeEventBridge) -> None:
    shop.refunded_outside(shop.confirmed(), 5_000)


def shipped(shop: Shop, _event_bridge: FakeEventBridge) -> None:
    shop.fulfilled()


Given = Callable[[Shop, FakeEventBridge], None]
each_mail = pytest.mark.parametrize("given", [approval_needed, refund_sent, refunded_outside, shipped])


def test_a_payment_to_approve_is_mailed_with_its_link_and_deadline(
    shop: Shop, stripe: FakeStripe, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.awaiting_payment(stripe)  # some seconds after noon

    assert deliver(event_bridge, shop) == [ALL_HANDLED]

    [sent] = mailer.sent
    assert (sent.to, sent.subject) == (EMAIL, "Please approve your payment")
    assert "https://bank.example/approve" in sent.text
    assert "by 12:15 UTC on 1 March 2026" in sent.text


def test_goods_that_were_sent_are_mailed_with_carrier_and_number(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.fulfilled()

    deliver(event_bridge, shop)

    [sent] = mailer.sent
    assert sent.subject == "Your order is on its way"
    assert "It is delivered by DHL. The tracking number is 00340434161094." in sent.text


def test_goods_that_were_refunded_before_are_not_said_to_be_sent(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.lines_refunded(shop.confirmed(two(ARMCHAIR), two(LAMP)))
    shop.orders.fulfil(ORDER_ID, "the-boss", None, None)
    shop.lines_refunded(shop.order())  # after they were sent

    deliver(event_bridge, shop)

    [text] = [sent.text for sent in mailer.sent if sent.subject == "Your order is on its way"]
    assert "1 x Crunchy armchair, $379.00 each: $379.00\n2 x Tasteless lamp" in text
    assert "Total: $478.98\n" in text


def test_an_order_without_any_goods_left_has_no_mail_that_it_was_sent(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.lines_refunded(shop.lines_refunded(shop.confirmed()))
    shop.orders.fulfil(ORDER_ID, "the-boss", None, None)

    deliver(event_bridge, shop)

    assert [sent.subject for sent in mailer.sent] == ["Your refund is on its way"] * 2


def test_a_refund_of_lines_that_the_bank_returned_is_mailed(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.refund_returned(shop.lines_refunded(shop.confirmed()))

    deliver(event_bridge, shop)

    assert [sent.subject for sent in mailer.sent] == [
        "Your refund is on its way",
        "Your bank has returned your refund",
    ]


def test_goods_that_are_on_their_way_back_have_no_mail(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.fulfilled()
    shop.cancel(by="operator")

    deliver(event_bridge, shop)

    assert mailer.sent == []


def test_a_refund_that_was_pending_is_mailed_when_it_was_sent(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.orders.record_refund_arrived(shop.refund_pending())

    deliver(event_bridge, shop)

    [sent] = mailer.sent
    assert sent.subject == "Your refund has been sent"
    assert "We have refunded $758.00 to your card." in sent.text


def test_each_refund_outside_is_mailed_with_its_own_amount(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    order = shop.confirmed()
    for total in (5_000, 15_000, 5_000, 75_800):  # the second one failed later
        order = shop.refunded_outside(order, total)

    deliver(event_bridge, shop)

    amounts = [sent.letter.opening[0].removeprefix("We have refunded ").split()[0] for sent in mailer.sent]
    assert amounts == ["$50.00", "$100.00", "$708.00"]


@each_mail
def test_an_event_that_is_delivered_twice_has_one_mail(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer, given: Given
) -> None:
    given(shop, event_bridge)

    answers = [*deliver(event_bridge, shop), *deliver(event_bridge, shop)]

    assert answers == [ALL_HANDLED] * 2
    assert len(mailer.sent) == 1


@each_mail
def test_an_event_that_is_published_again_has_no_second_mail(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer, given: Given
) -> None:
    given(shop, event_bridge)
    deliver(event_bridge, shop)
    shop.orders.request_republication(ORDER_ID)

    deliver(event_bridge, shop)

    assert len(mailer.sent) == 1


@each_mail
def test_a_mail_that_ses_does_not_take_now_is_sent_later(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer, given: Given
) -> None:
    given(shop, event_bridge)
    mailer.refusal = MailUnavailable("busy")
    with pytest.raises(Exception, match="MailUnavailable"):
        deliver(event_bridge, shop)

    deliver(event_bridge, shop)

    assert len(mailer.sent) == 1


def test_a_mail_that_ses_never_takes_is_given_up(
    shop: Shop, stripe: FakeStripe, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.awaiting_payment(stripe)
    mailer.refusal = MailRejected("SES returned MessageRejected")

    assert deliver(event_bridge, shop) + deliver(event_bridge, shop) == [ALL_HANDLED] * 2

    assert mailer.sent == []


def approved(shop: Shop) -> object:
    return shop.orders.record_payment(ORDER_ID, PaymentStatus.SUCCEEDED, "PaymentSucceeded")


def processing(shop: Shop) -> object:
    return shop.orders.record_processing(ORDER_ID)


@pytest.mark.parametrize("decide", [approved, processing, Shop.cancel])
def test_a_customer_who_has_decided_gets_no_mail_about_the_approval(
    shop: Shop,
    stripe: FakeStripe,
    event_bridge: FakeEventBridge,
    mailer: FakeMailer,
    decide: Callable[[Shop], object],
) -> None:
    shop.awaiting_payment(stripe)
    decide(shop)

    assert deliver(event_bridge, shop) == [ALL_HANDLED]

    assert mailer.sent == []


def test_no_approval_is_asked_for_after_its_deadline(
    shop: Shop,
    stripe: FakeStripe,
    event_bridge: FakeEventBridge,
    mailer: FakeMailer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop.awaiting_payment(stripe)
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T12:16:00.000Z")

    assert deliver(event_bridge, shop) == [ALL_HANDLED]

    assert mailer.sent == []


def test_an_erased_customer_gets_no_mail(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    order = shop.notified(shop.confirmed())
    shop.orders.erase(order.order_id)
    shop.refunded_outside(shop.order(), 5_000)

    assert deliver(event_bridge, shop) == [ALL_HANDLED]

    assert mailer.sent == []


def test_a_refund_on_its_way_is_told_by_the_saga_and_its_arrival_here(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    # Given: a customer who was told that the refund is on its way, and a refund that was sent later
    shop.refund_pending()
    notify_customer(step_payload(), CONTEXT)
    shop.orders.record_refund_arrived(shop.order())

    # When
    deliver(event_bridge, shop)
    notify_customer(step_payload(), CONTEXT)

    # Then
    assert [sent.subject for sent in mailer.sent] == [
        "Your order could not be completed",
        "Your refund has been sent",
    ]


def test_no_log_event_or_idempotency_record_has_the_address_or_link(
    shop: Shop, stripe: FakeStripe, event_bridge: FakeEventBridge, mailer: FakeMailer, log: Log
) -> None:
    shop.awaiting_payment(stripe)

    deliver(event_bridge, shop)

    records = [each for each in shop.all_items(IDEMPOTENCY_TABLE) if each.get("status") == "COMPLETED"]
    written = log.text + str(records) + str(event_bridge.entries)
    assert len(records) == 1
    assert mailer.sent
    assert ORDER_ID in written
    assert [secret for secret in (EMAIL, "bank.example") if secret in written] == []


def test_the_lock_of_a_mail_outlives_the_call_to_ses() -> None:
    config: Any = ses().meta.config  # its stub has no attributes

    assert config.connect_timeout + config.read_timeout < SENDING_SECONDS
    assert function_timeout_seconds("mail_customers") > SENDING_SECONDS


def test_a_refund_that_was_sent_leaves_out_what_was_mailed_before(
    shop: Shop, event_bridge: FakeEventBridge, mailer: FakeMailer
) -> None:
    shop.refunded_outside(shop.paid(), 5_000)
    shop.orders.begin_undo(ORDER_ID, caught(OutOfStock("Nothing is left.")))
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.REFUND_PENDING, "PaymentRefundPending")
    shop.orders.record_refund_arrived(shop.orders.close(ORDER_ID, {}))

    deliver(event_bridge, shop)

    opening = [sent.letter.opening[0] for sent in mailer.sent]
    assert [text.partition("$")[2].split()[0] for text in opening] == ["50.00", "708.00"]
