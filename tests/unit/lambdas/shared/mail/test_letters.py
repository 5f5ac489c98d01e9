"""What customers read."""

import re
from dataclasses import replace

import pytest

from lambdas.domain.order import Payment, PaymentStatus
from lambdas.domain.vocabulary import Capture, FailureCode
from lambdas.shared.mail.approval_needed import approval_needed
from lambdas.shared.mail.letter import Letter, Link
from lambdas.shared.mail.lines_refunded import lines_refunded
from lambdas.shared.mail.order_closed import order_cancelled, order_failed
from lambdas.shared.mail.order_confirmed import order_confirmed
from lambdas.shared.mail.order_shipped import order_shipped
from lambdas.shared.mail.payment_refunded import payment_refunded
from lambdas.shared.mail.text_part import text_part
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, an_order, two
from tests.unit.lambdas.shared.mail.letters import (
    ALL_GOODS,
    DEADLINE,
    FULFILMENT,
    LETTERS,
    LINE_REFUND,
    a_priced_order,
    closed,
    waiting,
)

MESSAGE = "This is said by the failure."
WITHOUT_DETAILS = {
    FailureCode.CANCELLED_BY_CUSTOMER,
    FailureCode.CANCELLED_BY_OPERATOR,
    FailureCode.RETURNED,
    FailureCode.INTERNAL_ERROR,
}


def test_a_confirmation_has_the_goods_the_price_and_the_number() -> None:
    assert text_part(LETTERS["confirmed"]) == (
        "Your order is confirmed\n\n"
        "Thank you for your order. You paid $807.99.\n\n"
        "2 x Crunchy armchair, $379.00 each: $758.00\n"
        "1 x Tasteless lamp, $49.99 each: $49.99\n"
        "Total: $807.99\n\n"
        "We are preparing your order. You have nothing else to do.\n\n"
        "If you contact us about this order, please state the number below.\n\n"
        f"Order {ORDER_ID}\n"
    )


def test_a_confirmation_does_not_say_that_reserved_money_was_paid() -> None:
    letter = order_confirmed(a_priced_order(PaymentStatus.REQUIRES_CAPTURE))

    assert letter.opening == (
        "Thank you for your order. Your bank reserves $807.99. You pay when we send your order.",
    )


def test_a_customer_who_pays_at_the_shipment_reads_that_they_paid() -> None:
    order = replace(a_priced_order(PaymentStatus.SUCCEEDED), capture=Capture.AT_FULFILMENT)

    letter = order_shipped(order, replace(FULFILMENT, carrier=None, tracking_number=None), ALL_GOODS)

    assert letter.opening == (
        "We have sent your order.",
        "You paid $807.99, which your bank had reserved.",
    )


def test_a_customer_reads_that_reserved_money_is_released() -> None:
    order = closed(FailureCode.CANCELLED_BY_CUSTOMER, MESSAGE, PaymentStatus.CANCELED)
    held = replace(order, payment=replace(order.payment, capture_before="2026-03-08T12:00:00.000Z"))

    assert order_cancelled(held).opening[-1] == (
        "You were not charged. Your bank releases the amount that it has reserved."
    )


def test_a_confirmation_that_comes_late_does_not_say_that_goods_are_still_prepared() -> None:
    letter = order_confirmed(replace(a_priced_order(PaymentStatus.SUCCEEDED), fulfilment=FULFILMENT))

    assert letter.closing[0] == "We have sent your order. You have nothing else to do."


def test_a_refund_of_lines_has_its_goods_and_its_part_of_the_price() -> None:
    assert text_part(LETTERS["lines-refunded"]).startswith(
        "Your refund is on its way\n\n"
        "Your refund of $379.00, of the $807.99 that you paid, is on its way. "
        "It can take your bank 5 to 10 business days to show it on your statement.\n\n"
        "1 x Crunchy armchair, $379.00 each: $379.00\n"
        "Total: $379.00\n\n"
    )


def test_a_refund_of_an_amount_lists_no_goods() -> None:
    letter = lines_refunded(
        a_priced_order(PaymentStatus.SUCCEEDED), {**LINE_REFUND, "items": [], "amount": 500}
    )

    assert (letter.goods, letter.total) == ((), None)
    assert letter.opening[0].startswith("Your refund of $5.00, of the $807.99 that you paid")


def test_a_refund_that_the_bank_returned_has_its_goods_and_its_amount() -> None:
    assert text_part(LETTERS["refund-returned"]).startswith(
        "Your bank has returned your refund\n\n"
        "Your bank did not accept your refund of $379.00, of the $807.99 that you paid.\n\n"
        "It has returned the money to us.\n\n"
        "1 x Crunchy armchair, $379.00 each: $379.00\n"
        "Total: $379.00\n\n"
        "We will contact you to agree on another way."
    )


def test_each_failure_code_has_a_reason_and_an_advice_of_its_own() -> None:
    letters = [order_failed(closed(code, MESSAGE)) for code in FailureCode]

    assert len({letter.opening for letter in letters}) == len(FailureCode)
    assert len({letter.closing for letter in letters}) == len(FailureCode)
    assert not [letter for letter in letters if re.search(r"[a-z]_[a-z]", str(letter.opening))]


