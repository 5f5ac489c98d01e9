"""Orders in every state of the deployed saga, each held there until the other release is deployed.

A fault holds the call with which a step takes effect, so the step is in the middle of its work. Those of the
last states are held first, because a hold strikes all orders that come by.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from cli.shapes import SubmissionJson
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from local.world import World
from proof.orders import DECLINED, NEEDS_APPROVAL, an_order
from proof.scenarios import CONFIRM, PIVOT, REFUND, let_others_be_charged

_TIMEOUT_SECONDS: Final = 60.0
_SLOT_SECONDS: Final = 60

_UNIT: Final = an_order(("RED-CHAIR", 2))

_HOLDS: Final = {
    "NotifyCustomerOfClosure": "notify_customer: ses *",
    "CloseOrder": "close_order: dynamodb UpdateItem orders",
    "RefundPayment": REFUND,
    "ReleaseInventory": "release_inventory: dynamodb TransactWriteItems *",
    "RestockLines": "restock_lines: dynamodb TransactWriteItems *",
    "RefundLines": "refund_lines: stripe POST /v1/refunds",
    "ReserveInventory": PIVOT,
    "ChargePayment": CONFIRM,
    "ValidateOrder": "validate_order: dynamodb UpdateItem orders",
}
"""The call with which a state takes effect, as the fault proxy names it."""

_CANCELLED: Final = ("NotifyCustomerOfClosure", "CloseOrder", "RefundPayment", "ReleaseInventory")
_REFUNDED: Final = ("RestockLines", "RefundLines")
_FORWARD: Final = ("ReserveInventory", "ChargePayment", "ValidateOrder")


@dataclass(frozen=True)
class PlacedOrder:
    """An order in some state.

    Attributes:
        place: The state that its execution is in, or what else is known about it.
        order_id: The order.
        end: How it must end.
        then: What is done with it once the other release is deployed; None for nothing.
        what: That in words.
    """

    place: str
    order_id: str
    end: str
    then: Callable[[World, str], object] | None = None
    what: str = ""


def place_orders(world: World) -> Iterator[PlacedOrder]:
    """Bring an order into every state. The holds last until all faults are cleared."""
    at_rest = _Confirmed(world)
    yield from _at_rest(world, at_rest)
    for state in _CANCELLED:
        _hold(world, state)
        order_id = at_rest.take()
        world.shop.cancel_order(order_id)
        yield _held(world, PlacedOrder(state, order_id, "CANCELLED cancelled_by_customer"))
    yield _held(world, PlacedOrder("NotifyCustomer", world.shop.order(_UNIT), "CONFIRMED"))
    for state in _REFUNDED:
        _hold(world, state)
        order_id = at_rest.take()
        _refund_unit(world, order_id)
        yield _held(world, PlacedOrder(state, order_id, "CONFIRMED"))
    for then, what, end in (
        (_approve, "the customer approves", "CONFIRMED"),
        (_refuse, "the customer refuses", "FAILED payment_declined"),
        (_cancel, "the customer cancels", "CANCELLED cancelled_by_customer"),
    ):
        order_id = world.shop.order(NEEDS_APPROVAL)
        yield _held(world, PlacedOrder("AwaitPayment", order_id, end, then, what))
    let_others_be_charged(world, _SLOT_SECONDS)
    order_id = world.shop.order(_UNIT)
    yield _held(world, PlacedOrder("WaitForSlot", order_id, "CONFIRMED"))
    let_others_be_charged(world, 0)
    for state in _FORWARD:
        _hold(world, state)
        yield _held(world, PlacedOrder(state, world.shop.order(_UNIT), "CONFIRMED"))
    order_id = world.shop.order(_UNIT)
    _held(world, PlacedOrder("ValidateOrder", order_id, "CONFIRMED"))
    world.executions.stop(order_id)
    yield PlacedOrder("stopped in ValidateOrder", order_id, "CONFIRMED")
    world.faults.inject(Fault("hold", "start_saga: states *", times=None))
    yield PlacedOrder("accepted, not started", world.shop.order(_UNIT), "CONFIRMED")


def _at_rest(world: World, confirmed: "_Confirmed") -> Iterator[PlacedOrder]:
    cancelled = "CANCELLED cancelled_by_customer"
    yield PlacedOrder("CONFIRMED", confirmed.take(), cancelled, _cancel, "the customer cancels")
    yield PlacedOrder("CONFIRMED", confirmed.take(), "CONFIRMED", _fulfil, "an operator fulfils it")
    yield PlacedOrder("CONFIRMED", confirmed.take(), "CONFIRMED", _refund_unit, "an operator refunds a unit")
    yield PlacedOrder(
        "CONFIRMED", confirmed.take(), "CONFIRMED", _republish, "its events are published again"
    )
    fulfilled = confirmed.take()
    _fulfil(world, fulfilled)
    yield PlacedOrder("CONFIRMED, fulfilled", fulfilled, "CANCELLED returned", _take_back, "it is returned")
    partly = confirmed.take()
    _refund_unit(world, partly)
    world.wait_for(
        lambda: "refund_due" not in (world.order_record(partly) or {"refund_due": ""}),
        "a unit is refunded",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    yield PlacedOrder("CONFIRMED, partly refunded", partly, cancelled, _cancel, "the customer cancels")
    declined = _ended(world, DECLINED)
    yield PlacedOrder("FAILED", declined, "FAILED payment_declined", _run_again, "the saga is run again")
    flagged = confirmed.take()
    world.stripe.refuse_refunds(flagged)
    world.shop.cancel_order(flagged)
    world.executions.wait_until_ended(f"{flagged}-cancel")
    yield PlacedOrder("NEEDS_ATTENTION", flagged, cancelled, _settle, "an operator settles it")


class _Confirmed:
    """Orders that are confirmed and at rest, made before anything is held."""

    def __init__(self, world: World) -> None:
        count = 8 + len(_CANCELLED) + len(_REFUNDED)
        self._orders = iter([_ended(world, _UNIT) for _ in range(count)])

    def take(self) -> str:
        return next(self._orders)


def _ended(world: World, order: SubmissionJson) -> str:
    order_id = world.shop.order(order)
    world.shop.wait_until_rest(order_id)
    return order_id


def _hold(world: World, state: str) -> None:
    world.faults.inject(Fault("hold", _HOLDS[state], times=None))


def _held(world: World, order: PlacedOrder) -> PlacedOrder:
    """Wait until an order's execution is in its state."""
    world.wait_for(
        lambda: state_of(world, order.order_id) == order.place,
        f"order {order.order_id} is in {order.place}",
        timeout_seconds=_TIMEOUT_SECONDS,
    )
    return order


