"""Payments whose amount is held first and captured later."""

from collections.abc import Callable

import pytest
import stripe

from local.stripe_stand_in.bank_outcomes import BankOutcome, BankOutcomeKind
from local.stripe_stand_in.exchange import RefusedError
from local.stripe_stand_in.payments import StripePayment
from tests.unit.local.stripe_stand_in.account import AccountUnderTest
from tests.unit.local.stripe_stand_in.receiver import Receiver
from tests.unit.local.stripe_stand_in.shop import Shop, intent_in

_DAY = 24 * 60 * 60
CREATED = "payment_intent.created"
HELD = ["charge.succeeded", "payment_intent.amount_capturable_updated"]
RELEASED = ["refund.created", "charge.refunded"]


@pytest.fixture
def account() -> AccountUnderTest:
    return AccountUnderTest()


def money(account: AccountUnderTest) -> tuple[int, int, int]:
    """Minor units that are authorized, captured and refunded."""
    [payment] = account.stripe.payments()
    return payment.authorized, payment.captured, payment.refunded


def types(account: AccountUnderTest) -> list[str]:
    return [event.type for event in account.events]


def decide(account: AccountUnderTest, kind: BankOutcomeKind) -> None:
    account.stripe.outcomes.add(BankOutcome(order_id="order-1", kind=kind))


@pytest.mark.enable_socket
def test_an_authorized_payment_is_held_and_not_paid(shop: Shop) -> None:
    held = shop.authorize()

    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 2500, 0)
    charge = shop.charge(held)
    assert (charge.captured, charge.paid, charge.amount_captured) == (False, True, 0)
    assert charge.balance_transaction is None
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.capture_before == charge.created + 7 * _DAY
    assert shop.payment() == StripePayment(
        intent_id=held.id,
        order_id=shop.order_id,
        amount=2500,
        currency="usd",
        status="requires_capture",
        captured=0,
        refunded=0,
        charges=0,
        refunds=0,
        authorized=2500,
    )


@pytest.mark.enable_socket
def test_a_capture_with_the_same_key_moves_the_money_once(shop: Shop) -> None:
    held = shop.authorize()

    for _ in range(2):
        paid = shop.capture(held, key=f"{shop.order_id}-capture")
        assert (paid.status, paid.amount_capturable, paid.amount_received) == ("succeeded", 0, 2500)

    assert (shop.charge(paid).captured, shop.charge(paid).amount_captured) == (True, 2500)
    assert (shop.payment().captured, shop.payment().charges) == (2500, 1)


@pytest.mark.enable_socket
def test_only_an_authorized_payment_can_be_captured(shop: Shop) -> None:
    canceled = shop.cancel(shop.authorize())

    for intent in (shop.intend(), shop.pay(), shop.capture(shop.authorize()), canceled):
        with pytest.raises(stripe.InvalidRequestError, match="You cannot capture") as refused:
            shop.capture(intent)
        assert refused.value.code == "payment_intent_unexpected_state"
        assert intent_in(refused.value).status == intent.status


@pytest.mark.enable_socket
def test_a_bank_can_refuse_a_capture_and_accept_the_next_one(shop: Shop) -> None:
    held = shop.authorize()
    shop.stand_in.refuse_capture(shop.order_id)

    with pytest.raises(stripe.CardError) as refused:
        shop.capture(held, key="capture-1")

    assert (refused.value.http_status, refused.value.code) == (402, "card_declined")
    assert intent_in(refused.value).status == shop.retrieve(held).status == "requires_capture"
    with pytest.raises(stripe.CardError):
        shop.capture(held, key="capture-1")  # Stripe replays it
    assert shop.capture(held, key="capture-2").status == "succeeded"


@pytest.mark.enable_socket
def test_people_at_the_dashboard_capture_cancel_and_let_expire(shop: Shop) -> None:
    captured = shop.stand_in.capture_in_dashboard(shop.authorize().id, 1000)
    canceled = shop.stand_in.cancel_in_dashboard(shop.authorize().id)
    expired = shop.stand_in.expire_authorization(shop.authorize().id)

    assert (captured["status"], captured["amount_received"]) == ("succeeded", 1000)
    assert [payment.captured_by_hand for payment in shop.payments()] == [True, False, False]
    assert [each["status"] for each in (canceled, expired)] == ["canceled"] * 2
    assert [each["cancellation_reason"] for each in (canceled, expired)] == [None, "automatic"]
    with pytest.raises(ValueError, match="status of canceled"):
        shop.stand_in.expire_authorization(expired["id"])


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("change", "event_types"),
    [
        (Shop.authorize, []),
        (lambda shop: shop.capture(shop.authorize()), ["charge.captured", "payment_intent.succeeded"]),
        (
            lambda shop: shop.capture(shop.authorize(), 1000),
            ["charge.captured", *RELEASED, "payment_intent.succeeded"],
        ),
        (lambda shop: shop.cancel(shop.authorize()), [*RELEASED, "payment_intent.canceled"]),
        (
            lambda shop: shop.stand_in.expire_authorization(shop.authorize().id),
            [*RELEASED, "charge.expired", "payment_intent.canceled"],
        ),
    ],
)
def test_events_report_what_becomes_of_an_authorized_amount(
    shop: Shop, receiver: Receiver, change: Callable[[Shop], object], event_types: list[str]
) -> None:
    change(shop)

    expected = [CREATED, *HELD, *event_types]
    receiver.wait_for(expected[-1])
    assert receiver.types() == expected


