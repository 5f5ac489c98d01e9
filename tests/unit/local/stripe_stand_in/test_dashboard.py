"""Changes at Stripe that no call of the shop makes."""

import pytest
import stripe

from tests.unit.local.stripe_stand_in.receiver import Receiver, types
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket

PROCESSING = ["payment_intent.created", "payment_intent.processing"]


def test_a_refund_by_hand_has_neither_key_nor_metadata(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()

    refund = shop.stand_in.refund_in_dashboard(paid.id, amount=1000)

    assert (refund["amount"], refund["status"], refund["metadata"]) == (1000, "succeeded", {})
    assert shop.payment().refunded == 1000
    created, refunded = receiver.wait_for("charge.refunded")[-2:]
    assert (created.event["type"], created.about["id"]) == ("refund.created", refund["id"])
    assert refunded.about["amount_refunded"] == 1000
    assert refunded.event["request"] == {"id": None, "idempotency_key": None}


def test_a_refund_by_hand_refunds_what_is_left(shop: Shop) -> None:
    paid = shop.pay()
    shop.refund(paid, amount=1000)

    assert shop.stand_in.refund_in_dashboard(paid.id)["amount"] == 1500

    with pytest.raises(ValueError, match="has already been refunded"):
        shop.stand_in.refund_in_dashboard(paid.id)


def test_a_dispute_marks_the_charge(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()
    assert shop.charge(paid).disputed is False

    dispute = shop.stand_in.dispute(paid.id)

    [*_, event] = receiver.wait_for("charge.dispute.created")
    assert event.about == dispute
    assert dispute["id"].startswith("dp_")
    assert {name: dispute[name] for name in ("charge", "payment_intent", "amount", "reason", "status")} == {
        "charge": paid.latest_charge,
        "payment_intent": paid.id,
        "amount": 2500,
        "reason": "fraudulent",
        "status": "needs_response",
    }
    assert shop.charge(paid).disputed is True


def test_a_disputed_charge_cannot_be_refunded(shop: Shop) -> None:
    paid = shop.pay()
    shop.stand_in.dispute(paid.id)

    with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as refused:
        shop.refund(paid)

    assert refused.value.code == "charge_disputed"
    assert shop.payment().refunded == 0


def test_only_a_paid_charge_can_be_disputed_and_only_once(shop: Shop) -> None:
    intent = shop.intend()
    with pytest.raises(ValueError, match="can be disputed"):
        shop.stand_in.dispute(intent.id)
    shop.confirm(intent)
    shop.stand_in.dispute(intent.id)

    with pytest.raises(ValueError, match="can be disputed"):
        shop.stand_in.dispute(intent.id)
    with pytest.raises(ValueError, match="No such payment_intent"):
        shop.stand_in.dispute("pi_nobody")


def test_a_failed_refund_moves_no_money(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "failed")

    failed = shop.refund(paid)

    assert failed.status == shop.client.v1.refunds.retrieve(failed.id).status == "failed"
    assert types(receiver.wait_for("refund.failed"))[-2:] == ["refund.created", "refund.failed"]
    assert (shop.charge(paid).amount_refunded, shop.charge(paid).refunded) == (0, False)
    assert (shop.payment().refunded, shop.payment().refunds) == (0, 0)
    assert shop.refund(paid).status == "succeeded"
    assert shop.payment().refunded == 2500


def test_a_refund_that_had_succeeded_can_fail(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()
    shop.refund(paid)

    shop.stand_in.fail_refund(paid.id)

    assert types(receiver.wait_for("refund.failed"))[-1] == "refund.failed"
    assert (shop.payment().refunded, shop.payment().refunds) == (0, 0)
    assert shop.refund(paid).status == "succeeded"
    assert shop.payment().refunded == 2500


def test_only_a_refund_that_had_succeeded_can_fail_later(shop: Shop) -> None:
    paid = shop.pay()

    with pytest.raises(ValueError, match="no refund"):
        shop.stand_in.fail_refund(paid.id)


def test_a_pending_refund_counts_as_refunded_but_moves_no_money_yet(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "pending")

    pending = shop.refund(paid)

    assert pending.status == "pending"
    assert types(receiver.wait_for("charge.refunded"))[-2:] == ["refund.created", "charge.refunded"]
    assert shop.payment().refunded == 0
    assert shop.charge(paid).amount_refunded == 2500
    with pytest.raises(stripe.InvalidRequestError, match="has already been refunded"):
        shop.refund(paid)


def test_an_outcome_applies_to_one_refund_of_one_order(shop: Shop) -> None:
    other = shop.another_order()
    paid, paid_too = shop.pay(), other.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "failed")

    assert other.refund(paid_too).status == "succeeded"
    assert [shop.refund(paid).status, shop.refund(paid).status] == ["failed", "succeeded"]


def test_a_charge_can_leave_its_payment_processing(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.set_processing(shop.order_id)

    intent = shop.pay()

    assert (intent.status, intent.amount_received) == ("processing", 0)
    assert shop.retrieve(intent).status == "processing"
    assert types(receiver.wait_for("payment_intent.processing")) == PROCESSING
    assert shop.payment().captured == 0
    for act in (shop.confirm, shop.cancel):
        with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
            act(intent)


@pytest.mark.parametrize(
    ("success", "status", "captured", "event_types"),
    [
        (True, "succeeded", 2500, ["charge.succeeded", "payment_intent.succeeded"]),
        (False, "requires_payment_method", 0, ["charge.failed", "payment_intent.payment_failed"]),
    ],
)
def test_the_bank_can_decide_about_a_processing_payment(  # noqa: PLR0913 - both decisions have the same steps
    shop: Shop,
    receiver: Receiver,
    *,
    success: bool,
    status: str,
    captured: int,
    event_types: list[str],
) -> None:
    shop.stand_in.set_processing(shop.order_id)
    intent = shop.pay()

    decided = shop.stand_in.finish_processing(intent.id, success=success)

    assert decided["status"] == shop.retrieve(intent).status == status
    assert shop.payment().captured == captured
    assert types(receiver.wait_for(event_types[-1])) == [*PROCESSING, *event_types]


def test_a_payment_can_be_processing_after_3d_secure(shop: Shop) -> None:
    shop.stand_in.set_processing(shop.order_id)
    waiting = shop.confirm(shop.intend("pm_card_authenticationRequired"))

    assert shop.stand_in.authenticate(waiting.id, success=True)["status"] == "processing"


def test_only_a_processing_payment_can_be_decided(shop: Shop) -> None:
    with pytest.raises(ValueError, match="status of requires_confirmation"):
        shop.stand_in.finish_processing(shop.intend().id, success=True)
