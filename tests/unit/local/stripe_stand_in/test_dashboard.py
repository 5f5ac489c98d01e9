"""Changes at Stripe that no call of the shop makes."""

import pytest
import stripe

from local.stripe_stand_in.bank_outcomes import RefundStatus
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

    created, withdrawn = receiver.wait_for("charge.dispute.funds_withdrawn")[-2:]
    assert created.event["type"] == "charge.dispute.created"
    assert created.about == withdrawn.about == dispute
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


@pytest.mark.parametrize(
    ("won", "status", "event_types"),
    [
        (True, "won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]),
        (False, "lost", ["charge.dispute.closed"]),
    ],
)
def test_a_bank_decides_a_dispute(
    shop: Shop, receiver: Receiver, *, won: bool, status: str, event_types: list[str]
) -> None:
    paid = shop.pay()
    dispute = shop.stand_in.dispute(paid.id)

    closed = shop.stand_in.close_dispute(paid.id, won=won)

    assert closed == {**dispute, "status": status}
    events = receiver.wait_for(event_types[-1])[-len(event_types) :]
    assert types(events) == event_types
    assert all(event.about == closed for event in events)
    assert shop.charge(paid).disputed is True
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back"):
        shop.refund(paid)


def test_only_an_open_dispute_can_be_closed(shop: Shop) -> None:
    paid = shop.pay()
    with pytest.raises(ValueError, match="no dispute that is open"):
        shop.stand_in.close_dispute(paid.id, won=True)
    shop.stand_in.dispute(paid.id)
    shop.stand_in.close_dispute(paid.id, won=True)

    with pytest.raises(ValueError, match="no dispute that is open"):
        shop.stand_in.close_dispute(paid.id, won=False)


def test_the_disputes_of_a_payment_are_listed_and_read(shop: Shop) -> None:
    paid = shop.pay()
    other = shop.another_order()
    other.stand_in.dispute(other.pay().id)
    disputes = shop.client.v1.disputes
    assert disputes.list({"payment_intent": paid.id}).data == []
    dispute = shop.stand_in.dispute(paid.id)

    [listed] = disputes.list({"payment_intent": paid.id}).data

    assert listed.to_dict() == disputes.retrieve(dispute["id"]).to_dict() == dispute
    with pytest.raises(stripe.InvalidRequestError, match="No such dispute"):
        disputes.retrieve("dp_none")


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


def test_failed_refunds_of_the_dashboard_are_counted(shop: Shop) -> None:
    paid = shop.pay()
    shop.stand_in.refund_in_dashboard(paid.id)

    shop.stand_in.fail_refund(paid.id)

    assert (shop.payment().failed_by_hand, shop.payment().refunds_by_hand) == (1, 0)


def test_only_a_refund_that_had_succeeded_can_fail_later(shop: Shop) -> None:
    paid = shop.pay()

    with pytest.raises(ValueError, match="no refund"):
        shop.stand_in.fail_refund(paid.id)


def test_a_named_refund_can_fail(shop: Shop) -> None:
    paid = shop.pay()
    first = shop.refund(paid, amount=1000)
    shop.refund(paid, amount=500)

    failed = shop.stand_in.fail_refund(paid.id, first.id)

    assert (failed["id"], failed["amount"], failed["status"]) == (first.id, 1000, "failed")
    assert shop.payment().refunded == 500
    with pytest.raises(ValueError, match="no refund that is succeeded"):
        shop.stand_in.fail_refund(paid.id, first.id)


def test_without_a_name_the_newest_refund_fails(shop: Shop) -> None:
    paid = shop.pay()
    shop.refund(paid, amount=1000)
    newest = shop.refund(paid, amount=500)

    assert shop.stand_in.fail_refund(paid.id)["id"] == newest.id


@pytest.mark.parametrize(
    ("success", "status", "event_type", "refunded"),
    [(True, "succeeded", "refund.updated", 2500), (False, "failed", "refund.failed", 0)],
)
def test_a_bank_decides_about_a_pending_refund(  # noqa: PLR0913 - both decisions have the same steps
    shop: Shop, receiver: Receiver, *, success: bool, status: str, event_type: str, refunded: int
) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "pending")
    pending = shop.refund(paid)

    decided = shop.stand_in.finish_refund(paid.id, success=success)

    [*_, event] = receiver.wait_for(event_type)
    assert event.about == decided
    assert (decided["id"], decided["status"]) == (pending.id, status)
    assert shop.payment().refunded == shop.charge(paid).amount_refunded == refunded
    with pytest.raises(ValueError, match="no refund that is pending or requires_action"):
        shop.stand_in.finish_refund(paid.id, success=success)


@pytest.mark.parametrize(
    ("card", "status", "event_type", "refunded"),
    [
        ("pm_card_pendingRefund", "pending", "refund.updated", 2500),
        ("pm_card_refundFail", "succeeded", "refund.failed", 0),
    ],
)
def test_the_refund_of_a_test_card_changes_some_time_later(  # noqa: PLR0913 - both cards have the same steps
    shop: Shop, receiver: Receiver, *, card: str, status: str, event_type: str, refunded: int
) -> None:
    paid = shop.confirm(shop.intend(card))

    assert shop.refund(paid).status == status

    receiver.wait_for(event_type)
    assert shop.payment().refunded == refunded


@pytest.mark.parametrize("status", ["canceled", "failed"])
def test_a_refund_without_effect_leaves_the_money(shop: Shop, status: RefundStatus) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, status)

    assert shop.refund(paid).status == status

    assert shop.payment().refunded == shop.charge(paid).amount_refunded == 0


def test_a_refund_can_wait_for_an_action(shop: Shop) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "requires_action")

    assert shop.refund(paid).status == "requires_action"

    assert (shop.payment().refunded, shop.charge(paid).amount_refunded) == (0, 2500)


def test_a_closed_card_refuses_every_refund(shop: Shop) -> None:
    paid = shop.pay()
    shop.stand_in.refuse_refunds(shop.order_id)

    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.refund(paid)
        assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, None, None)
    assert shop.payment().refunded == 0


def test_a_pending_refund_counts_as_refunded(shop: Shop, receiver: Receiver) -> None:
    paid = shop.pay()
    shop.stand_in.set_refund_outcome(shop.order_id, "pending")

    pending = shop.refund(paid)

    assert pending.status == "pending"
    assert types(receiver.wait_for("charge.refunded"))[-2:] == ["refund.created", "charge.refunded"]
    assert (shop.payment().refunded, shop.payment().refunds) == (2500, 1)
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


def test_a_payment_can_be_processing_after_3d_secure(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.set_processing(shop.order_id)
    waiting = shop.confirm(shop.intend("pm_card_authenticationRequired"))

    approved = shop.stand_in.authenticate(waiting.id, success=True)

    assert (approved["status"], approved["next_action"]) == ("processing", None)
    assert types(receiver.wait_for("payment_intent.processing"))[-2:] == [
        "payment_intent.requires_action",
        "payment_intent.processing",
    ]


def test_only_a_processing_payment_can_be_decided(shop: Shop) -> None:
    with pytest.raises(ValueError, match="status of requires_confirmation"):
        shop.stand_in.finish_processing(shop.intend().id, success=True)


def test_a_payment_can_be_made_outside_of_the_shop(shop: Shop) -> None:
    paid = shop.stand_in.pay_elsewhere(990, "eur", {"order_id": shop.order_id, "service": "a-payment-link"})

    assert paid["status"] == "succeeded"
    payment = shop.payment()
    assert (payment.intent_id, payment.captured, payment.currency) == (paid["id"], 990, "eur")
    assert payment.service == "a-payment-link"