def test_a_capture_of_less_releases_the_rest(account: AccountUnderTest) -> None:
    held = account.authorize()

    paid = account.post(f"payment_intents/{held['id']}/capture", amount_to_capture="1000")

    charge = account.get(f"charges/{paid['latest_charge']}")
    assert (paid["amount_received"], charge["amount_captured"], charge["amount_refunded"]) == (
        1000,
        1000,
        1500,
    )
    assert money(account) == (0, 1000, 0)
    [released] = account.get("refunds", payment_intent=held["id"])["data"]
    assert (released["amount"], released["balance_transaction"]) == (1500, None)
    assert account.post("refunds", payment_intent=held["id"])["amount"] == 1000
    assert money(account) == (0, 1000, 1000)


@pytest.mark.parametrize("amount", ["0", "2501"])
def test_no_more_can_be_captured_than_is_authorized(account: AccountUnderTest, amount: str) -> None:
    held = account.authorize()

    refused = account.post(f"payment_intents/{held['id']}/capture", amount_to_capture=amount)["error"]

    assert (refused["code"], refused["param"]) == ("amount_too_large", "amount_to_capture")
    assert money(account) == (2500, 0, 0)


def test_a_canceled_authorization_looks_refunded_but_moved_nothing(account: AccountUnderTest) -> None:
    held = account.authorize()

    canceled = account.post(f"payment_intents/{held['id']}/cancel", cancellation_reason="abandoned")

    charge = account.get(f"charges/{held['latest_charge']}")
    assert (canceled["status"], canceled["amount_capturable"]) == ("canceled", 0)
    assert (charge["captured"], charge["amount_refunded"], charge["refunded"]) == (False, 2500, True)
    [released] = account.get("refunds", payment_intent=held["id"])["data"]
    assert (released["status"], released["metadata"], released["reason"]) == ("succeeded", {}, None)
    assert money(account) == (0, 0, 0)


def test_a_held_amount_cannot_be_refunded_or_disputed(account: AccountUnderTest) -> None:
    held = account.authorize()

    refused = account.post("refunds", payment_intent=held["id"])["error"]

    assert "does not have a successful charge" in refused["message"]
    with pytest.raises(RefusedError, match="no charge that can be disputed"):
        account.stripe.dashboard.dispute(held["id"])


@pytest.mark.parametrize(
    ("kinds", "seconds"), [([], 7 * _DAY), (["short_hold"], _DAY // 2)], ids=["7 days", "12 hours"]
)
def test_an_authorization_expires_and_then_stripe_cancels_it(
    account: AccountUnderTest, kinds: list[BankOutcomeKind], seconds: int
) -> None:
    for kind in kinds:
        decide(account, kind)
    held = account.authorize()
    account.clock.now += seconds

    refused = account.post(f"payment_intents/{held['id']}/capture")["error"]
    [(after, expire)] = account.planned
    expire()

    assert (refused["code"], refused["payment_intent"]["status"]) == (
        "charge_expired_for_capture",
        "requires_capture",
    )
    assert after > seconds
    expired = account.get(f"payment_intents/{held['id']}")
    assert (expired["status"], expired["cancellation_reason"]) == ("canceled", "automatic")
    assert account.get("refunds")["data"][0]["reason"] == "expired_uncaptured_charge"
    assert money(account) == (0, 0, 0)


def test_an_authorization_can_be_captured_until_it_expires(account: AccountUnderTest) -> None:
    held = account.authorize()
    account.clock.now += 7 * _DAY - 1

    account.post(f"payment_intents/{held['id']}/capture")
    [(_, expire)] = account.planned
    expire()

    assert money(account) == (0, 2500, 0)


def test_a_declined_card_holds_nothing(account: AccountUnderTest) -> None:
    declined = account.authorize("pm_card_chargeDeclined")["error"]["payment_intent"]

    assert (declined["status"], declined["amount_capturable"]) == ("requires_payment_method", 0)
    assert money(account) == (0, 0, 0)
    assert account.planned == []


def test_an_amount_is_held_after_3d_secure_and_processing(account: AccountUnderTest) -> None:
    decide(account, "charge_pending")
    asked = account.authorize("pm_card_authenticationRequired")
    assert asked["status"] == "requires_action"

    processing = account.authenticate(asked, success="true")
    pending = account.get(f"charges/{processing['latest_charge']}")
    held = account.stripe.dashboard.finish_processing(asked["id"], success=True)

    assert (processing["status"], pending["status"], pending["captured"]) == ("processing", "pending", False)
    assert (held["status"], money(account)) == ("requires_capture", (2500, 0, 0))
    card = account.get(f"charges/{held['latest_charge']}")["payment_method_details"]["card"]
    assert card["capture_before"] == account.clock.now + 7 * _DAY
    assert types(account)[-2:] == HELD
