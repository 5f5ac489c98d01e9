import pytest
import stripe

from local.stripe_stand_in.client import StandInClient
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


def test_the_ledger_has_every_call_of_an_order_in_order(shop: Shop, stand_in: StandInClient) -> None:
    intent = shop.intend(key=f"{shop.order_id}-charge")
    shop.confirm(intent, key=f"{shop.order_id}-confirm")
    shop.refund(intent, key=f"{shop.order_id}-refund")
    shop.retrieve(intent)

    calls = stand_in.calls(shop.order_id)

    assert [(call.method, call.path, call.idempotency_key, call.status) for call in calls] == [
        ("POST", "/v1/payment_intents", f"{shop.order_id}-charge", 200),
        ("POST", f"/v1/payment_intents/{intent.id}/confirm", f"{shop.order_id}-confirm", 200),
        ("POST", "/v1/refunds", f"{shop.order_id}-refund", 200),
        ("GET", f"/v1/payment_intents/{intent.id}", None, 200),
    ]
    assert {call.intent_id for call in calls} == {intent.id}
    assert [call.n for call in calls] == sorted(call.n for call in calls)


def test_the_ledger_shows_replays(shop: Shop, stand_in: StandInClient) -> None:
    for _ in range(2):
        shop.intend(key=shop.order_id)

    first, second = stand_in.calls(shop.order_id)

    assert (first.replayed, second.replayed) == (False, True)
    assert first.intent_id == second.intent_id


def test_the_ledger_has_calls_that_got_no_answer(shop: Shop, stand_in: StandInClient) -> None:
    stand_in.set_fault("lose_reply", order_id=shop.order_id)
    with pytest.raises(stripe.APIConnectionError):
        shop.intend()

    [call] = stand_in.calls(shop.order_id)

    assert (call.status, call.fault) == (None, "lose_reply")
    assert call.intent_id == shop.payment(stand_in).intent_id


def test_the_ledger_of_all_orders_has_them_all(shop: Shop, stand_in: StandInClient) -> None:
    other = Shop(shop.client)
    shop.intend()
    other.intend()

    assert [call.order_id for call in stand_in.calls()][-2:] == [shop.order_id, other.order_id]
