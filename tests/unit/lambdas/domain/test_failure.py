import pytest

from lambdas.domain.errors import (
    AmountNotChargeable,
    CurrencyMismatch,
    OrderCancelled,
    OrderRejected,
    OutOfStock,
    PaymentDeclined,
    PaymentExpired,
    PriceChanged,
    RefundRefused,
    StoreUnavailable,
    TooManyOrders,
    UndoIncomplete,
    UnknownSku,
)
from lambdas.domain.failure import INTERNAL_ERROR, failure_of, reason_for_operator
from lambdas.domain.order import Failure
from tests.unit.lambdas.builders import TIMED_OUT, an_order, caught


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnknownSku("CRUNCHY-ARMCHAIR is not in the catalogue."), "unknown_sku"),
        (CurrencyMismatch("CRUNCHY-ARMCHAIR is sold in usd, not in eur."), "currency_mismatch"),
        (OutOfStock("CRUNCHY-ARMCHAIR is out of stock."), "out_of_stock"),
        (PaymentDeclined("Your card was declined."), "payment_declined"),
        (PaymentExpired("The payment was not approved in time."), "payment_expired"),
        (AmountNotChargeable("An order costs at least 0.50 USD."), "amount_not_chargeable"),
        (PriceChanged("The order costs 90.00 USD, not 10.00 USD as expected."), "price_changed"),
        (TooManyOrders("At most 20 orders can be placed within an hour."), "too_many_orders"),
        (OrderCancelled("The order was cancelled by the customer."), "cancelled_by_customer"),
    ],
)
def test_the_customer_reads_why_the_order_was_rejected(error: OrderRejected, code: str) -> None:
    assert failure_of(caught(error), an_order()) == Failure(code, str(error))


@pytest.mark.parametrize(
    "error_output",
    [
        TIMED_OUT,
        {"Error": "Lambda.Unknown", "Cause": "The cause could not be determined"},
        caught(StoreUnavailable("UpdateItem: ThrottlingException")),
        caught(RefundRefused("refund re_1 is pending")),
        caught(KeyError("payment_method")),
        {"Error": "OrderRejected", "Cause": "{}"},
        {},
    ],
    ids=lambda error_output: error_output.get("Error", "nothing"),
)
def test_every_other_error_is_an_internal_error_without_details(error_output: dict[str, str]) -> None:
    assert failure_of(error_output, an_order()) == INTERNAL_ERROR


@pytest.mark.parametrize(
    "cause",
    ["", "no JSON", "null", "[]", '"text"', "{}", '{"errorMessage": null}', '{"errorMessage": ""}', None],
)
def test_a_malformed_cause_keeps_the_code_and_gets_a_general_message(cause: str | None) -> None:
    failure = failure_of({"Error": "PaymentDeclined", "Cause": cause}, an_order())

    assert failure == Failure("payment_declined", INTERNAL_ERROR.message)


@pytest.mark.parametrize("who", ["customer", "operator"])
def test_a_cancellation_is_the_reason_whatever_error_was_caught(who: str) -> None:
    failure = failure_of(TIMED_OUT, an_order(cancel_requested_by=who))

    assert failure == Failure(f"cancelled_by_{who}", f"The order was cancelled by the {who}.")


# What an operator reads


@pytest.mark.parametrize(
    "error", [RefundRefused("refund re_1 is pending"), UndoIncomplete("the stock cannot be given back")]
)
def test_an_operator_reads_which_error_needs_them_and_why(error: Exception) -> None:
    assert reason_for_operator(caught(error)) == f"{type(error).__name__}: {error}"


@pytest.mark.parametrize(
    ("error_output", "reason"),
    [
        (TIMED_OUT, "States.Timeout"),
        (caught(KeyError("payment_method")), "KeyError"),
        (caught(StoreUnavailable("UpdateItem: ThrottlingException")), "StoreUnavailable"),
        ({"Error": "RefundRefused", "Cause": "no JSON"}, "RefundRefused"),
        ({}, "None"),
    ],
)
def test_an_operator_reads_only_the_name_of_any_other_error(
    error_output: dict[str, str], reason: str
) -> None:
    assert reason_for_operator(error_output) == reason
