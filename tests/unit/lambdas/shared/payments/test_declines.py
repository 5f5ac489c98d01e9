import pytest

from lambdas.shared.payments.declines import decline_message


@pytest.mark.parametrize(
    ("code", "decline_code", "message"),
    [
        ("card_declined", "insufficient_funds", "The card has insufficient funds."),
        ("card_declined", "card_velocity_exceeded", "The card's limit is reached."),
        ("card_declined", "withdrawal_count_limit_exceeded", "The card's limit is reached."),
        ("card_declined", "currency_not_supported", "The card does not support this currency."),
        ("expired_card", None, "The card has expired."),
        ("expired_card", "expired_card", "The card has expired."),
        ("incorrect_cvc", "incorrect_cvc", "The card's security code is not right."),
        ("processing_error", "processing_error", "The bank could not process the payment."),
        (
            "authentication_required",
            "authentication_required",
            "The bank asks for an approval of the payment.",
        ),
        ("payment_intent_authentication_failure", None, "The payment was not approved."),
    ],
)
def test_a_customer_reads_what_they_can_correct(code: str, decline_code: str | None, message: str) -> None:
    assert decline_message(code, decline_code) == message


@pytest.mark.parametrize(
    "decline_code", ["lost_card", "stolen_card", "fraudulent", "pickup_card", "merchant_blacklist"]
)
def test_a_stolen_card_is_reported_as_a_general_decline(decline_code: str) -> None:
    assert decline_message("card_declined", decline_code) == "The card was declined."


@pytest.mark.parametrize(
    ("code", "decline_code"),
    [(None, None), ("card_declined", None), ("card_declined", "generic_decline"), ("new", "newer")],
)
def test_an_unknown_code_is_reported_as_a_general_decline(code: str | None, decline_code: str | None) -> None:
    assert decline_message(code, decline_code) == "The card was declined."


def test_the_banks_code_takes_precedence_over_stripes() -> None:
    assert decline_message("expired_card", "insufficient_funds") == "The card has insufficient funds."
