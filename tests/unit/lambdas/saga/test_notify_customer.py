import time
from collections.abc import Callable
from typing import Any

import pytest

from lambdas.domain.errors import MailRejected, MailUnavailable, NothingToTell, PaymentDeclined
from lambdas.domain.order import Order, PaymentStatus
from lambdas.saga.notify_customer.handler import handler
from lambdas.shared.aws import ses
from lambdas.shared.mail.letter import Letter
from lambdas.shared.mail.ses_mailer import SENDING_SECONDS
from lambdas.shared.store.attributes import to_attributes
from statemachines.document import SagaDocument
from tests.unit.lambdas.builders import EMAIL, ORDER_ID, caught
from tests.unit.lambdas.fakes import FakeMailer, Mail
from tests.unit.lambdas.invocations import CONTEXT, step_payload
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, ORDERS_TABLE, Shop

DAY = 24 * 60 * 60


def cancelled(shop: Shop) -> Order:
    shop.confirmed()
    return shop.close_cancelled()


def declined(shop: Shop) -> Order:
    """An order that is closed after its PaymentIntent was cancelled."""
    shop.orders.begin_undo(shop.paid().order_id, caught(PaymentDeclined("The card has expired.")))
    shop.orders.record_money_back(ORDER_ID, PaymentStatus.CANCELED, "PaymentCanceled")
    return shop.orders.close(ORDER_ID, {})


def notify() -> dict[str, object]:
    return handler(step_payload(), CONTEXT)


# What the customer reads


