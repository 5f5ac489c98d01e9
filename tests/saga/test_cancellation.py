"""A cancellation that races the saga: money and goods agree."""

from concurrent.futures import ThreadPoolExecutor

from local.fault_proxy.faults import Fault
from local.waiting import wait_for
from local.world import World
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.scenarios import CREATE, PIVOT
from tests.saga.conftest import payment_of

RACERS = 4


def cancel(world: World, order_id: str) -> bool:
    """Cancel until it is accepted: while all functions start cold, the API may return 5xx."""

    def accepted() -> bool:
        return world.shop.request("POST", f"/orders/{order_id}/cancel").status_code == 202

    return wait_for(accepted, f"the cancellation of order {order_id} is accepted", timeout_seconds=60)


def wait_for_cancellation_event(world: World, order_id: str) -> None:
    """Wait until the cancellation is the last event of an order; its confirmation may come before it."""
    wait_for(
        lambda: [each["event"] for each in world.audit_trail.events(order_id)][-1:] == ["OrderCancelled"],
        f"the last event of order {order_id} is its cancellation",
        timeout_seconds=60,
    )


def test_a_cancellation_that_races_the_pivot_has_one_outcome(world: World) -> None:
    # Given: orders that are held at the pivot
    before = take_snapshot(world)
    world.faults.inject(Fault("hold", PIVOT, times=RACERS))
    orders = [world.shop.order(an_order()) for _ in range(RACERS)]
    world.faults.wait_until_held(RACERS)

    # When
    with ThreadPoolExecutor(RACERS + 1) as threads:
        cancelled = [threads.submit(cancel, world, order_id) for order_id in orders]
        threads.submit(world.faults.clear).result()
        answers = [each.result() for each in cancelled]
    for order_id in orders:
        world.executions.wait_until_ended(order_id)
        world.executions.wait_until_ended(f"{order_id}-cancel")

    # Then: whether the pivot or the cancellation was first, every order is cancelled and undone
    assert all(answers)
    assert {world.shop.get_order(order_id)["status"] for order_id in orders} == {"CANCELLED"}
    assert violations(before, take_snapshot(world)) == []
    for order_id in orders:
        wait_for_cancellation_event(world, order_id)


def test_a_second_cancellation_changes_nothing(world: World) -> None:
    # Given
    order_id = world.shop.order(an_order())
    world.executions.wait_until_ended(order_id)

    # When
    first = world.shop.cancel_order(order_id)
    world.executions.wait_until_ended(f"{order_id}-cancel")
    second = world.shop.cancel_order(order_id)

    # Then
    assert [first["status"], second["status"]] == ["CONFIRMED", "CANCELLED"]
    payment = payment_of(world, order_id)
    assert (payment.charges, payment.refunds) == (1, 1)


def test_an_intent_that_is_made_after_a_cancellation_is_cancelled(world: World) -> None:
    # Given
    world.faults.inject(Fault("hold", CREATE))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()
    cancel(world, order_id)

    # When
    world.faults.clear()
    world.executions.wait_until_ended(order_id)
    world.executions.wait_until_ended(f"{order_id}-cancel")

    # Then: if the cancellation took longer than the call waits, there is no intent at all
    made = {each.status for each in world.stripe.payments() if each.order_id == order_id}
    assert made <= {"canceled"}
    assert world.shop.get_order(order_id)["status"] == "CANCELLED"
