from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import stripe

from local.stripe_stand_in.payments import StripePayment
from tests.unit.local.stripe_stand_in.shop import Shop, intent_in

pytestmark = pytest.mark.enable_socket


def test_a_payment_is_created_confirmed_and_retrieved(shop: Shop) -> None:
    intent = shop.intend()
    assert (intent.status, intent.amount_received) == ("requires_confirmation", 0)

    shop.confirm(intent)

    paid = shop.retrieve(intent)
    assert (paid.status, paid.amount_received) == ("succeeded", 2500)
    assert isinstance(paid.latest_charge, str)


def test_the_latest_charge_can_be_expanded(shop: Shop) -> None:
    paid = shop.pay()

    assert (shop.charge(paid).amount_refunded, shop.charge(paid).refunded) == (0, False)


def test_the_name_of_a_test_card_becomes_a_payment_method(shop: Shop) -> None:
    intent = shop.intend("pm_card_mastercard")

    assert intent.payment_method == shop.retrieve(intent).payment_method
    assert intent.payment_method != "pm_card_mastercard"


@pytest.mark.parametrize(
    ("payment_method", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card"),
        ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", None),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", None),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", None),
        ("pm_card_chargeCustomerFail", "card_declined", "generic_decline"),
    ],
)
def test_a_card_is_declined_when_it_is_charged(
    shop: Shop, payment_method: str, code: str, decline_code: str | None
) -> None:
    intent = shop.intend(payment_method)

    with pytest.raises(stripe.CardError) as declined:
        shop.confirm(intent)

    assert declined.value.http_status == 402
    assert declined.value.code == code
    assert declined.value.error is not None
    assert declined.value.error.decline_code == decline_code
    assert intent_in(declined.value).status == "requires_payment_method"


def test_a_declined_intent_has_the_reason(shop: Shop) -> None:
    intent = shop.intend("pm_card_visa_chargeDeclinedInsufficientFunds")
    with pytest.raises(stripe.CardError, match=r"Your card has insufficient funds\."):
        shop.confirm(intent)

    declined = shop.retrieve(intent)

    assert (declined.status, declined.payment_method, declined.amount_received) == (
        "requires_payment_method",
        None,
        0,
    )
    assert declined.last_payment_error is not None
    assert declined.last_payment_error.type == "card_error"
    assert declined.last_payment_error.decline_code == "insufficient_funds"
    assert declined.last_payment_error.charge == declined.latest_charge


def test_a_declined_intent_can_be_paid_with_another_card(shop: Shop) -> None:
    intent = shop.intend("pm_card_visa_chargeDeclined")
    with pytest.raises(stripe.CardError):
        shop.confirm(intent)

    with pytest.raises(stripe.InvalidRequestError, match="requires_payment_method"):
        shop.confirm(intent)
    shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert shop.payment().charges == 1