def test_the_customer_of_a_confirmed_order_reads_what_they_paid(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    notify()

    [mail] = mailer.sent
    assert (mail.to, mail.subject) == (EMAIL, "Your order is confirmed")
    assert "You paid $758.00." in mail.text
    assert "2 x Crunchy armchair, $379.00 each: $758.00" in mail.text


@pytest.mark.parametrize(
    ("end", "subject", "reason", "money"),
    [
        (Shop.closed, "Your order could not be completed", "sold out", "You were not charged."),
        (declined, "Your order could not be completed", "The card has expired.", "You were not charged."),
        (cancelled, "Your order is cancelled", "because you asked us to", "We have refunded $758.00"),
        (Shop.refund_pending, "Your order could not be completed", "sold out", "is on its way"),
        (Shop.settled, "Your order could not be completed", "sold out", "in another way"),
    ],
    ids=["closed", "declined", "cancelled", "refund pending", "settled outside"],
)
def test_the_customer_of_a_closed_order_reads_why_and_of_the_refund(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    shop: Shop, mailer: FakeMailer, end: Callable[[Shop], Order], subject: str, reason: str, money: str
) -> None:
    end(shop)

    notify()

    [mail] = mailer.sent
    assert mail.subject == subject
    assert reason in mail.text
    assert money in mail.text
    assert "You paid" not in mail.text


def test_a_settlement_after_the_first_message_is_told(shop: Shop, mailer: FakeMailer) -> None:
    # Given: the customer was told of the refund, which then failed
    order = shop.refund_pending()
    notify()
    shop.orders.record_refund_failed(shop.order())

    # When
    shop.orders.settle(order.order_id, "the-boss", "Paid back in cash.")
    shop.orders.close(order.order_id, {})
    notify()

    # Then
    assert len(mailer.sent) == 2
    assert "in another way" in mailer.sent[-1].text


@pytest.mark.parametrize("not_ended", [Shop.placed, Shop.paid, Shop.being_undone])
def test_an_order_that_has_not_ended_has_no_message(
    shop: Shop, mailer: FakeMailer, not_ended: Callable[[Shop], object]
) -> None:
    not_ended(shop)

    with pytest.raises(NothingToTell, match="PENDING"):
        notify()

    assert mailer.sent == []


# An order is at rest once its customer is notified


def test_an_order_is_at_rest_once_its_customer_is_notified(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()
    before = shop.unsettled()

    notify()

    assert (before, shop.unsettled()) == ([ORDER_ID], [])
    assert shop.order().timeline[-1].event == "CustomerNotified"
    assert len(mailer.sent) == 1


def test_an_order_is_not_at_rest_until_its_customer_is_notified(shop: Shop, mailer: FakeMailer) -> None:
    shop.closed()
    mailer.refusal = MailUnavailable("busy")

    with pytest.raises(MailUnavailable):
        notify()

    assert shop.unsettled() == [ORDER_ID]
    notify()
    assert (shop.unsettled(), len(mailer.sent)) == ([], 1)


def test_an_order_whose_customer_cannot_be_notified_is_at_rest(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()
    mailer.refusal = MailRejected("SES returned MessageRejected")

    with pytest.raises(MailRejected):
        notify()

    assert shop.unsettled() == []
    assert shop.order().timeline[-1].event == "CustomerNotNotified"


def test_an_order_cancelled_while_its_mail_is_sent_is_not_at_rest(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    def send_while_the_customer_cancels(to: str, letter: Letter) -> None:
        mailer.sent.append(Mail(to, letter))
        shop.cancel()

    mailer.send = send_while_the_customer_cancels  # type: ignore[method-assign] # just this once
    notify()

    assert shop.unsettled() == [ORDER_ID]


def test_a_mail_that_could_not_be_recorded_is_not_sent_again(shop: Shop, mailer: FakeMailer) -> None:
    # Given: the worker died after it sent the mail and before it recorded this
    shop.confirmed()
    as_it_was = shop.all_items(ORDERS_TABLE)[0]
    notify()
    shop.client.put_item(TableName=ORDERS_TABLE, Item=to_attributes(as_it_was))

    # When
    notify()

    # Then
    assert len(mailer.sent) == 1
    assert shop.unsettled() == []


# One message for each end of an order


@pytest.mark.parametrize("given", [Shop.confirmed, Shop.closed])
def test_the_customer_is_notified_once_however_often_the_step_runs(
    shop: Shop, mailer: FakeMailer, given: Callable[[Shop], Order]
) -> None:
    order = given(shop)

    answers = [notify(), notify()]

    assert answers == [{"status": order.status}] * 2
    assert len(mailer.sent) == 1


def test_a_confirmation_and_a_later_cancellation_are_both_sent(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()
    notify()
    shop.close_cancelled()

    notify()

    assert [mail.subject for mail in mailer.sent] == ["Your order is confirmed", "Your order is cancelled"]


def test_an_attempt_is_retried_while_another_one_sends(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    def send_while_another_attempt_runs(to: str, letter: Letter) -> None:
        with pytest.raises(MailUnavailable, match="IdempotencyAlreadyInProgressError"):
            notify()
        mailer.sent.append(Mail(to, letter))

    mailer.send = send_while_another_attempt_runs  # type: ignore[method-assign] # just this once
    notify()

    assert len(mailer.sent) == 1


def test_the_lock_of_a_mail_outlives_the_call_to_ses() -> None:
    config: Any = ses().meta.config  # its stub has no attributes

    assert config.connect_timeout + config.read_timeout < SENDING_SECONDS


@pytest.mark.parametrize("state", ["NotifyCustomer", "NotifyCustomerOfClosure"])
def test_the_retries_of_a_mail_outlive_the_lock_of_a_lost_call(state: str) -> None:
    # Full jitter halves the pauses on average.
    assert sum(SagaDocument.load().states[state].pauses) / 2 > 2 * SENDING_SECONDS


def test_the_idempotency_record_lasts_weeks_and_has_no_address(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    notify()

    [item] = shop.all_items(IDEMPOTENCY_TABLE)
    assert item["status"] == "COMPLETED"
    assert item["expiration"] > time.time() + 80 * DAY
    assert mailer.sent[0].to not in str(item)
