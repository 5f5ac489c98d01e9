"""A script: what customers, operators and colleagues do at once, and which faults strike meanwhile.

When all orders have settled, all laws must hold.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx
from botocore.exceptions import ClientError

from cli.shapes import ProductFieldsJson
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER, OPERATOR, UNREACHABLE_CUSTOMER
from local.world import World
from proof.fault_campaign.case import Injection
from proof.fault_campaign.crowds import let_writes_conflict
from proof.fault_campaign.interference import interfering
from proof.fault_campaign.patient_client import PatientClient
from proof.fault_campaign.settling import settle, with_delivery
from proof.fault_campaign.watch import WorldWatch
from proof.laws import take_snapshot
from proof.orders import an_order
from proof.promises import AT_REST, OrderHistory

SKUS: Final = ("RANDOM-APPLE", "RANDOM-BREAD", "RANDOM-CAKE")

Card = Literal["good", "declined", "approved", "refused", "abandoned"]
"""A card that is charged or declined; or one that needs an approval, and what the customer does then."""

ActionKind = Literal[
    "cancel",
    "cancel as operator",
    "retry",
    "submit again",
    "restock",
    "stop",
    "resend webhooks",
    "refund",
    "refund a part",
]
"""What can happen to a running order. The refunds are made in Stripe's dashboard."""

REFUNDS: Final[frozenset[ActionKind]] = frozenset({"refund", "refund a part"})

Webhooks = Literal["at once", "three times", "late and shuffled"]

_PAYMENT_METHODS: Final[Mapping[Card, str]] = {
    "good": "pm_card_visa",
    "declined": "pm_card_chargeDeclined",
    "approved": "pm_card_authenticationRequired",
    "refused": "pm_card_authenticationRequired",
    "abandoned": "pm_card_authenticationRequired",
}
_UNIT_PRICE: Final = 1_000
_PART: Final = 100
_DELIVERY: Final = 2

_ACTION_SECONDS: Final = 25.0
"""How long a customer's actions may take; after that the order is left to settle."""

_PAUSE_SECONDS: Final = 0.1


@dataclass(frozen=True)
class Action:
    """Something that happens to an order.

    Attributes:
        kind: What happens.
        after: When it happens: once the order's timeline has that many entries, or the order is at rest.
    """

    kind: ActionKind
    after: int


@dataclass(frozen=True)
class Customer:
    """A customer with one order.

    Attributes:
        items: SKU and units of each line.
        card: The card that pays.
        is_reachable: Whether mail to the customer can be delivered.
        actions: What happens to the order.
    """

    items: tuple[tuple[str, int], ...]
    card: Card = "good"
    is_reachable: bool = True
    actions: tuple[Action, ...] = ()

    def does(self, *kinds: ActionKind) -> bool:
        """Whether one of these actions happens to the order."""
        return any(action.kind in kinds for action in self.actions)


@dataclass(frozen=True)
class Script:
    """Everything that happens, all at once.

    Attributes:
        stock: Units of each of the `SKUS`.
        customers: The customers.
        injections: The faults at calls to AWS and Stripe.
        stripe_faults: The faults at calls of the steps to Stripe.
        webhooks: How Stripe's events are delivered.
    """

    stock: tuple[int, ...]
    customers: tuple[Customer, ...]
    injections: tuple[Injection, ...] = ()
    stripe_faults: tuple[Fault, ...] = ()
    webhooks: Webhooks = "at once"


@dataclass(frozen=True)
class ScriptResult:
    """The result of a script.

    Attributes:
        breaches: The laws that are broken, in words.
        evidence: All that is known of the orders, for a person.
    """

    breaches: Sequence[str]
    evidence: str


def run_script(world: World, script: Script) -> ScriptResult:
    """Let everything happen, wait until all orders have settled, and check all laws.

    Args:
        world: The world; no other order may run in it.
        script: What happens.
    """
    for sku, units in zip(SKUS, script.stock, strict=True):
        product = ProductFieldsJson(name=sku.title(), unit_price=_UNIT_PRICE, currency="usd", available=units)
        world.shop.stock(sku, product)
    before = take_snapshot(world)
    delivered: Counter[str] = Counter()
    with interfering(world, script.injections):
        _set_stripe(world, script)
        orders = [_CustomersOrder(world, customer, delivered) for customer in script.customers]
        try:
            with ThreadPoolExecutor(len(orders)) as threads:
                order_ids = list(threads.map(_CustomersOrder.run, orders))
        finally:
            world.stripe.reset_webhooks()
    settled = settle(WorldWatch(world), order_ids, with_delivery(before, delivered))
    by_id = {order.order_id: order for order in settled.orders}
    unexplained = [
        breach
        for customer, order_id in zip(script.customers, order_ids, strict=True)
        if order_id in by_id
        for breach in _without_cause(script, customer, by_id[order_id])
    ]
    return ScriptResult([*settled.breaches, *unexplained], _evidence(world, settled.orders))


