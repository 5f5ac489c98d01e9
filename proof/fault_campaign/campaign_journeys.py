"""The journeys of the campaign: a selection from `proof.journeys` that can run under any fault.

The scenarios of that list expect no other fault. Here a request is repeated until it is answered, and a wait
ends when the order has ended.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Final

from local.fault_proxy.faults import Fault
from proof.fault_campaign.order_under_test import OrderUnderTest, hold_charge, set_available
from proof.journey import Journey
from proof.journeys import JOURNEYS
from proof.port import PlayedWorld
from proof.scenarios import QUEUE_SECONDS, REFUND, let_others_be_charged, submit

_LAST: Final = "LAST-TABLE"
_NO_REFUNDS: Final = Fault("unavailable", REFUND, times=None)


@dataclass(frozen=True)
class CampaignJourney:
    """A journey of the campaign.

    Attributes:
        journey: The journey of the list. The order must end as it says without a fault, and with any one
            short fault.
        prepare: Called before the faults are injected.
        meanwhile: Called while the order runs.
        payment_deadline_seconds: The deadline for the customer's approval.
    """

    journey: Journey
    _: KW_ONLY
    prepare: Callable[[PlayedWorld], None] = lambda _: None
    meanwhile: Callable[[OrderUnderTest], None] = lambda _: None
    payment_deadline_seconds: int = 90


def _approve(order: OrderUnderTest) -> None:
    order.answer_bank(approves=True)


def _refuse(order: OrderUnderTest) -> None:
    order.answer_bank(approves=False)


def _prepare_last_unit(world: PlayedWorld) -> None:
    set_available(world, _LAST, 1)
    hold_charge(world)


def _lose_last_unit(order: OrderUnderTest) -> None:
    with order.while_charging():
        order.take_all(_LAST)


def _cancel_while_charging(order: OrderUnderTest) -> None:
    with order.while_charging():
        order.client.cancel(order.order_id)


def _cancel_when_confirmed(order: OrderUnderTest) -> None:
    order.wait_for(lambda record: record["status"] == "CONFIRMED")
    order.client.cancel(order.order_id)


def _fulfil_when_confirmed(order: OrderUnderTest) -> None:
    order.wait_for(lambda record: record["status"] == "CONFIRMED")
    order.client.fulfil(order.order_id)
    order.client.cancel(order.order_id)


def _take_back_when_fulfilled(order: OrderUnderTest) -> None:
    _fulfil_when_confirmed(order)
    order.client.take_back(order.order_id)


def _fulfil_when_authorized(order: OrderUnderTest) -> None:
    order.wait_for(lambda record: record["status"] == "CONFIRMED")
    order.client.fulfil(order.order_id)


def _refuse_capture(order: OrderUnderTest) -> None:
    order.world.stripe.refuse_capture(order.order_id)
    _fulfil_when_authorized(order)


def _expire_when_confirmed(order: OrderUnderTest) -> None:
    confirmed = order.wait_for(lambda record: record["status"] == "CONFIRMED")
    if confirmed is not None:
        with suppress(ValueError):  # it is released
            order.world.stripe.expire_authorization(confirmed["payment"]["intent_id"])


def _refund_unit(order: OrderUnderTest) -> None:
    confirmed = order.wait_for(lambda record: record["status"] == "CONFIRMED" and "refund_due" not in record)
    if confirmed is not None:
        order.client.refund_unit(order.order_id, confirmed["items"][0]["sku"])


def _refund_two_units(order: OrderUnderTest) -> None:
    _refund_unit(order)
    _refund_unit(order)


def _cancel_while_refunding(order: OrderUnderTest) -> None:
    """The refund is made or dropped, and the rest is given back."""
    _refund_unit(order)
    order.client.cancel(order.order_id)


def _prepare_no_refunds(world: PlayedWorld) -> None:
    _prepare_last_unit(world)
    world.faults.inject(_NO_REFUNDS)


def _lose_last_unit_without_refund(order: OrderUnderTest) -> None:
    _lose_last_unit(order)
    order.wait_for(lambda record: record["status"] == "NEEDS_ATTENTION" and order.is_quiet())
    order.world.faults.lift(_NO_REFUNDS)


def _prepare_queue(world: PlayedWorld) -> None:
    let_others_be_charged(world, QUEUE_SECONDS)


def _end_queue_once_scheduled(order: OrderUnderTest) -> None:
    order.wait_for(lambda record: "charge_slot" in record)
    let_others_be_charged(order.world, 0)


_JOURNEYS: Final = {journey.key: journey for journey in JOURNEYS}

_SELECTED: Final = (
    CampaignJourney(_JOURNEYS["happy"]),
    CampaignJourney(_JOURNEYS["declined"]),
    CampaignJourney(_JOURNEYS["out-of-stock"]),
    CampaignJourney(_JOURNEYS["lost-race"], prepare=_prepare_last_unit, meanwhile=_lose_last_unit),
    CampaignJourney(_JOURNEYS["approved"], meanwhile=_approve),
    CampaignJourney(_JOURNEYS["refused"], meanwhile=_refuse),
    CampaignJourney(_JOURNEYS["queued"], prepare=_prepare_queue, meanwhile=_end_queue_once_scheduled),
    CampaignJourney(_JOURNEYS["abandoned"], payment_deadline_seconds=3),
    CampaignJourney(_JOURNEYS["cancelled"], prepare=hold_charge, meanwhile=_cancel_while_charging),
    CampaignJourney(_JOURNEYS["cancelled-later"], meanwhile=_cancel_when_confirmed),
    CampaignJourney(_JOURNEYS["fulfilled"], meanwhile=_fulfil_when_confirmed),
    CampaignJourney(_JOURNEYS["returned"], meanwhile=_take_back_when_fulfilled),
    CampaignJourney(_JOURNEYS["line-refunded"], meanwhile=_refund_two_units),
    CampaignJourney(_JOURNEYS["line-refunded-and-cancelled"], meanwhile=_cancel_while_refunding),
    CampaignJourney(_JOURNEYS["captured-late"], meanwhile=_fulfil_when_authorized),
    CampaignJourney(_JOURNEYS["captured-after-refusal"], meanwhile=_refuse_capture),
    CampaignJourney(_JOURNEYS["authorized-and-cancelled"], meanwhile=_cancel_when_confirmed),
    CampaignJourney(_JOURNEYS["authorization-expired"], meanwhile=_expire_when_confirmed),
    CampaignJourney(
        _JOURNEYS["refunded-again"], prepare=_prepare_no_refunds, meanwhile=_lose_last_unit_without_refund
    ),
)
_SELECTED_PATHS: Final = {each.journey.states for each in _SELECTED}

CAMPAIGN_JOURNEYS: Final = {
    each.journey.key: each
    for each in (
        *_SELECTED,
        *(
            CampaignJourney(journey)
            for journey in JOURNEYS
            if journey.scenario is submit and journey.states not in _SELECTED_PATHS
        ),
    )
}
"""By key. A journey in which nothing but the saga happens is added by itself if its path is a new one."""
