"""`POST /webhooks/stripe` as Stripe calls it."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from lambdas.api.receive_stripe_webhook.handler import handler
from lambdas.domain import clock
from lambdas.domain.order import PaymentStatus
from lambdas.domain.vocabulary import Metric
from lambdas.shared.metrics import Measure
from tests.unit.lambdas.builders import ORDER_ID, TASK_TOKEN
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.fakes import FakeCallback, FakeStripe, no_answer
from tests.unit.lambdas.invocations import CONTEXT, api_event
from tests.unit.lambdas.metrics import Emitted
from tests.unit.lambdas.shop import IDEMPOTENCY_TABLE, Shop
from tests.unit.lambdas.webhooks import SIGNING_SECRET, an_event, webhook_request

GUESSED: Final = "whsec_guessed"

pytestmark = pytest.mark.usefixtures("signing_secret")


def send(payload: str, secret: str = SIGNING_SECRET) -> tuple[int, dict[str, Any]]:
    answer = handler(webhook_request(payload, secret), CONTEXT)
    return answer["statusCode"], json.loads(answer["body"])


def test_an_event_resumes_the_saga(shop: Shop, stripe: FakeStripe, callback: FakeCallback) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")

    assert send(an_event()) == (200, {"received": True})

    assert callback.resumed == [(TASK_TOKEN, "goes on")]
    assert shop.order().payment.status is PaymentStatus.SUCCEEDED


def test_an_event_with_a_forged_signature_changes_nothing(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback
) -> None:
    waiting = shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.calls.clear()
    before = shop.all_items(IDEMPOTENCY_TABLE)

    answer = handler(webhook_request(an_event(), GUESSED), CONTEXT)

    assert answer["statusCode"] == 400
    assert answer["headers"]["Content-Type"] == "application/problem+json"
    assert json.loads(answer["body"])["type"] == "urn:problem-type:order-saga:bad-signature"
    assert (stripe.calls, callback.resumed) == ([], [])
    assert shop.order() == waiting
    assert shop.all_items(IDEMPOTENCY_TABLE) == before


def test_an_unsigned_request_is_rejected() -> None:
    answer = handler(api_event("POST", "/webhooks/stripe", an_event(), customer=None), CONTEXT)

    assert answer["statusCode"] == 400


@pytest.mark.parametrize(
    "body",
    ["no event", "[]", "[" * 30_000, an_event("evt_\ud800"), an_event(intent_id="pi_\ud800")],
    ids=[
        "text",
        "a list",
        "30,000 brackets",
        "half a character in its id",
        "half a character in the payment's",
    ],
)
@pytest.mark.usefixtures("untouched_store", "signing_secret")
def test_a_signed_body_that_is_no_event_is_rejected(body: str) -> None:
    status, document = send(body)

    assert (status, document["errors"]) == (400, [{"field": "body", "message": "must be a Stripe event"}])


def test_requests_without_a_valid_signature_are_counted(emitted: Emitted) -> None:
    send(an_event(), GUESSED)
    handler(api_event("POST", "/webhooks/stripe", an_event(), customer=None), CONTEXT)
    send("no event")

    assert emitted() == [Measure(Metric.STRIPE_WEBHOOKS, "bad_signature")] * 2


def test_a_repeated_event_is_processed_once(shop: Shop, stripe: FakeStripe, callback: FakeCallback) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.calls.clear()

    answers = [send(an_event("evt_1")), send(an_event("evt_1"))]

    assert answers == [(200, {"received": True})] * 2
    assert stripe.calls == ["retrieve_intent"]
    assert len(callback.resumed) == 1


def test_two_events_of_one_payment_are_both_processed(shop: Shop, stripe: FakeStripe) -> None:
    shop.awaiting_payment(stripe)
    stripe.calls.clear()

    send(an_event("evt_1"))
    send(an_event("evt_2"))

    assert stripe.calls == ["retrieve_intent"] * 2


def a_bug() -> None:
    raise RuntimeError("a bug")


@pytest.mark.parametrize(("trouble", "status"), [(no_answer, 503), (a_bug, 500)])
def test_an_event_that_failed_is_processed_at_its_next_delivery(
    shop: Shop, stripe: FakeStripe, callback: FakeCallback, trouble: Callable[[], None], status: int
) -> None:
    shop.awaiting_payment(stripe)
    stripe.settle("pi_1")
    stripe.before["retrieve_intent"] = trouble

    assert [send(an_event())[0], send(an_event())[0]] == [status, 200]
    assert callback.resumed == [(TASK_TOKEN, "goes on")]


def test_stripe_can_retry_if_the_secret_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_WEBHOOK_SECRET_ID", "not-there-yet")

    assert send(an_event())[0] == 503


def test_every_processed_event_is_counted_with_its_lag(
    shop: Shop, stripe: FakeStripe, emitted: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.awaiting_payment(stripe)
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T12:00:01.500Z")

    send(an_event("evt_1"))
    send(an_event("evt_2", "customer.created"))
    send(an_event("evt_1"))

    lag = Measure(Metric.WEBHOOK_LAG, value=11_500)
    assert emitted() == [
        *(Measure(Metric.STRIPE_WEBHOOKS, "handled"), lag),
        *(Measure(Metric.STRIPE_WEBHOOKS, "not_for_us"), lag),
        *(Measure(Metric.STRIPE_WEBHOOKS, "already_known"), lag),
    ]


@pytest.mark.parametrize("kind", ["payment_intent.succeeded", "payment_intent.created", "customer.created"])
def test_an_event_that_changes_nothing_is_not_remembered(shop: Shop, stripe: FakeStripe, kind: str) -> None:
    shop.confirmed()
    stripe.calls.clear()

    assert send(an_event(kind=kind, intent_id="pi_paid")) == (200, {"received": True})

    assert (shop.all_items(IDEMPOTENCY_TABLE), stripe.calls) == ([], [])


def test_a_clock_that_is_behind_stripes_makes_no_negative_lag(
    shop: Shop, stripe: FakeStripe, emitted: Emitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.awaiting_payment(stripe)
    monkeypatch.setattr(clock, "now", lambda: "2026-03-01T11:59:49.000Z")

    send(an_event("evt_1", "customer.created"))

    assert emitted()[-1] == Measure(Metric.WEBHOOK_LAG, value=0)


def test_every_log_line_has_the_event(shop: Shop, stripe: FakeStripe, log: Log) -> None:
    shop.awaiting_payment(stripe)

    send(an_event("evt_1"))

    assert {(line["stripe_event"], line["kind"]) for line in log.lines} == {
        ("evt_1", "payment_intent.succeeded")
    }
    assert log.lines[-1]["outcome"] == "handled"
    assert shop.order().order_id == ORDER_ID
