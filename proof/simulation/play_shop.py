"""Plays a shop, lets everything come to rest, and checks all laws and promises."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from local.users import OPERATOR
from proof.fault_campaign.case import parse_injection
from proof.laws import Snapshot, take_snapshot
from proof.promises import AT_REST, OrderHistory
from proof.simulation.actors import Actors
from proof.simulation.play_case import SimulatedResult, stocked_tables
from proof.simulation.scheduler import START_MS
from proof.simulation.settling import PERIOD_MS, Settling
from proof.simulation.shop import ASKING_CARDS, BAD_CARDS, SCARCE_SKUS, Happening, Shop
from proof.simulation.simulated_world import RECONCILIATION, SimulatedWorld

_NIGHT_MS: Final = 15 * 60 * 60 * 1000
"""The nightly reconciliation is at three o'clock; a shop opens at noon."""

_DAY_MS: Final = 24 * 60 * 60 * 1000

_BOUNDED_MS: Final = 5 * _DAY_MS
"""Everything comes to rest in this time after the last happening, or never. Stripe repeats webhooks for three
days."""

_HELD_AT_MOST_MS: Final = 4 * PERIOD_MS
"""Money of a closed order is found by the reconciliation in this time: it compares payments that are half an
hour old, a run can miss its turn, and the refund takes a while."""

_COMPARED_MS: Final = 90 * 60 * 1000
"""Payments of this age are still compared every quarter of an hour; older ones in the night."""


def play_shop(shop: Shop, *, traced: bool = False) -> SimulatedResult:
    """Play a shop in a new world. The process must be prepared with `installed`."""
    with SimulatedWorld(f"shop {shop.seed}", tables=stocked_tables()) as world:
        return world.scheduler.play(lambda: _Play(world, shop).run(traced=traced))


