"""The model of Stripe in the caller's own process."""

from typing import Any

import pytest

from local.stripe_stand_in.bank_outcomes import BankOutcome
from local.stripe_stand_in.exchange import Answer
from tests.unit.local.stripe_stand_in.account import AccountUnderTest, a_request

CREATE = {"amount": "2500", "currency": "usd", "payment_method": "pm_card_visa"}


@pytest.fixture
def account() -> AccountUnderTest:
    return AccountUnderTest()


def types(account: AccountUnderTest) -> list[str]:
    return [event.type for event in account.events]


def amount_refunded(account: AccountUnderTest, intent: dict[str, Any]) -> int:
    found = account.get(f"payment_intents/{intent['id']}", **{"expand[0]": "latest_charge"})
    amount: int = found["latest_charge"]["amount_refunded"]
    return amount


def test_the_same_requests_have_the_same_answers_and_events() -> None:
    def play(account: AccountUnderTest) -> tuple[list[Answer], list[bytes]]:
        answers = [account.ask("POST", "payment_intents", "key", **CREATE)]
        intent_id = answers[0].body["id"]
        answers.append(account.ask("POST", f"payment_intents/{intent_id}/confirm", "another key"))
        answers.append(account.ask("POST", "refunds", payment_intent=intent_id))
        answers.append(account.ask("GET", "payment_intents", **{"expand[0]": "data.latest_charge"}))
        return answers, [event.body for event in account.events]

    assert play(AccountUnderTest()) == play(AccountUnderTest())


def test_an_answer_keeps_what_it_has_shown(account: AccountUnderTest) -> None:
    created = account.ask("POST", "payment_intents", "key", **CREATE)
    account.post(f"payment_intents/{created.body['id']}/confirm")

    replayed = account.ask("POST", "payment_intents", "key", **CREATE)

    assert created.body["status"] == replayed.body["status"] == "requires_confirmation"
    assert account.events[0].content["data"]["object"] == created.body


def test_a_request_in_progress_has_its_effect_when_it_ends(account: AccountUnderTest) -> None:
    intent = account.intend()
    confirm = a_request("POST", f"payment_intents/{intent['id']}/confirm", "key")

    in_progress = account.stripe.begin(confirm)

    assert not isinstance(in_progress, Answer)
    assert account.stripe.handle(confirm).status == 409
    assert account.get(f"payment_intents/{intent['id']}")["status"] == "requires_confirmation"
    assert in_progress().body["status"] == "succeeded"
    assert account.stripe.handle(confirm).headers["Idempotent-Replayed"] == "true"


def test_each_request_has_an_id_of_its_own_also_if_it_is_replayed(account: AccountUnderTest) -> None:
    answers = [account.ask("POST", "payment_intents", "key", **CREATE) for _ in range(2)]

    assert len({answer.headers["Request-Id"] for answer in answers}) == 2
    assert account.events[0].content["request"]["id"] == answers[0].headers["Request-Id"]


def test_a_retry_a_day_later_pays_once_more(account: AccountUnderTest) -> None:
    first = account.ask("POST", "payment_intents", "key", **CREATE)
    account.clock.now += 24 * 60 * 60

    second = account.ask("POST", "payment_intents", "key", **CREATE)

    assert second.body["id"] != first.body["id"]
    assert second.body["created"] == first.body["created"] + 24 * 60 * 60


@pytest.mark.parametrize(
    ("card", "created", "decided"),
    [("pm_card_pendingRefund", "pending", "succeeded"), ("pm_card_refundFail", "succeeded", "failed")],
)
def test_a_bank_decides_later_about_a_refund(
    account: AccountUnderTest, card: str, created: str, decided: str
) -> None:
    refund = account.post("refunds", payment_intent=account.intend(card, confirm="true")["id"])
    assert refund["status"] == created

    [(_, decide)] = account.planned
    decide()

    assert account.get(f"refunds/{refund['id']}")["status"] == decided


