"""A day in the shop: a script of what customers, operators and colleagues do, and of what goes wrong.

All of it happens at once. When everything is over and has healed, all laws hold.
"""

import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import httpx
from botocore.exceptions import ClientError

from cli.shapes import ProductFields
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from local.world import World
from proof.fault_campaign.case import Injection
from proof.fault_campaign.contention import let_writes_conflict
from proof.fault_campaign.interference import interfering
from proof.fault_campaign.shopper import Shopper
from proof.laws import take_snapshot, violations
from proof.plays import DELIVERABLE, UNDELIVERABLE, an_order
from proof.promises import RESTS, Story, broken_promises, read_record, tell_story
from proof.reconciliation import reconcile

SKUS: Final = ("RANDOM-APPLE", "RANDOM-BREAD", "RANDOM-CAKE")

Card = Literal["good", "declined", "approved", "refused", "abandoned"]
"""A card that is charged, or declined; or that needs an approval, and what its owner does then."""

Deed = Literal[
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
"""What can happen to an order on its way; refunds are a colleague's, in Stripe's dashboard."""

REFUNDS: Final[frozenset[Deed]] = frozenset({"refund", "refund a part"})

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

_SHOPPING_SECONDS: Final = 25.0
_HEALING_SECONDS: Final = 75.0
_IDLE_SECONDS: Final = 7.0
"""Longer than the reconciliation lets an order be idle."""
_MOST_RETRIES: Final = 3
_PAUSE_SECONDS: Final = 0.1
_LONG_PAUSE_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Act:
    """Something that happens to an order.

    Attributes:
        deed: What.
        after: When: as soon as the order's timeline has so many entries, or it rests.
    """

    deed: Deed
    after: int


@dataclass(frozen=True)
class Customer:
    """Somebody who orders.

    Attributes:
        items: SKU and units.
        card: How they pay.
        is_reachable: Whether mail to them can be delivered.
        acts: What happens to their order.
    """

    items: tuple[tuple[str, int], ...]
    card: Card = "good"
    is_reachable: bool = True
    acts: tuple[Act, ...] = ()

    def does(self, *deeds: Deed) -> bool:
        """Whether one of these happens to their order."""
        return any(act.deed in deeds for act in self.acts)


@dataclass(frozen=True)
class Script:
    """What happens, all of it at once.

    Attributes:
        stock: Units of each of the `SKUS`.
        customers: Who orders.
        injections: What goes wrong between the functions and AWS and Stripe.
        stripe_faults: What goes wrong in Stripe.
        webhooks: How Stripe's events are delivered.
    """

    stock: tuple[int, ...]
    customers: tuple[Customer, ...]
    injections: tuple[Injection, ...] = ()
    stripe_faults: tuple[Fault, ...] = ()
    webhooks: Webhooks = "at once"


@dataclass(frozen=True)
class Outcome:
    """What a script came to.

    Attributes:
        breaches: The laws that are broken, in words.
        evidence: For a person: all that is known of the orders.
        ends: The orders' ends: status, and failure code.
    """

    breaches: Sequence[str]
    evidence: str
    ends: Sequence[str]


def play(world: World, script: Script) -> Outcome:
    """Let everything happen, then heal, and check all laws.

    Args:
        world: Where; no other order may be on its way in it.
        script: What happens.
    """
    for sku, units in zip(SKUS, script.stock, strict=True):
        product = ProductFields(name=sku.title(), unit_price=_UNIT_PRICE, currency="usd", available=units)
        world.shop.stock(sku, product)
    before = take_snapshot(world)
    delivered: Counter[str] = Counter()
    with interfering(world, script.injections):
        _set_stripe(world, script)
        visits = [_Visit(world, customer, delivered) for customer in script.customers]
        try:
            with ThreadPoolExecutor(len(visits)) as threads:
                order_ids = list(threads.map(_Visit.run, visits))
        finally:
            world.stripe.reset_webhooks()
    stock = Counter(before.stock)
    stock.update(delivered)
    healing = _Healing(world, order_ids)
    deadline = time.monotonic() + _HEALING_SECONDS
    while True:
        stories = healing.stories()
        breaches = [
            *(breach for story in stories for breach in _broken(story)),
            *violations(replace(before, stock=stock), take_snapshot(world)),
        ]
        if not breaches or time.monotonic() > deadline:
            break
        healing.help(stories)
    for customer, story in zip(script.customers, stories, strict=True):
        breaches += _without_cause(script, customer, story)
    return Outcome(breaches, _evidence(world, stories), [_end(story) for story in stories])


def _set_stripe(world: World, script: Script) -> None:
    for fault in script.stripe_faults:
        world.faults.inject(fault)
    if script.webhooks == "three times":
        world.stripe.duplicate_webhooks(2)
    elif script.webhooks == "late and shuffled":
        world.stripe.hold_webhooks()
    let_writes_conflict(world)


class _Visit:
    """A customer's visit: the order, and what happens to it until it rests.

    Args:
        world: Where.
        customer: Who.
        delivered: Units by SKU that come onto the shelf; they are added to it.
    """

    def __init__(self, world: World, customer: Customer, delivered: Counter[str]) -> None:
        self._world = world
        self._customer = customer
        self._delivered = delivered
        self._shopper = Shopper(world)
        self._key = str(uuid.uuid4())
        self._submission = an_order(
            *customer.items,
            payment_method=_PAYMENT_METHODS[customer.card],
            email=DELIVERABLE if customer.is_reachable else UNDELIVERABLE,
        )
        self._has_answered = customer.card not in {"approved", "refused"}

    def run(self) -> str:
        """Order, and do everything else in time; returns the order's id."""
        order_id = self._shopper.submit(self._submission, self._key)
        acts = sorted(self._customer.acts, key=lambda act: act.after)
        deadline = time.monotonic() + _SHOPPING_SECONDS
        while time.monotonic() < deadline:
            record = read_record(self._world, order_id)
            if record is not None:
                is_over = record["status"] in {*RESTS, "NEEDS_ATTENTION"}
                self._answer_the_bank(record)
                while acts and (is_over or len(record["timeline"]) >= acts[0].after):
                    self._do(acts.pop(0).deed, record)
                    is_over = False  # perhaps not any more
                if is_over:
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

    def _do(self, deed: Deed, record: Mapping[str, Any]) -> None:
        order_id = record["order_id"]
        match deed:
            case "cancel":
                self._shopper.cancel(order_id)
            case "cancel as operator":
                self._shopper.cancel(order_id, by=OPERATOR)
            case "retry":
                self._shopper.retry(order_id)
            case "submit again":
                assert self._shopper.submit(self._submission, self._key) == order_id
            case "restock":
                sku, _ = self._customer.items[0]
                self._shopper.restock(sku, _DELIVERY)
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
            with suppress(ClientError):  # it has ended
                self._world.executions.stop(name)

    def _resend_webhooks(self, order_id: str) -> None:
        for event_id in {each.event_id for each in self._world.stripe.deliveries(order_id)}:
            self._world.stripe.resend(event_id)

    def _refund(self, record: Mapping[str, Any], amount: int | None) -> None:
        intent_id = record["payment"].get("intent_id")
        if intent_id is not None:
            with suppress(ValueError):  # there is nothing to refund
                self._world.stripe.refund_in_dashboard(intent_id, amount)


class _Healing:
    """What happens to orders until they rest: recoveries, the reconciliation, and an operator.

    Args:
        world: Where.
        order_ids: The orders.
    """

    def __init__(self, world: World, order_ids: Sequence[str]) -> None:
        self._world = world
        self._order_ids = order_ids
        self._retries: Counter[str] = Counter()
        self._idle_since = time.monotonic()

    def stories(self) -> list[Story]:
        """All that the world has of the orders, as soon as nothing moves."""
        deadline = time.monotonic() + _HEALING_SECONDS
        while not self._is_quiet() and time.monotonic() < deadline:
            self._idle_since = time.monotonic()
            time.sleep(_LONG_PAUSE_SECONDS)
        stories = [tell_story(self._world, order_id) for order_id in self._order_ids]
        lost = [each for each, story in zip(self._order_ids, stories, strict=True) if story is None]
        if lost:
            raise AssertionError(f"orders {lost} were accepted, and there is no record of them")
        return [story for story in stories if story is not None]

    def help(self, stories: Sequence[Story]) -> None:
        """Do what is to be done next for orders that do not rest yet."""
        for story in stories:
            order_id = str(story.record["order_id"])
            if story.status == "NEEDS_ATTENTION" and self._retries[order_id] < _MOST_RETRIES:
                self._retries[order_id] += Shopper(self._world).retry(order_id)
        if time.monotonic() - self._idle_since > _IDLE_SECONDS:
            reconcile(self._world)
            self._idle_since = time.monotonic()
        time.sleep(_LONG_PAUSE_SECONDS)

    def _is_quiet(self) -> bool:
        return self._world.faults.under_way() == 0 and not self._world.executions.names(running=True)


def _broken(story: Story) -> Iterator[str]:
    for breach in broken_promises(story):
        yield f"order {story.record['order_id']}: {breach}"


def _without_cause(script: Script, customer: Customer, story: Story) -> Iterator[str]:
    """An order fails only for what happened to it: else failing all of them would keep all laws."""
    causes = {
        "CONFIRMED": customer.card in {"good", "approved"},
        "payment_declined": customer.card in {"declined", "refused"} or customer.does(*REFUNDS),
        "payment_expired": customer.card in {"approved", "refused", "abandoned"},
        "out_of_stock": any(_is_short(script, sku) for sku, _ in customer.items),
        "cancelled_by_customer": customer.does("cancel"),
        "cancelled_by_operator": customer.does("cancel as operator"),
        "internal_error": bool(script.injections or script.stripe_faults),
    }
    end = story.record.get("failure", {}).get("code", story.status)
    if story.status in RESTS and not causes.get(end, False):
        yield f"order {story.record['order_id']} ended {end} without a cause: {customer}"


def _is_short(script: Script, sku: str) -> bool:
    wanted = sum(units for customer in script.customers for each, units in customer.items if each == sku)
    return wanted > script.stock[SKUS.index(sku)]


def _end(story: Story) -> str:
    return " ".join(filter(None, (story.status, story.record.get("failure", {}).get("code"))))


def _evidence(world: World, stories: Sequence[Story]) -> str:
    lines: list[str] = []
    payments = world.stripe.payments()
    for story in stories:
        lines.append(f"order {story.record['order_id']}: {_end(story)}")
        lines += [f"  {entry['at']} {entry['event']}" for entry in story.record["timeline"]]
        for name, told in story.executions.items():
            visits = ", ".join(
                f"{visit.name}" + (f" x{visit.attempts} {visit.error}" if visit.error else "")
                for visit in told.visits
            )
            lines.append(f"  {name} {told.status}: {visits}")
        lines.append(f"  events: {list(story.events)}, mail: {list(story.subjects)}")
        lines += [f"  {each}" for each in payments if each.order_id == story.record["order_id"]]
    lines += ["struck:"]
    lines += [f"  {each.at} {each} {each.fault}" for each in world.faults.calls() if each.fault]
    return "\n".join(lines)
