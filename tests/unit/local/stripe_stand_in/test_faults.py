from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any

import httpx
import pytest
import stripe

from local.stripe_stand_in.client import StandInClient
from local.stripe_stand_in.faults import FaultKind
from local.waiting import wait_for
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize(
    ("kind", "raised"),
    [
        ("refuse", stripe.APIConnectionError),
        ("rate_limit", stripe.RateLimitError),
        ("unavailable", stripe.APIError),
    ],
)
def test_a_call_turned_away_has_no_effect_and_can_be_repeated(
    shop: Shop, stand_in: StandInClient, kind: FaultKind, raised: type[stripe.StripeError]
) -> None:
    intent = shop.intend()
    stand_in.set_fault(kind, order_id=shop.order_id)

    with pytest.raises(raised):
        shop.confirm(intent, key=f"{shop.order_id}-confirm")
    assert shop.payment(stand_in).captured == 0

    assert shop.confirm(intent, key=f"{shop.order_id}-confirm").status == "succeeded"


@pytest.mark.parametrize(("kind", "captured"), [("error_before", 0), ("error_after", 2500)])
def test_a_server_error_is_kept_under_the_key(
    shop: Shop, stand_in: StandInClient, kind: FaultKind, captured: int
) -> None:
    intent = shop.intend()
    stand_in.set_fault(kind, order_id=shop.order_id)

    for _ in range(2):
        with pytest.raises(stripe.APIError) as broken:
            shop.confirm(intent, key=f"{shop.order_id}-confirm")
        assert broken.value.http_status == 500

    assert broken.value.headers is not None
    assert broken.value.headers["Idempotent-Replayed"] == "true"
    assert shop.payment(stand_in).captured == captured


def test_a_lost_reply_is_there_for_a_second_call(shop: Shop, stand_in: StandInClient) -> None:
    intent = shop.intend()
    stand_in.set_fault("lose_reply", order_id=shop.order_id)

    with pytest.raises(stripe.APIConnectionError):
        shop.confirm(intent, key=f"{shop.order_id}-confirm")
    again = shop.confirm(intent, key=f"{shop.order_id}-confirm")

    assert again.status == "succeeded"
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert shop.payment(stand_in).charges == 1


def test_a_call_hangs_for_a_while_and_does_nothing(shop: Shop, stand_in: StandInClient) -> None:
    stand_in.set_fault("hang", method="POST", path="payment_intents$", order_id=shop.order_id, seconds=0.2)
    start = monotonic()

    with pytest.raises(stripe.APIConnectionError):
        shop.intend()

    assert monotonic() - start >= 0.2
    assert all(payment.order_id != shop.order_id for payment in stand_in.payments())


def test_a_held_call_takes_effect_when_it_is_released(shop: Shop, stand_in: StandInClient) -> None:
    intent = shop.intend()
    stand_in.set_fault("hold", order_id=shop.order_id)

    with ThreadPoolExecutor() as pool:
        held = in_background(pool, stand_in, lambda: shop.confirm(intent))
        assert shop.payment(stand_in).captured == 0
        assert stand_in.release() == 1
        assert held.result().status == "succeeded"

    assert stand_in.held() == 0


def test_a_held_call_takes_effect_even_when_its_client_gave_up(
    shop: Shop, stand_in: StandInClient, url: str
) -> None:
    intent = shop.intend()
    stand_in.set_fault("hold", order_id=shop.order_id)
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{url}/v1/payment_intents/{intent.id}/confirm",
            headers={"Authorization": "Bearer sk_test_impatient"},
            timeout=0.2,
        )

    stand_in.release()

    wait_for(lambda: shop.payment(stand_in).captured == 2500, "the charge", timeout_seconds=10)
    assert stand_in.calls(shop.order_id)[-1].status is None


def test_the_key_of_a_held_call_is_in_use(shop: Shop, stand_in: StandInClient) -> None:
    stand_in.set_fault("hold", order_id=shop.order_id)

    with ThreadPoolExecutor() as pool:
        held = in_background(pool, stand_in, lambda: shop.intend(key=shop.order_id))
        with pytest.raises(stripe.APIError) as conflict:
            shop.intend(key=shop.order_id)
        stand_in.clear_faults()
        held.result()

    assert conflict.value.http_status == 409
    assert conflict.value.error is not None
    assert conflict.value.error.code == "idempotency_key_in_use"


def test_held_refunds_give_the_money_back_once(shop: Shop, stand_in: StandInClient) -> None:
    paid = shop.pay()
    stand_in.set_fault("hold", path="/v1/refunds", order_id=shop.order_id, times=2)

    with ThreadPoolExecutor() as pool:
        first = in_background(pool, stand_in, lambda: shop.refund(paid))
        second = in_background(pool, stand_in, lambda: shop.refund(paid), held=2)
        stand_in.release()
        errors = [error for error in (first.exception(), second.exception()) if error]

    assert [getattr(error, "code", None) for error in errors] == ["charge_already_refunded"]
    assert shop.payment(stand_in).refunded == 2500


def test_a_call_can_be_held_and_its_reply_lost(shop: Shop, stand_in: StandInClient) -> None:
    stand_in.set_fault("lose_reply", order_id=shop.order_id)
    stand_in.set_fault("hold", order_id=shop.order_id)

    with ThreadPoolExecutor() as pool:
        held = in_background(pool, stand_in, shop.intend)
        stand_in.release()
        assert isinstance(held.exception(), stripe.APIConnectionError)

    assert shop.payment(stand_in).status == "requires_confirmation"


def test_a_fault_strikes_only_the_calls_that_fit(shop: Shop, stand_in: StandInClient) -> None:
    stand_in.set_fault("unavailable", method="POST", path="/confirm$", order_id=shop.order_id)

    intent = shop.intend()
    shop.retrieve(intent)
    Shop(shop.client).pay()
    with pytest.raises(stripe.APIError):
        shop.confirm(intent)


def test_a_fault_lets_calls_pass_first_and_then_strikes_a_number_of_times(
    shop: Shop, stand_in: StandInClient
) -> None:
    stand_in.set_fault("unavailable", order_id=shop.order_id, after=1, times=2)

    intent = shop.intend()
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            shop.retrieve(intent)
    shop.retrieve(intent)


def test_a_fault_without_a_number_strikes_until_it_is_cleared(shop: Shop, stand_in: StandInClient) -> None:
    intent = shop.intend()
    stand_in.set_fault("rate_limit", order_id=shop.order_id, times=None)

    for _ in range(3):
        with pytest.raises(stripe.RateLimitError):
            shop.retrieve(intent)
    stand_in.clear_faults()
    shop.retrieve(intent)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"kind": "explode"}, "kind: "),
        ({"kind": "refuse", "times": 0}, "times: "),
        ({"kind": "refuse", "path": "("}, "path: "),
        ({"kind": "hang", "seconds": -1}, "seconds: "),
        ({"kind": "hold", "after": -1}, "after: "),
        ({"kind": "hold", "method": "FETCH"}, "method: "),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    stand_in: StandInClient, fault: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        stand_in.set_fault(**fault)


def in_background(
    pool: ThreadPoolExecutor, stand_in: StandInClient, call: Callable[[], Any], held: int = 1
) -> Future[Any]:
    """Make a call that is held, and wait until it is."""
    future = pool.submit(call)
    wait_for(lambda: stand_in.held() == held, "the call is held", timeout_seconds=10, pause_seconds=0.01)
    return future