def _set_stripe(world: World, script: Script) -> None:
    for fault in script.stripe_faults:
        world.faults.inject(fault)
    if script.webhooks == "three times":
        world.stripe.duplicate_webhooks(2)
    elif script.webhooks == "late and shuffled":
        world.stripe.hold_webhooks()
    let_writes_conflict(world)


class _CustomersOrder:
    """The order of a customer, and what happens to it until it is at rest.

    Args:
        world: Its world.
        customer: Its customer.
        delivered: Units by SKU that were delivered to the shop; its deliveries are added.
    """

    def __init__(self, world: World, customer: Customer, delivered: Counter[str]) -> None:
        self._world = world
        self._customer = customer
        self._delivered = delivered
        self._client = PatientClient(world, CUSTOMER if customer.is_reachable else UNREACHABLE_CUSTOMER)
        self._key = str(uuid.uuid4())
        self._submission = an_order(*customer.items, payment_method=_PAYMENT_METHODS[customer.card])
        self._has_answered = customer.card not in {"approved", "refused"}

    def run(self) -> str:
        """Submit the order, and do each action when its time has come; returns the order's id."""
        order_id = self._client.submit(self._submission, self._key)
        actions = sorted(self._customer.actions, key=lambda action: action.after)
        deadline = time.monotonic() + _ACTION_SECONDS
        while time.monotonic() < deadline:
            record = self._world.order_record(order_id)
            if record is not None:
                has_ended = record["status"] in {*AT_REST, "NEEDS_ATTENTION"}
                self._answer_the_bank(record)
                while actions and (has_ended or len(record["timeline"]) >= actions[0].after):
                    self._do(actions.pop(0).kind, record)
                    has_ended = False  # the action may have changed that
                if has_ended:
                    break
            time.sleep(_PAUSE_SECONDS)
        return order_id

    def _answer_the_bank(self, record: Mapping[str, Any]) -> None:
        if self._has_answered or record["payment"]["status"] != "requires_action":
            return
        self._has_answered = True
        with suppress(httpx.HTTPStatusError):  # it is too late
            self._world.stripe.authenticate(
                record["payment"]["intent_id"], success=self._customer.card == "approved"
            )

    def _do(self, kind: ActionKind, record: Mapping[str, Any]) -> None:
        order_id = record["order_id"]
        match kind:
            case "cancel":
                self._client.cancel(order_id)
            case "cancel as operator":
                self._client.cancel(order_id, by=OPERATOR)
            case "retry":
                self._client.retry(order_id)
            case "submit again":
                assert self._client.submit(self._submission, self._key) == order_id
            case "restock":
                sku, _ = self._customer.items[0]
                self._client.restock(sku, _DELIVERY)
                self._delivered[sku] += _DELIVERY
            case "stop":
                self._stop(order_id)
            case "resend webhooks":
                self._resend_webhooks(order_id)
            case "refund":
                self._refund(record, None)
            case "refund a part":
                self._refund(record, _PART)

    def _stop(self, order_id: str) -> None:
        for name in self._world.executions.names(order_id, running=True):
            with suppress(ClientError):  # it has ended just now
                self._world.executions.stop(name)

    def _resend_webhooks(self, order_id: str) -> None:
        for event_id in {each.event_id for each in self._world.stripe.deliveries(order_id)}:
            self._world.stripe.resend(event_id)

    def _refund(self, record: Mapping[str, Any], amount: int | None) -> None:
        intent_id = record["payment"].get("intent_id")
        if intent_id is not None:
            with suppress(ValueError):  # there is nothing to refund
                self._world.stripe.refund_in_dashboard(intent_id, amount)


def _without_cause(script: Script, customer: Customer, order: OrderHistory) -> Iterator[str]:
    """An order may fail only for a cause in the script; otherwise failing every order would keep all laws."""
    causes = {
        "CONFIRMED": customer.card in {"good", "approved"},
        "payment_declined": customer.card in {"declined", "refused"} or customer.does(*REFUNDS),
        "payment_expired": customer.card in {"approved", "refused", "abandoned"},
        "out_of_stock": any(_is_short(script, sku) for sku, _ in customer.items),
        "cancelled_by_customer": customer.does("cancel"),
        "cancelled_by_operator": customer.does("cancel as operator"),
        "internal_error": bool(script.injections or script.stripe_faults),
    }
    end = order.failure or order.status
    if order.status in AT_REST and not causes.get(end, False):
        yield f"order {order.order_id} ended {end} without a cause: {customer}"


def _is_short(script: Script, sku: str) -> bool:
    wanted = sum(units for customer in script.customers for each, units in customer.items if each == sku)
    return wanted > script.stock[SKUS.index(sku)]


def _evidence(world: World, orders: Sequence[OrderHistory]) -> str:
    payments = world.stripe.payments()
    lines: list[str] = []
    for order in orders:
        lines += order.lines()
        lines += [f"  {each}" for each in payments if each.order_id == order.order_id]
    lines += ["struck:"]
    lines += [f"  {each.at} {each} {each.fault}" for each in world.faults.calls() if each.fault]
    return "\n".join(lines)
