"""`make demo`: runs sample orders through the real state machine, and checks that money and goods agree."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from cli.saved_queries import Analytics
from cli.shapes import OrderJson
from lambdas.domain.money import Money
from lambdas.domain.vocabulary import MAILED_EVENTS
from local.saga_control import StateVisit
from local.waiting import wait_for
from local.world import World, embedded_world, spoken
from proof.consumers import CONSUMERS
from proof.event_contract import published_breaches
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import Snapshot, held_of, take_snapshot, violations
from proof.port import PlayedStage, PlayedWorld
from proof.promises import read_history
from proof.scenarios import FollowedOrder

_WAIT_SCALE: Final = 0.1
"""Retries wait a tenth of the time that they wait on AWS, which keeps the demo short."""

_PAYMENT_DEADLINE_SECONDS: Final = 7
"""Deadline for the customer who does not approve the payment."""

_EVENTS_SECONDS: Final = 30.0

_WITH_CONSUMERS: Final = ("happy", "declined", "fulfilled")
"""Journeys of which the demo shows what the consumers of events have done."""


def main() -> int:
    """Run the journeys that have a description for the demo.

    Returns:
        0 if every order ended as it must and no law is broken, else 1.

    Raises:
        StartFailed: A part of the embedded run can't start.
    """
    with embedded_world(
        "demo",
        progress=spoken,
        wait_scale=_WAIT_SCALE,
        payment_deadline_seconds=_PAYMENT_DEADLINE_SECONDS,
    ) as world:
        print()
        before = take_snapshot(world)
        wrong = [each for journey in JOURNEYS if journey.shown for each in show(world, journey)]
        breaches = show_laws(world, before)
    return 1 if wrong or breaches else 0


def show(world: World, journey: Journey) -> list[str]:
    """Run a journey, print what became of it, and return the differences to its expected end."""
    followed, wrong = show_end(world, journey)
    if journey.key in _WITH_CONSUMERS:
        for name, effects in _consumers(world, followed.order_id):
            _print_detail(name, effects)
    return wrong


def show_end(world: PlayedWorld, journey: Journey) -> tuple[FollowedOrder, list[str]]:
    """Run a journey and print how it went; returns its order, and the differences to its expected end."""
    stock_before = take_snapshot(world).stock
    followed = journey.run(world)
    after = take_snapshot(world)
    wrong = differences(world, journey, followed)
    order = world.shop.signed_in(followed.customer_id).get_order(followed.order_id)
    print(f"{'FAILED' if wrong else 'ok'}  {journey.shown or journey.what_fails}")
    money, stock = _money(after, followed), _stock(stock_before, after.stock)
    _print_detail("states", " > ".join(map(_visit, world.executions.visits(followed.execution))))
    _print_detail("end", f"{_end(order)} | Stripe: {money} | stock: {stock}")
    for difference in wrong:
        print(f"        {difference}")
    return followed, wrong


def _print_detail(name: str, text: str) -> None:
    print(f"    {name:9}  {text}", flush=True)


def _end(order: OrderJson) -> str:
    if "failure" in order:
        return f"{order['status']} ({order['failure']['code']})"
    return f"{order['status']}, fulfilled" if "fulfilment" in order else order["status"]


def _visit(visit: StateVisit) -> str:
    return visit.name if visit.attempts <= 1 else f"{visit.name} (tried {visit.attempts} times)"


def _money(after: Snapshot, followed: FollowedOrder) -> str:
    (order,) = (order for order in after.orders if order.order_id == followed.order_id)
    payments = [payment for payment in after.payments if payment.order_id == followed.order_id]
    captured = sum(payment.captured for payment in payments)
    refunded = sum(payment.refunded for payment in payments)
    authorized = sum(payment.authorized for payment in payments)
    if authorized:
        return f"authorized {Money(authorized, order.currency)}"
    if not captured:
        return "nothing charged"
    return f"charged {Money(captured, order.currency)}" + (
        f", refunded {Money(refunded, order.currency)}" if refunded else ""
    )


def _stock(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    moved = {sku: after[sku] - before.get(sku, 0) for sku in after if after[sku] != before.get(sku, 0)}
    return ", ".join(f"{sku} {units:+d}" for sku, units in moved.items()) or "unchanged"


def _consumers(world: World, order_id: str) -> list[tuple[str, str]]:
    """The consumers that have done something for an order, and what.

    Raises:
        TimeoutError: One has not done all that it must.
    """
    effects = wait_for(
        partial(_consumed, world, order_id), f"the consumers of {order_id}", timeout_seconds=_EVENTS_SECONDS
    )
    return [(name, ", ".join(each)) for name, each in effects.items() if each]


def _consumed(world: World, order_id: str) -> dict[str, Sequence[str]] | None:
    """What each consumer has done for an order at rest; None if one has not done all that it must."""
    history, rows = read_history(world, order_id), _analysed(world, order_id)
    if history is None or not history.is_consumed or len(rows) < len(history.events):
        return None
    mails = 1 + sum(event in MAILED_EVENTS for event in history.events)  # one is about the order's end
    if len(history.subjects) < mails:
        return None
    return {each.makes: each.effects(world, order_id) for each in CONSUMERS} | {"analytics": rows}


def _analysed(world: World, order_id: str) -> list[str]:
    """The events of an order in the table for analysis, oldest first, with the order's price."""
    found = Analytics(world.aws.client("athena"), "local").rows(
        "SELECT detail_type, detail.amount AS amount, detail.currency AS currency"  # noqa: S608 - the id is our own
        f" FROM order_events WHERE detail.order_id = '{order_id}'"
        " GROUP BY detail_type, detail.amount, detail.currency ORDER BY min(detail.occurred_at)"
    )
    return [f"{each['detail_type']} {Money(int(each['amount']), str(each['currency']))}" for each in found]


def show_laws(world: PlayedStage, before: Snapshot) -> list[str]:
    """Check the laws on all orders and the contracts of all events, print the sums, return the breaches."""
    after = take_snapshot(world)
    for order in after.orders:
        world.wait_for(
            partial(world.order_events, order.order_id),
            f"events of order {order.order_id}",
            timeout_seconds=_EVENTS_SECONDS,
        )
    breaches = violations(before, after) + published_breaches(world)
    orders = Counter(order.status for order in after.orders)
    cost = sum(
        (order.amount or 0) - order.refunded_lines for order in after.orders if order.status == "CONFIRMED"
    )
    held = sum(map(held_of, after.payments))
    sold = sum(sum(order.taken.values()) for order in after.orders if order.status == "CONFIRMED")
    taken = sum(before.stock.values()) - sum(after.stock.values())
    print(
        f"\n{len(after.orders)} orders: " + ", ".join(f"{n} {status}" for status, n in sorted(orders.items()))
    )
    print(f"events  {len(world.items('audit'))} were published, each checked against its schema")
    print(
        f"money   Stripe holds {Money(held, 'usd')}, confirmed orders cost {Money(cost, 'usd')} after refunds"
    )
    print(f"stock   {taken} units are gone, confirmed orders have {sold}")
    print(
        f"Stripe  {sum(payment.charges for payment in after.payments)} charges,"
        f" {sum(payment.refunds for payment in after.payments)} refunds"
    )
    for breach in breaches:
        print(f"BROKEN  {breach}")
    print("The laws of the saga hold." if not breaches else "The laws of the saga are broken.")
    return breaches
