"""The journeys that the campaign disturbs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cli.shapes import Submission
from local.fault_proxy.faults import Fault
from local.world import World
from proof.fault_campaign.stage import Stage, hold_charge, set_available
from proof.journeys import DECLINED, HAPPY
from proof.payment_plays import NEEDS_APPROVAL
from proof.plays import REFUND, UNDELIVERABLE, an_order

_LAST: Final = "LAST-TABLE"
_NO_REFUNDS: Final = Fault("unavailable", REFUND, times=None)


@dataclass(frozen=True, kw_only=True)
class Journey:
    """One way through the saga.

    Attributes:
        key: Short name.
        what: What happens, for the table.
        submission: What is ordered.
        prepare: What is done before; it is not disturbed.
        meanwhile: What the people do while the order is on its way.
        status: Where the order ends, undisturbed and with any one fault that is over at once.
        failure: Its failure code then.
        payment_deadline_seconds: How long the saga waits for the customer's approval.
    """

    key: str
    what: str
    submission: Submission
    prepare: Callable[[World], None] = lambda _: None
    meanwhile: Callable[[Stage], None] = lambda _: None
    status: str
    failure: str | None = None
    payment_deadline_seconds: int = 90


def _approve(stage: Stage) -> None:
    asked = stage.wait_for(
        lambda record: (
            record["status"] == "AWAITING_PAYMENT" and record["payment"]["status"] == "requires_action"
        )
    )
    if asked is not None:
        stage.approve(asked)


def _prepare_last_unit(world: World) -> None:
    set_available(world, _LAST, 1)
    hold_charge(world)


def _lose_last_unit(stage: Stage) -> None:
    with stage.while_charging():
        stage.empty_shelf(_LAST)


def _cancel_while_charging(stage: Stage) -> None:
    with stage.while_charging():
        stage.shopper.cancel(stage.order_id)


def _cancel_when_confirmed(stage: Stage) -> None:
    stage.wait_for(lambda record: record["status"] == "CONFIRMED")
    stage.shopper.cancel(stage.order_id)


def _prepare_no_refunds(world: World) -> None:
    hold_charge(world)
    world.faults.inject(_NO_REFUNDS)


def _cancel_in_vain(stage: Stage) -> None:
    _cancel_while_charging(stage)
    stage.wait_for(lambda record: record["status"] == "NEEDS_ATTENTION" and stage.is_quiet())
    stage.world.faults.lift(_NO_REFUNDS)


JOURNEYS: Final = {
    journey.key: journey
    for journey in (
        Journey(
            key="happy",
            what="three SKUs, a good card",
            submission=HAPPY,
            status="CONFIRMED",
        ),
        Journey(
            key="declined",
            what="the card is declined",
            submission=DECLINED,
            status="FAILED",
            failure="payment_declined",
        ),
        Journey(
            key="out-of-stock",
            what="the stock is too low, found at validation",
            submission=an_order(("SOLD-OUT-SOFA", 1)),
            status="FAILED",
            failure="out_of_stock",
        ),
        Journey(
            key="lost-race",
            what="the last unit goes after the order is paid",
            submission=an_order((_LAST, 1)),
            prepare=_prepare_last_unit,
            meanwhile=_lose_last_unit,
            status="FAILED",
            failure="out_of_stock",
        ),
        Journey(
            key="approved",
            what="3-D Secure, and the customer approves",
            submission=NEEDS_APPROVAL,
            meanwhile=_approve,
            status="CONFIRMED",
        ),
        Journey(
            key="abandoned",
            what="3-D Secure, and the customer goes away",
            submission=NEEDS_APPROVAL,
            status="FAILED",
            failure="payment_expired",
            payment_deadline_seconds=3,
        ),
        Journey(
            key="cancelled",
            what="cancelled while the card is charged",
            submission=an_order(),
            prepare=hold_charge,
            meanwhile=_cancel_while_charging,
            status="CANCELLED",
            failure="cancelled_by_customer",
        ),
        Journey(
            key="cancelled-late",
            what="cancelled when it is confirmed",
            submission=an_order(),
            meanwhile=_cancel_when_confirmed,
            status="CANCELLED",
            failure="cancelled_by_customer",
        ),
        Journey(
            key="operator",
            what="no refund can be made until an operator retries",
            submission=an_order(),
            prepare=_prepare_no_refunds,
            meanwhile=_cancel_in_vain,
            status="CANCELLED",
            failure="cancelled_by_customer",
        ),
        Journey(
            key="mail-rejected",
            what="the confirmation can't be delivered",
            submission=an_order(email=UNDELIVERABLE),
            status="CONFIRMED",
        ),
    )
}