def test_creating_and_confirming_at_once_declines_too(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as declined:
        shop.intend("pm_card_visa_chargeDeclined", confirm=True)

    assert intent_in(declined.value).metadata["order_id"] == shop.order_id


@pytest.mark.parametrize("payment_method", ["pm_card_nonexistent", "tok_visa", "pm/../x?y"])
def test_an_unknown_payment_method_is_rejected(shop: Shop, payment_method: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.intend(payment_method)

    assert (refused.value.http_status, refused.value.code, refused.value.param) == (
        400,
        "resource_missing",
        "payment_method",
    )


def test_an_unknown_intent_is_missing(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such payment_intent: 'pi_nobody'") as refused:
        shop.client.v1.payment_intents.retrieve("pi_nobody")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
    assert refused.value.param == "intent"


@pytest.mark.parametrize(
    ("method", "params", "code", "param"),
    [
        ("post", {"currency": "usd"}, "parameter_missing", "amount"),
        ("post", {"amount": 100, "currency": "usd", "curency": "usd"}, "parameter_unknown", "curency"),
        (
            "post",
            {"amount": 100, "currency": "usd", "payment_method_types": ["card"]},
            "payment_method_types_no_longer_supported",
            "payment_method_types",
        ),
        ("get", {"created": {"gte": "yesterday"}}, "parameter_invalid_integer", "created[gte]"),
        ("get", {"created": {"since": 1}}, "parameter_unknown", "created[since]"),
    ],
)
def test_invalid_parameters_are_rejected(
    shop: Shop, method: str, params: dict[str, object], code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.raw_request(method, "/v1/payment_intents", **params)

    assert (refused.value.code, refused.value.param) == (code, param)


def test_a_call_without_a_secret_key_is_unauthorized(url: str) -> None:
    client = stripe.StripeClient("pk_test_public", base_addresses={"api": url}, max_network_retries=0)

    with pytest.raises(stripe.AuthenticationError):
        client.v1.payment_intents.retrieve("pi_nobody")


def test_a_paid_intent_cannot_be_confirmed_or_canceled(shop: Shop) -> None:
    paid = shop.pay()

    for act in (shop.confirm, shop.cancel):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            act(paid)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert intent_in(refused.value).status == "succeeded"


def test_a_canceled_intent_cannot_be_charged(shop: Shop) -> None:
    intent = shop.intend()

    canceled = shop.cancel(intent)

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    assert canceled.canceled_at is not None
    with pytest.raises(stripe.InvalidRequestError, match="status of canceled"):
        shop.confirm(intent)
    assert shop.payment().captured == 0


@pytest.mark.parametrize(
    "payment_method", ["pm_card_authenticationRequired", "pm_card_threeDSecure2Required"]
)
def test_a_payment_succeeds_when_3d_secure_is_passed(shop: Shop, payment_method: str) -> None:
    waiting = shop.confirm(shop.intend(payment_method))
    assert waiting.status == shop.confirm(waiting).status == "requires_action"
    assert waiting.next_action is not None

    intent = shop.stand_in.authenticate(waiting.id, success=True)

    assert intent["status"] == "succeeded"
    assert shop.payment().captured == 2500


REDIRECT: stripe.params.PaymentIntentConfirmParams = {"return_url": "https://shop.test/orders/1"}


@pytest.mark.parametrize("params", [{"use_stripe_sdk": True}, {"use_stripe_sdk": True, **REDIRECT}])
def test_stripe_js_can_ask_for_3d_secure(
    shop: Shop, params: stripe.params.PaymentIntentConfirmParams
) -> None:
    waiting = shop.confirm(shop.intend("pm_card_authenticationRequired"), params=params)

    action = shop.retrieve(waiting).to_dict()["next_action"]
    assert action["type"] == "use_stripe_sdk"
    assert action["use_stripe_sdk"]
    assert "redirect_to_url" not in action
    assert shop.stand_in.authenticate(waiting.id, success=True)["status"] == "succeeded"


@pytest.mark.parametrize("params", [{}, REDIRECT])
def test_a_page_of_the_bank_can_ask_for_3d_secure(
    shop: Shop, params: stripe.params.PaymentIntentConfirmParams
) -> None:
    waiting = shop.confirm(shop.intend("pm_card_authenticationRequired"), params=params)

    action = shop.retrieve(waiting).to_dict()["next_action"]
    assert action["type"] == "redirect_to_url"
    assert action["redirect_to_url"]["return_url"] == params.get("return_url")
    assert httpx.get(action["redirect_to_url"]["url"], trust_env=False).status_code == 200
    paid = shop.stand_in.authenticate(waiting.id, success=True)
    assert (paid["status"], paid["next_action"]) == ("succeeded", None)


def test_a_payment_fails_when_3d_secure_is_failed(shop: Shop) -> None:
    waiting = shop.confirm(shop.intend("pm_card_authenticationRequired"))

    intent = shop.stand_in.authenticate(waiting.id, success=False)

    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert shop.payment().captured == 0


def test_a_bank_can_decline_after_3d_secure_is_passed(shop: Shop) -> None:
    waiting = shop.confirm(shop.intend("pm_card_threeDSecureRequiredChargeDeclined"))

    intent = shop.stand_in.authenticate(waiting.id, success=True)

    assert intent["status"] == "requires_payment_method"
    assert intent["last_payment_error"]["code"] == "card_declined"


def test_a_refund_without_amount_refunds_what_is_left(shop: Shop) -> None:
    paid = shop.pay()

    shop.refund(paid, amount=1000)
    rest = shop.refund(paid)

    assert rest.amount == 1500
    assert (shop.charge(paid).amount_refunded, shop.charge(paid).refunded) == (2500, True)
    refunds = shop.client.v1.refunds.list({"payment_intent": paid.id})
    assert sorted(refund.amount for refund in refunds.data) == [1000, 1500]
    assert shop.payment() == StripePayment(
        intent_id=paid.id,
        order_id=shop.order_id,
        amount=2500,
        currency="usd",
        status="succeeded",
        captured=2500,
        refunded=2500,
        charges=1,
        refunds=2,
    )


def test_a_refunded_charge_cannot_be_refunded_again(shop: Shop) -> None:
    paid = shop.pay()
    shop.refund(paid)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.refund(paid)

    assert refused.value.code == "charge_already_refunded"
    assert shop.payment().refunded == 2500


def test_two_refunds_at_once_refund_the_charge_once(shop: Shop) -> None:
    paid = shop.pay()

    with ThreadPoolExecutor() as pool:
        refunds = [pool.submit(shop.refund, paid) for _ in range(2)]
    errors = [error for error in (refund.exception() for refund in refunds) if error]

    assert [getattr(error, "code", None) for error in errors] == ["charge_already_refunded"]
    assert shop.payment().refunded == 2500


def test_a_refund_cannot_exceed_what_is_left(shop: Shop) -> None:
    paid = shop.pay()
    shop.refund(paid, amount=1000)

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as refused:
        shop.refund(paid, amount=1501)

    assert refused.value.param == "amount"
    assert shop.payment().refunded == 1000


def test_an_unpaid_intent_cannot_be_refunded(shop: Shop) -> None:
    intent = shop.intend()

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.refund(intent)

    assert shop.client.v1.refunds.list({"payment_intent": intent.id}).data == []


def test_a_refund_of_a_charge_names_its_payment(shop: Shop) -> None:
    paid = shop.pay()
    assert isinstance(paid.latest_charge, str)

    refund = shop.client.v1.refunds.create({"charge": paid.latest_charge})

    assert refund.payment_intent == paid.id


def test_refunds_are_listed_newest_first_ten_at_a_time(shop: Shop) -> None:
    paid = shop.pay()
    made = [shop.refund(paid, amount=100).id for _ in range(12)][::-1]

    page = shop.client.v1.refunds.list({"payment_intent": paid.id})

    assert ([refund.id for refund in page.data], page.has_more) == (made[:10], True)
    assert [refund.id for refund in page.auto_paging_iter()] == made


def test_the_refunds_of_all_payments_can_be_listed(shop: Shop) -> None:
    refund = shop.refund(shop.pay())

    assert shop.client.v1.refunds.list({"limit": 1}).data[0].id == refund.id
    assert shop.client.v1.refunds.list({"charge": str(refund.charge)}).data[0].id == refund.id


@pytest.mark.parametrize("collection", ["payment_intents", "refunds", "disputes"])
@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"limit": 101}, "parameter_invalid_integer", "limit"),
        ({"limit": 0}, "parameter_invalid_integer", "limit"),
        ({"starting_after": "nothing"}, "resource_missing", "starting_after"),
        ({"sort": "asc"}, "parameter_unknown", "sort"),
    ],
)
def test_an_invalid_page_is_rejected(
    shop: Shop, collection: str, params: dict[str, object], code: str, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.client.raw_request("get", f"/v1/{collection}", **params)

    assert (refused.value.code, refused.value.param) == (code, param)


def test_payments_are_listed_newest_first_and_page_by_page(shop: Shop) -> None:
    first, second, third = (shop.intend() for _ in range(3))

    page = shop.listed(first.created, limit=2)
    rest = shop.listed(first.created, limit=2, starting_after=second.id)

    assert ([intent.id for intent in page.data], page.has_more) == ([third.id, second.id], True)
    assert rest.data[0].id == first.id


def test_payments_are_listed_by_time_of_creation(shop: Shop) -> None:
    made = shop.intend()

    in_its_second = shop.listed(made.created, made.created + 1)

    assert made.id in [intent.id for intent in in_its_second.data]
    assert made.id not in [intent.id for intent in shop.listed(made.created + 1).data]
    assert shop.listed(made.created - 86_400, made.created - 86_399).data == []


def test_the_charges_of_listed_payments_can_be_expanded(shop: Shop) -> None:
    paid = shop.pay()

    [intent] = [
        each for each in shop.listed(paid.created, expand=["data.latest_charge"]).data if each.id == paid.id
    ]

    assert isinstance(intent.latest_charge, stripe.Charge)
    assert intent.amount_received == 2500