@pytest.mark.parametrize("code", FailureCode)
def test_the_message_of_a_failure_is_told_if_it_says_more(code: FailureCode) -> None:
    opening = order_failed(closed(code, MESSAGE)).opening

    assert (MESSAGE in opening[0]) == (code not in WITHOUT_DETAILS)


@pytest.mark.parametrize(
    ("carrier", "number", "opening"),
    [
        (None, None, ()),
        ("DHL", None, ("It is delivered by DHL.",)),
        (None, "7", ("The tracking number is 7.",)),
        ("DHL", "7", ("It is delivered by DHL. The tracking number is 7.",)),
    ],
)
def test_a_delivery_is_told_as_far_as_it_is_known(
    carrier: str | None, number: str | None, opening: tuple[str, ...]
) -> None:
    fulfilment = replace(FULFILMENT, carrier=carrier, tracking_number=number)

    letter = order_shipped(a_priced_order(PaymentStatus.SUCCEEDED), fulfilment, ALL_GOODS)

    assert letter.opening == ("We have sent your order.", *opening)


def test_a_code_of_a_later_version_reads_as_an_error_of_ours() -> None:
    letter = order_failed(closed("out_of_luck", MESSAGE))

    assert letter.opening == order_failed(closed(FailureCode.INTERNAL_ERROR, "")).opening


@pytest.mark.parametrize(
    ("payment", "words"),
    [
        (PaymentStatus.NOT_STARTED, "You were not charged."),
        (PaymentStatus.CANCELED, "You were not charged."),
        (PaymentStatus.REFUNDED, "We have refunded $807.99 to your card. It can take your bank 5 to 10"),
        (PaymentStatus.REFUND_PENDING, "Your refund of $807.99 is on its way. We will write again"),
        (PaymentStatus.SETTLED_OUTSIDE, "We could not refund $807.99 to your card"),
    ],
)
def test_a_cancellation_says_what_happens_to_the_money(payment: PaymentStatus, words: str) -> None:
    letter = order_cancelled(closed(FailureCode.CANCELLED_BY_CUSTOMER, MESSAGE, payment))

    assert letter.opening[1].startswith(words)


@pytest.mark.parametrize(
    ("payment", "words"),
    [
        (PaymentStatus.REFUNDED, "We have refunded $807.99 in all to your card."),
        (PaymentStatus.REFUND_PENDING, "Your refund of $757.99 is on its way."),
        (PaymentStatus.SETTLED_OUTSIDE, "We could not refund $757.99 to your card"),
    ],
)
def test_a_cancellation_does_not_tell_a_refund_outside_twice(payment: PaymentStatus, words: str) -> None:
    order = closed(FailureCode.CANCELLED_BY_CUSTOMER, MESSAGE, payment)
    partly_refunded = replace(order, payment=replace(order.payment, refunded_outside=5_000))

    assert order_cancelled(partly_refunded).opening[1].startswith(words)


def test_a_closed_order_that_still_holds_money_has_no_mail() -> None:
    with pytest.raises(ValueError, match="its payment is succeeded"):
        order_failed(closed(FailureCode.OUT_OF_STOCK, MESSAGE, PaymentStatus.SUCCEEDED))


def test_an_order_without_prices_is_listed_by_its_skus() -> None:
    order = closed(FailureCode.UNKNOWN_SKU, MESSAGE, PaymentStatus.NOT_STARTED)
    unpriced = replace(order, lines=an_order(two(ARMCHAIR)).lines, amount=None)

    text = text_part(order_failed(unpriced))

    assert "\n2 x CRUNCHY-ARMCHAIR\n" in text
    assert "Total" not in text


def test_an_approval_has_its_link_and_its_deadline() -> None:
    letter = approval_needed(waiting(), DEADLINE)

    assert letter.link == Link("Approve the payment", "https://bank.example/approve")
    assert letter.opening[1] == "Open the link below and approve it by 12:15 UTC on 1 March 2026."


@pytest.mark.parametrize("action", [None, {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": "x"}}])
def test_an_approval_without_a_page_of_the_bank_leads_to_the_shop(action: dict[str, str] | None) -> None:
    order = replace(waiting(), payment=Payment(PaymentStatus.REQUIRES_ACTION, "pi_1", action))

    letter = approval_needed(order, DEADLINE)

    assert letter.link is None
    assert letter.opening[1].startswith("Return to the shop")


@pytest.mark.parametrize(
    ("amount", "opening"),
    [
        (5_000, "We have refunded $50.00 to your card, of the $807.99 that you paid for your order."),
        (80_799, "We have refunded $807.99 to your card."),
    ],
)
def test_a_refund_says_how_much_of_the_payment_it_is(amount: int, opening: str) -> None:
    [words] = payment_refunded(a_priced_order(PaymentStatus.SUCCEEDED), amount).opening

    assert words.startswith(opening)
    assert "5 to 10 business days" in words


@pytest.mark.parametrize("letter", LETTERS.values(), ids=LETTERS)
def test_each_letter_names_its_order_and_has_one_subject(letter: Letter) -> None:
    assert (letter.order_id, letter.subject.isascii()) == (ORDER_ID, True)
    assert [other.subject for other in LETTERS.values()].count(letter.subject) == 1