class _Play:
    def __init__(self, world: SimulatedWorld, shop: Shop) -> None:
        self._world = world
        self._shop = shop
        self._before: Snapshot = take_snapshot(world)
        self._actors = Actors(world)
        self._is_open = True
        self._held_since: dict[str, int] = {}
        self._breaches: list[str] = []

    def run(self, *, traced: bool) -> SimulatedResult:
        world, scheduler = self._world, self._world.scheduler
        scheduler.spawn(self._reconcile_on_schedule)
        until = START_MS
        for happening in sorted(self._shop.happenings, key=lambda each: each.at):
            self._wait_until(START_MS + round(happening.at * 1000))
            scheduler.spawn(partial(self._actors.act, happening.what))
            until = max(until, scheduler.now + _lasting_ms(happening))
        self._wait_until(until)
        self._actors.calm_down()
        self._rest()
        self._is_open = False
        world.redrive()
        settling = Settling(world, self._with_deliveries())
        self._actors.look_into(settling.found_by_reconciliation)
        orders, breaches, periods = settling.settle()
        self._breaches += [*breaches, *self._lost(orders), *self._without_cause(orders, settling)]
        if not breaches:
            self._breaches += settling.found_by_reconciliation()
        self._breaches += [*self._actors.breaches, *world.invariants]
        return SimulatedResult(
            case=self._shop,
            breaches=self._breaches,
            ends=[order.end for order in orders],
            periods=periods,
            operator_called=settling.operator_called,
            calls=world.faults.calls(),
            trace=world.trace.table() if traced or self._breaches else "",
            milliseconds=scheduler.now - START_MS,
        )

    def _wait_until(self, at: int) -> None:
        if at > self._world.scheduler.now:
            self._world.sleep(at - self._world.scheduler.now)

    def _rest(self) -> None:
        scheduler = self._world.scheduler
        until = scheduler.now + _BOUNDED_MS
        self._world.wait_for(lambda: scheduler.pending == 0 or scheduler.now > until, "the world is at rest")
        if scheduler.pending:
            self._breaches.append("the world never comes to rest")

    def _reconcile_on_schedule(self) -> None:
        """Start the reconciliation every quarter of an hour and every night, as its schedules do."""
        scheduler, service = self._world.scheduler, self._world.step_functions
        night = START_MS + _NIGHT_MS
        for number in range(1_000_000):
            self._world.sleep(PERIOD_MS, counts=False)
            if not self._is_open:
                return
            self._check_money_of_closed_orders()
            service.start(RECONCILIATION, f"scheduled-{number}", '{"scope": "recent"}')
            if scheduler.now > night:
                night += _DAY_MS
                service.start(RECONCILIATION, f"nightly-{number}", '{"scope": "full"}')

    def _check_money_of_closed_orders(self) -> None:
        """No closed order holds money for longer than the reconciliation needs, if nothing disturbs it."""
        now, calls = self._world.scheduler.now, self._world.network.calls
        struck = next((int(call.at) for call in reversed(calls) if call.fault), 0)
        since, self._held_since = self._held_since, {}
        records = {row["order_id"]: row for row in self._world.items("orders")}
        for payment in self._world.stripe.payments():
            record = records.get(payment.order_id or "")
            if record is None or record["status"] not in {"FAILED", "CANCELLED"}:
                continue
            holds = payment.authorized or payment.captured > payment.refunded
            if holds and record["payment"]["status"] != "settled_outside":
                first = self._held_since[payment.intent_id] = since.get(payment.intent_id, now)
                calm_since = max(first, self._actors.disturbed_at, struck)
                accepted_ms = datetime.fromisoformat(record["created_at"]).timestamp() * 1000
                if first - accepted_ms < _COMPARED_MS and now - calm_since > _HELD_AT_MOST_MS:
                    self._breaches.append(
                        f"order {payment.order_id} is closed, but Stripe holds its money for too long"
                    )

    def _with_deliveries(self) -> Snapshot:
        """The world before, if all that was delivered had been in stock."""
        delivered = Counter[str]()
        for record in self._world.items("idempotency"):
            if str(record["id"]).startswith("restock#"):
                delivered[record["sku"]] += int(record["quantity"])
        stock = {sku: units + delivered[sku] for sku, units in self._before.stock.items()}
        return replace(self._before, stock=stock)

    def _lost(self, orders: Iterable[OrderHistory]) -> list[str]:
        known = {order.order_id for order in orders}
        lost = [label for label, order_id in self._actors.orders.items() if order_id not in known]
        return [f"order {label} was accepted, but has no record" for label in lost]

    def _without_cause(self, orders: Iterable[OrderHistory], settling: Settling) -> list[str]:
        """An order may fail only for a cause; otherwise failing every order would keep all laws."""
        labels = {order_id: label for label, order_id in self._actors.orders.items()}
        return [
            f"order {labels[order.order_id]} ended {order.end} without a cause"
            for order in orders
            if order.order_id in labels
            and not (settling.has_acted_on(order.order_id) or self._has_cause(order, labels[order.order_id]))
        ]

    def _has_cause(self, order: OrderHistory, label: str) -> bool:
        """Whether something in the shop explains the end of an order that is at rest."""
        all_words = [happening.what.split(" ") for happening in self._shop.happenings]
        anything = {words[0] for words in all_words}
        own = {words[0] for words in all_words if label in words}
        cancelled_by = {words[2] == OPERATOR for words in all_words if words[:2] == ["cancel", label]}
        is_held_shortly = any("short_hold" in words for words in all_words if label in words)
        released = own & {"expire", "void"} or is_held_shortly
        submission = self._actors.submissions[label]
        card, skus = submission["payment_method"], {item["sku"] for item in submission["items"]}
        causes = {
            "CONFIRMED": card not in BAD_CARDS,
            "payment_declined": card in BAD_CARDS
            or released
            or own & {"refuse", "refund", "unpaid", "dispute"},
            "payment_expired": card in ASKING_CARDS or card in BAD_CARDS or released,
            "out_of_stock": skus & SCARCE_SKUS,
            "unknown_sku": "NO-SUCH-THING" in skus or "retire" in anything,
            "currency_mismatch": "BERLIN-BENCH" in skus,
            "amount_not_chargeable": "PENNY-NAIL" in skus,
            "price_changed": "price" in anything,
            "cancelled_by_customer": False in cancelled_by,
            "cancelled_by_operator": True in cancelled_by,
            "returned": "fulfil" in own and True in cancelled_by,
            "internal_error": anything & {"fault", "stop"} or own & {"refund", "void", "dispute"},
        }
        return order.status not in AT_REST or bool(causes.get(order.failure or order.status))


def _lasting_ms(happening: Happening) -> int:
    """How long a happening goes on: an outage."""
    kind, _, text = happening.what.partition(" ")
    return round((parse_injection(text).lasts or 0) * 1000) if kind == "fault" else 0
