import time
from collections.abc import Callable

import pytest

from lambdas.notify_customer.handler import handler
from lambdas.notify_customer.logic import notify_customer
from lambdas.shared.errors import MailRejected, MailUnavailable, NothingToTell
from lambdas.shared.order import Failure, Order, OrderStatus
from tests.unit.lambdas.builders import EMAIL, ORDER_ID, an_order
from tests.unit.lambdas.events import CONTEXT, step_payload
from tests.unit.lambdas.fakes import FakeMailer, Mail
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop

DAY = 24 * 60 * 60


def notify() -> dict[str, object]:
    return handler(step_payload(), CONTEXT)


# What the customer reads


def test_a_confirmed_order_is_told_with_what_was_paid(mailer: FakeMailer) -> None:
    notify_customer(an_order(status=OrderStatus.CONFIRMED, amount=75_800), mailer)

    assert mailer.sent == [
        Mail(EMAIL, "Your order is confirmed", f"Order {ORDER_ID}\n\nYou paid 758.00 USD.\n")
    ]


@pytest.mark.parametrize(
    ("status", "subject"),
    [
        (OrderStatus.FAILED, "Your order could not be completed"),
        (OrderStatus.CANCELLED, "Your order is cancelled"),
    ],
)
def test_a_closed_order_is_told_with_its_reason_and_that_the_money_is_back(
    mailer: FakeMailer, status: OrderStatus, subject: str
) -> None:
    order = an_order(
        status=status, amount=75_800, failure=Failure("payment_declined", "Your card was declined.")
    )

    notify_customer(order, mailer)

    [mail] = mailer.sent
    assert mail.subject == subject
    assert "Your card was declined. Anything that was charged has been given back." in mail.text
    assert "You paid" not in mail.text


@pytest.mark.parametrize(
    "status", [OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT, OrderStatus.NEEDS_ATTENTION]
)
def test_of_an_order_that_has_not_ended_there_is_nothing_to_tell(
    mailer: FakeMailer, status: OrderStatus
) -> None:
    with pytest.raises(NothingToTell, match=status):
        notify_customer(an_order(status=status), mailer)

    assert mailer.sent == []


# Once per order and end


@pytest.mark.parametrize("given", [Shop.confirmed, Shop.closed])
def test_the_customer_is_told_once_however_often_the_saga_comes_here(
    shop: Shop, mailer: FakeMailer, given: Callable[[Shop], Order]
) -> None:
    order = given(shop)

    answers = [notify(), notify()]

    assert answers == [{"status": order.status}] * 2
    assert len(mailer.sent) == 1


def test_a_confirmation_and_a_later_cancellation_are_both_told(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()
    notify()
    shop.close_cancelled()

    notify()

    assert [mail.subject for mail in mailer.sent] == ["Your order is confirmed", "Your order is cancelled"]


@pytest.mark.parametrize("refusal", [MailUnavailable("busy"), MailRejected("SES answers MessageRejected")])
def test_a_mail_that_was_not_sent_can_be_sent_by_another_attempt(
    shop: Shop, mailer: FakeMailer, refusal: Exception
) -> None:
    shop.confirmed()
    mailer.refusal = refusal

    with pytest.raises(type(refusal)):
        notify()
    notify()

    assert len(mailer.sent) == 1


def test_while_another_attempt_is_sending_this_one_comes_back_later(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    def send_and_come_here_again(to: str, subject: str, text: str) -> None:
        with pytest.raises(MailUnavailable, match="IdempotencyAlreadyInProgressError"):
            notify()
        mailer.sent.append(Mail(to, subject, text))

    mailer.send = send_and_come_here_again  # type: ignore[method-assign] # just this once
    notify()

    assert len(mailer.sent) == 1


def test_without_the_idempotency_table_no_mail_is_sent(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()
    shop.client.delete_table(TableName=IDEMPOTENCY_TABLE)

    with pytest.raises(MailUnavailable, match="IdempotencyPersistenceLayerError"):
        notify()

    assert mailer.sent == []


def test_the_idempotency_record_bears_no_address(shop: Shop, mailer: FakeMailer) -> None:
    shop.confirmed()

    notify()

    [item] = shop.all_items(IDEMPOTENCY_TABLE)
    assert item["status"] == "COMPLETED"
    assert mailer.sent[0].to not in str(item)


def test_a_saga_that_runs_again_weeks_later_finds_that_the_customer_was_told(
    shop: Shop, mailer: FakeMailer
) -> None:
    shop.confirmed()

    notify()

    [item] = shop.all_items(IDEMPOTENCY_TABLE)
    assert item["expiration"] > time.time() + 80 * DAY
    assert len(mailer.sent) == 1