@pytest.mark.parametrize(
    ("is_claimed", "status", "refunded"), [(True, "succeeded", 2500), (False, "canceled", 0)]
)
def test_a_refund_that_requires_action_is_canceled_if_nobody_acts(
    account: AccountUnderTest, status: str, refunded: int, *, is_claimed: bool
) -> None:
    paid = account.pay()
    account.stripe.outcomes.add(BankOutcome(order_id="order-1", kind="refund_requires_action"))
    refund = account.post("refunds", payment_intent=paid["id"])
    assert (refund["status"], amount_refunded(account, paid)) == ("requires_action", 2500)

    decided = account.stripe.dashboard.finish_refund(paid["id"], success=is_claimed)

    assert (decided["status"], amount_refunded(account, paid)) == (status, refunded)


def test_a_bank_that_decides_too_late_changes_nothing(account: AccountUnderTest) -> None:
    paid = account.intend("pm_card_pendingRefund", confirm="true")
    refund = account.post("refunds", payment_intent=paid["id"])
    account.stripe.dashboard.finish_refund(paid["id"], success=False)

    [(_, decide)] = account.planned
    decide()

    assert account.get(f"refunds/{refund['id']}")["status"] == "failed"


def test_a_failed_3d_secure_reports_no_charge_of_an_earlier_try(account: AccountUnderTest) -> None:
    declined = account.intend("pm_card_chargeDeclined", confirm="true")["error"]["payment_intent"]
    path = f"payment_intents/{declined['id']}/confirm"
    asked = account.post(path, payment_method="pm_card_authenticationRequired")
    account.events.clear()

    failed = account.authenticate(asked, success="false")

    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert types(account) == ["payment_intent.payment_failed"]


def test_only_the_client_secret_passes_3d_secure(account: AccountUnderTest) -> None:
    asked = account.intend("pm_card_authenticationRequired", confirm="true")

    refused = account.authenticate({**asked, "client_secret": "guessed"}, success="true")

    assert "client_secret" in refused["error"]["message"]
    assert account.get(f"payment_intents/{asked['id']}")["status"] == "requires_action"


@pytest.mark.parametrize("path", ["latest_charge", "latest_charge.payment_method", "payment_method"])
def test_objects_can_be_expanded(account: AccountUnderTest, path: str) -> None:
    intent = account.get(f"payment_intents/{account.pay()['id']}", **{"expand[]": path})

    for name in path.split("."):
        assert intent[name]["object"] in {"charge", "payment_method"}
        intent = intent[name]


@pytest.mark.parametrize(
    ("path", "params", "code", "param"),
    [
        ("payment_intents", {**CREATE, "off_session": "true"}, "parameter_unknown", "off_session"),
        ("payment_intents", {**CREATE, "capture_method": "later"}, None, "capture_method"),
        ("payment_intents", {**CREATE, "amount": "2.5"}, "parameter_invalid_integer", "amount"),
        ("payment_intents", {**CREATE, "expand[]": "amount"}, None, "expand"),
        ("payment_intents", {**CREATE, "customer": "cus_nobody"}, "resource_missing", "customer"),
        ("payment_methods", {"type": "sepa_debit"}, None, "type"),
        ("payment_methods", {"type": "card"}, "parameter_missing", "card[number]"),
        ("refunds", {"reason": "bored"}, None, "reason"),
        ("refunds", {"payment_intent": "pi_nobody"}, "resource_missing", "payment_intent"),
    ],
)
def test_a_parameter_that_the_model_does_not_know_is_rejected(
    account: AccountUnderTest, path: str, params: dict[str, str], code: str | None, param: str
) -> None:
    refused = account.post(path, **params)["error"]

    assert (refused.get("code"), refused["param"]) == (code, param)
    assert account.events == []


def test_a_card_number_that_is_no_test_card_is_declined(account: AccountUnderTest) -> None:
    assert account.card("4242424242424241")["error"]["code"] == "incorrect_number"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "invoices"), ("DELETE", "payment_intents"), ("POST", "refunds/re_1/cancel")]
)
def test_an_endpoint_that_the_model_lacks_is_not_found(
    account: AccountUnderTest, method: str, path: str
) -> None:
    answer = account.ask(method, path)

    assert answer.status == 404
    assert answer.body["error"]["message"].startswith("Unrecognized request URL")
