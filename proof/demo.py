"""`make demo`: runs sample orders through the real state machine, and checks that money and goods agree."""

from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Final

from cli.saved_queries import Analytics
from lambdas.domain.money import Money
from local.saga_control import StateVisit
from local.waiting import wait_for
from local.world import World, embedded_world, spoken
from proof.consumers import CONSUMERS
from proof.event_contract import published_breaches
from proof.journey import Journey, differences
from proof.journeys import JOURNEYS
from proof.laws import Snapshot, take_snapshot, violations
from proof.port import PlayedStage, PlayedWorld
from proof.scenarios import FollowedOrder

_WAIT_SCALE: Final = 0.1
"""Retries wait a tenth of the time that they wait on AWS, which keeps the demo short."""

_PAYMENT_DEADLINE_SECONDS: Final = 10
"""Deadline for the customer who does not approve the payment."""

_EVENTS_SECONDS: Final = 30.0

_WITH_CONSUMERS: Final = ("happy", "declined")
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
    end = order["status"] + (f" ({order['failure']['code']})" if "failure" in order else "")
    print(f"{'FAILED' if wrong else 'ok'}  {journey.shown or journey.what_fails}")
    _print_detail("states", " > ".join(map(_visit, world.executions.visits(followed.execution))))
    _print_detail(
        "end", f"{end} | Stripe: {_money(after, followed)} | stock: {_stock(stock_before, after.stock)}"
    )
    for difference in wrong:
        print(f"        {difference}")
    return followed, wrong


def _print_detail(name: str, text: str) -> None:
    print(f"    {name:9}  {text}", flush=True)


def _visit(visit: StateVisit) -> str:
    return visit.name if visit.attempts <= 1 else f"{visit.name} (tried {visit.attempts} times)"


def _money(after: Snapshot, followed: FollowedOrder) -> str:
    (order,) = (order for order in after.orders if order.order_id == followed.order_id)
    payments = [payment for payment in after.payments if payment.order_id == followed.order_id]
    captured = sum(payment.captured for payment in payments)
    refunded = sum(payment.refunded for payment in payments)
    if not captured:
        return "nothing charged"
    return f"charged {Money(captured, order.currency)}" + (
        f", refunded {Money(refunded, order.currency)}" if refunded else ""
    )


def _stock(before: Mapping[str, int], after: Mapping[str, int]) -> str:
    moved = {sku: after[sku] - before.get(sku, 0) for sku in after if after[sku] != before.get(sku, 0)}
    return ", ".join(f"{sku} {units:+d}" for sku, units in moved.items()) or "unchanged"


def _consumers(world: World, order_id: str) -> list[tuple[str, str]]:
    """The consumers that have done something for an order, and what. Those that receive one of its events do.

    Raises:
        TimeoutError: One has done nothing.
    """
    world.audit_trail.wait_for_events(order_id)
    events = set(world.order_events(order_id))
    shown = []
    for consumer in CONSUMERS:
        read = partial(consumer.effects, world, order_id)
        what = f"{consumer.name} has handled {', '.join(sorted(events))}"
        effects = wait_for(read, what, timeout_seconds=10) if events & consumer.receives else read()
        if effects:
            shown.append((consumer.makes, ", ".join(effects)))
    rows = wait_for(partial(_analysed, world, order_id), "the events are in the table", timeout_seconds=10)
    return [*shown, ("analytics", ", ".join(rows))]


def _analysed(world: World, order_id: str) -> list[str]:
    """The events of an order in the table for analysis, with the order's price."""
    found = Analytics(world.aws.client("athena"), "local").rows(
        "SELECT DISTINCT detail_type, detail.amount AS amount, detail.currency AS currency"  # noqa: S608 - the id is our own
        f" FROM order_events WHERE detail.order_id = '{order_id}'"
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
    confirmed = sum(order.amount or 0 for order in after.orders if order.status == "CONFIRMED")
    held = sum(payment.captured - payment.refunded for payment in after.payments)
    sold = sum(sum(order.taken.values()) for order in after.orders if order.status == "CONFIRMED")
    taken = sum(before.stock.values()) - sum(after.stock.values())
    print(
        f"\n{len(after.orders)} orders: " + ", ".join(f"{n} {status}" for status, n in sorted(orders.items()))
    )
    print(f"events  {len(world.items('audit'))} were published, each checked against its schema")
    print(f"money   Stripe holds {Money(held, 'usd')}, confirmed orders cost {Money(confirmed, 'usd')}")
    print(f"stock   {taken} units are gone, confirmed orders have {sold}")
    print(
        f"Stripe  {sum(payment.charges for payment in after.payments)} charges,"
        f" {sum(payment.refunds for payment in after.payments)} refunds"
    )
    for breach in breaches:
        print(f"BROKEN  {breach}")
    print("The laws of the saga hold." if not breaches else "The laws of the saga are broken.")
    return breaches
