"""A case can be copied from a report and run again."""

import pytest

from proof.fault_campaign.case import Case, Injection, parse_case

CREATE = "charge_payment: stripe POST /v1/payment_intents"
CONFIRM = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
MAIL = "notify_customer: ses POST /v2/email/outbound-emails"
RESERVE = "reserve_inventory: dynamodb TransactWriteItems inventory, orders"


@pytest.mark.parametrize(
    ("case", "text"),
    [
        (Case("happy"), "happy"),
        (Case("happy", (Injection("late", CONFIRM),)), f"happy; late {CONFIRM} #1"),
        (
            Case("lost-race", (Injection("refuse", RESERVE, lasts=25.0), Injection("stop", CONFIRM, 2))),
            f"lost-race; refuse {RESERVE} #1 for 25s; stop {CONFIRM} #2",
        ),
    ],
)
def test_a_printed_case_is_read_back_as_the_same_case(case: Case, text: str) -> None:
    assert str(case) == text
    assert parse_case(text) == case


@pytest.mark.parametrize(("name", "waits_seconds"), [(CONFIRM, 20), (CREATE, 5), (RESERVE, 3), (MAIL, 10)])
def test_silence_is_longer_than_the_function_waits(name: str, waits_seconds: float) -> None:
    assert Injection("hang", name).fault.seconds > waits_seconds


@pytest.mark.parametrize("text", ["happy; earthquake start_saga: states StartExecution #1", "happy; refuse"])
def test_a_text_that_is_not_a_case_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="is not an injection"):
        parse_case(text)
