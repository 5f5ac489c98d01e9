"""Payment methods that a customer's browser makes."""

import pytest
import stripe

from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket

DECLINED = "4000000000009995"
ASKS_FOR_3D_SECURE = "4000002760003184"


def refusal(shop: Shop, payment_method: str) -> stripe.InvalidRequestError:
    """The error at the creation of one more payment."""
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.another_order().intend(payment_method)
    return refused.value


def test_a_payment_method_pays_once(shop: Shop) -> None:
    card = shop.card()
    shop.confirm(shop.intend(card))

    refused = refusal(shop, card)

    assert (refused.http_status, refused.code, refused.param) == (400, None, None)
    assert str(refused.user_message).startswith("The provided PaymentMethod was previously used")


def test_a_payment_method_that_was_declined_is_used(shop: Shop) -> None:
    card = shop.card(DECLINED)
    with pytest.raises(stripe.CardError, match="insufficient funds"):
        shop.confirm(shop.intend(card))

    assert refusal(shop, card).code is None


def test_a_declined_intent_cannot_be_confirmed_with_the_same_one(shop: Shop) -> None:
    card = shop.card(DECLINED)
    intent = shop.intend(card)
    with pytest.raises(stripe.CardError):
        shop.confirm(intent)

    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        shop.confirm(intent, params={"payment_method": card})


def test_a_payment_method_is_used_when_it_is_confirmed(shop: Shop) -> None:
    card = shop.card()
    first, second = shop.intend(card), shop.another_order().intend(card)
    shop.confirm(second)

    with pytest.raises(stripe.InvalidRequestError, match="previously used"):
        shop.confirm(first)

    assert shop.payment().captured == 0


def test_3d_secure_goes_on_with_the_payment_method_in_use(shop: Shop) -> None:
    waiting = shop.confirm(shop.intend(shop.card(ASKS_FOR_3D_SECURE)))
    assert waiting.status == shop.confirm(waiting).status == "requires_action"

    assert shop.stand_in.authenticate(waiting.id, success=True)["status"] == "succeeded"


def test_a_payment_method_of_a_customer_pays_again(shop: Shop) -> None:
    card = shop.card()
    customer = shop.client.v1.customers.create({})
    shop.client.v1.payment_methods.attach(card, {"customer": customer.id})

    for order in (shop, shop.another_order()):
        assert order.confirm(order.intend(card)).status == "succeeded"


def test_the_name_of_a_test_card_pays_again(shop: Shop) -> None:
    for order in (shop, shop.another_order()):
        assert order.pay().status == "succeeded"
