import json
from typing import Any

import pytest
import stripe as stripe_sdk

from docgen.contract.schemas import EffectsSchema
from lambdas.api.get_effects.handler import handler
from lambdas.events.audit_order_events.handler import handler as audit_order_events
from lambdas.saga.charge_payment.logic import charge_payment
from lambdas.saga.refund_payment.logic import refund_payment
from tests.unit.lambdas.builders import ARMCHAIR, ORDER_ID, TIMED_OUT
from tests.unit.lambdas.events.test_audit_order_events import an_event
from tests.unit.lambdas.fakes import FakeStripe, no_answer
from tests.unit.lambdas.invocations import CONTEXT, api_event, sqs_event
from tests.unit.lambdas.shop import Shop

pytestmark = pytest.mark.usefixtures("stripe")


def effects(*, groups: str = "operators") -> tuple[int, dict[str, Any]]:
    answer = handler(api_event("GET", f"/orders/{ORDER_ID}/effects", groups=groups), CONTEXT)
    body = json.loads(answer["body"])
    if answer["statusCode"] == 200:
        EffectsSchema.model_validate_json(answer["body"])
    return answer["statusCode"], body


def money() -> dict[str, Any]:
    status, body = effects()
    assert status == 200
    shown: dict[str, Any] = body["money"]
    return shown


def test_the_money_of_a_paid_order_is_what_stripe_holds(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())

    assert money() == {
        "source": "stripe",
        "currency": "usd",
        "intent_id": "pi_1",
        "status": "succeeded",
        "amount": 75_800,
        "charges": [
            {"id": "ch_1", "at": "2026-03-01T12:00:00.000Z", "amount": 75_800, "status": "succeeded"}
        ],
        "refunds": [],
        "held": 75_800,
        "dispute": None,
    }


def test_money_that_is_only_reserved_is_told_from_a_charge(shop: Shop, stripe: FakeStripe) -> None:
    shop.authorized(stripe)
    shown = money()
    assert (shown["charges"][0]["status"], shown["held"]) == ("authorized", 75_800)

    stripe.cancel_intent("pi_1")
    shown = money()
    assert (shown["charges"][0]["status"], shown["held"], shown["refunds"]) == ("released", 0, [])


def test_a_refund_of_the_saga_is_told_from_one_of_somebody_else(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())
    stripe.refund_by_hand("pi_1", 800)
    refund_payment(ORDER_ID, TIMED_OUT, "an-execution-0", shop.orders, stripe)

    shown = money()

    assert [(each["amount"], each["by"]) for each in shown["refunds"]] == [(800, "outside"), (75_000, "saga")]
    assert shown["held"] == 0


def test_a_dispute_is_shown_as_stripe_has_it(shop: Shop, stripe: FakeStripe) -> None:
    shop.priced()
    charge_payment(ORDER_ID, shop.orders, stripe, shop.queue())
    stripe.dispute("pi_1")

    assert money()["dispute"] == "open"


def test_an_order_without_a_payment_is_shown_without_a_call_to_stripe(shop: Shop, stripe: FakeStripe) -> None:
    shop.placed()

    shown = money()

    assert (shown["source"], shown["amount"], shown["held"]) == ("record", None, 0)
    assert stripe.calls == []


def test_the_money_is_shown_as_recorded_while_stripe_is_down(shop: Shop, stripe: FakeStripe) -> None:
    shop.refunded_outside(shop.paid(), 800)
    stripe.before["retrieve_intent"] = no_answer

    shown = money()

    assert (shown["source"], shown["status"], shown["held"]) == ("record", "succeeded", 75_000)
    assert (shown["charges"], shown["refunds"]) == ([], [])


def test_money_of_refunded_lines_is_not_shown_as_held(shop: Shop, stripe: FakeStripe) -> None:
    refunded = shop.lines_refunded(shop.notified(shop.confirmed()))
    shop.refunded_outside(refunded, 800)
    assert money()["held"] == 37_100
    shop.refund_requested(shop.order(), refund_id="not made yet", items={}, amount=100)

    assert money()["held"] == 37_100
    assert stripe.refunds == []


def test_the_money_is_shown_as_recorded_if_stripe_refuses_to_show_it(shop: Shop, stripe: FakeStripe) -> None:
    shop.paid()

    def refuse() -> None:
        raise stripe_sdk.PermissionError("The key 'rk_live_1' does not have the required permissions")

    stripe.before["retrieve_intent"] = refuse

    assert money()["source"] == "record"


def test_what_is_held_is_unknown_while_a_payment_is_undecided(shop: Shop, stripe: FakeStripe) -> None:
    shop.action_required(stripe)
    stripe.before["retrieve_intent"] = no_answer

    assert money()["held"] is None


def test_the_stock_lines_say_whether_the_order_holds_them(shop: Shop) -> None:
    shop.confirmed()
    _status, held = effects()
    shop.close_cancelled()
    _status, given_back = effects()

    line = {"sku": ARMCHAIR.sku, "quantity": 2, "day": "2026-03-01"}
    assert held["stock"] == [{**line, "held": True}]
    assert given_back["stock"] == [{**line, "held": False}]


def test_mails_are_the_entries_of_the_timeline_about_mail(shop: Shop) -> None:
    order = shop.notified(shop.confirmed())

    _status, body = effects()

    assert body["mails"] == [{"at": order.timeline[-1].at, "event": "CustomerNotified"}]


def test_an_event_names_its_consumer_and_when_it_was_consumed(shop: Shop) -> None:
    shop.placed()
    event_id = "8b1f2a34-5c6d-5e7f-8a9b-0c1d2e3f4a5b"
    audit_order_events(sqs_event(json.dumps(an_event(event_id))), CONTEXT)

    _status, body = effects()

    assert body["events"] == [
        {
            "event_id": event_id,
            "type": "OrderConfirmed",
            "occurred_at": "2026-03-01T12:00:04.000Z",
            "consumers": [{"name": "audit_order_events", "at": "2026-03-01T12:00:00.000Z"}],
        }
    ]


def test_only_operators_see_the_effects(shop: Shop) -> None:
    shop.placed()

    assert effects(groups="customers")[0] == 403


def test_the_effects_of_an_unknown_order_are_not_found(shop: Shop) -> None:  # noqa: ARG001 - holds the tables
    assert effects()[0] == 404