def state_of(world: World, order_id: str) -> str | None:
    """The state that an order's running execution is in; None if none runs."""
    names = world.executions.names(order_id, running=True)
    visits = world.executions.visits(names[-1]) if names else ()
    return visits[-1].name if visits else None


def _intent_of(world: World, order_id: str) -> str:
    return str((world.order_record(order_id) or {})["payment"]["intent_id"])


def _approve(world: World, order_id: str) -> None:
    world.stripe.authenticate(_intent_of(world, order_id), success=True)


def _refuse(world: World, order_id: str) -> None:
    world.stripe.authenticate(_intent_of(world, order_id), success=False)


def _cancel(world: World, order_id: str) -> None:
    world.shop.cancel_order(order_id)


def _fulfil(world: World, order_id: str) -> None:
    _by_operator(world, order_id, "fulfil")


def _take_back(world: World, order_id: str) -> None:
    world.shop.signed_in(OPERATOR).cancel_order(order_id)


def _settle(world: World, order_id: str) -> None:
    _by_operator(world, order_id, "settle", {"reason": "Paid back in cash."})


def _republish(world: World, order_id: str) -> None:
    _by_operator(world, order_id, "republish")


def _refund_unit(world: World, order_id: str) -> None:
    unit = [{"sku": "RED-CHAIR", "quantity": 1}]
    body = {"items": unit, "restock": True, "reason": "It was broken."}
    _by_operator(world, order_id, "refunds", body)


def _run_again(world: World, order_id: str) -> None:
    world.executions.start(f"{order_id}-again", order_id)


def _by_operator(world: World, order_id: str, what: str, body: object = None) -> None:
    shop, headers = world.shop.signed_in(OPERATOR), {"Idempotency-Key": str(uuid.uuid4())}
    shop.request("POST", f"/orders/{order_id}/{what}", headers=headers, json=body).raise_for_status()
