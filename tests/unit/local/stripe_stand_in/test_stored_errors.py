import pytest
import stripe

from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize(("fail", "captured"), [("before", 0), ("after", 2500)])
def test_an_error_is_stored_under_the_key_and_replayed(shop: Shop, fail: str, captured: int) -> None:
    intent = shop.intend()
    with pytest.raises(stripe.APIError) as broken:
        shop.confirm(intent, key=f"{shop.order_id}-confirm", fail=fail)
    assert broken.value.http_status == 500

    with pytest.raises(stripe.APIError) as replayed:
        shop.confirm(intent, key=f"{shop.order_id}-confirm")

    assert replayed.value.http_status == 500
    assert replayed.value.headers is not None
    assert replayed.value.headers["Idempotent-Replayed"] == "true"
    assert shop.payment().captured == captured


def test_an_error_without_a_key_is_not_stored(shop: Shop) -> None:
    intent = shop.intend()
    with pytest.raises(stripe.APIError):
        shop.confirm(intent, fail="before")

    assert shop.confirm(intent).status == "succeeded"
