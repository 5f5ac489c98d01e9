import pytest
import stripe

from local.stripe_stand_in.stand_in_client import StandInClient
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize(("fail", "captured"), [("before", 0), ("after", 2500)])
def test_an_error_is_stored_under_the_key_and_replayed(
    shop: Shop, stand_in: StandInClient, fail: str, captured: int
) -> None:
    intent = shop.intend()
    with pytest.raises(stripe.APIError) as broken:
        shop.confirm(intent, key=f"{shop.order_id}-confirm", fail=fail)
    assert broken.value.http_status == 500

    with pytest.raises(stripe.APIError) as replayed:
        shop.confirm(intent, key=f"{shop.order_id}-confirm")

    assert replayed.value.http_status == 500
    assert replayed.value.headers is not None
    assert replayed.value.headers["Idempotent-Replayed"] == "true"
    assert shop.payment(stand_in).captured == captured


def test_an_error_without_a_key_is_not_stored(shop: Shop) -> None:
    intent = shop.intend()
    with pytest.raises(stripe.APIError):
        shop.confirm(intent, fail="before")

    assert shop.confirm(intent).status == "succeeded"


def test_the_first_answer_is_replayed_with_its_key(shop: Shop, stand_in: StandInClient) -> None:
    intent = shop.intend()
    shop.confirm(intent, key=f"{shop.order_id}-confirm")

    again = shop.confirm(intent, key=f"{shop.order_id}-confirm")

    assert again.status == "succeeded"
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert shop.payment(stand_in).charges == 1
