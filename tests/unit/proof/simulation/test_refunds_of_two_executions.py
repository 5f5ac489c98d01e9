"""Two executions work on the same refund of lines, and the operator asks for the next one in between."""

import pytest

from cli.shapes import RefundRequestJson
from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.scenarios import submit
from proof.simulation.play_case import stocked_tables
from proof.simulation.simulated_world import SimulatedWorld

FLAG, OTHER_FLAG = (Fault("hold", "saga: lambda Invoke flag_for_operator", n=n) for n in (1, 2))
STARTS = Fault("hold", "stream: lambda Invoke start_saga", times=None)


def ask(world: SimulatedWorld, order_id: str, key: str) -> None:
    """Ask for a refund of an amount."""
    asked: RefundRequestJson = {"amount": 100, "restock": False, "reason": "It came late."}
    world.shop.signed_in(OPERATOR).refund_lines(order_id, asked, key)


def statuses(world: SimulatedWorld, order_id: str) -> list[str]:
    """What has become of the order's refunds of lines."""
    record = world.order_record(order_id)
    assert record is not None
    return [each["status"] for each in record["refunds"]]


@pytest.mark.parametrize("seed", range(4))
def test_a_second_failure_of_a_refund_does_not_fail_the_next_one(seed: int) -> None:
    def play(world: SimulatedWorld) -> tuple[list[str], list[str], list[str]]:
        before = take_snapshot(world)
        order_id = submit(world, an_order()).order_id
        world.stripe.set_refund_outcome(order_id, "failed")

        # Given: two executions have failed to make the first refund, and only one has flagged that
        world.faults.inject(FLAG)
        world.faults.inject(OTHER_FLAG)
        ask(world, order_id, "first")
        world.executions.start(f"{order_id}-again", order_id)
        world.faults.wait_until_held(2)
        world.faults.lift(FLAG)
        world.wait_for(lambda: statuses(world, order_id) == ["failed"], "the first one is over")

        # When: the operator asks for the next one, and the other execution flags before that one is made
        world.faults.inject(STARTS)
        ask(world, order_id, "second")
        world.faults.wait_until_held(2)
        world.faults.lift(OTHER_FLAG)
        world.wait_for(lambda: not world.executions.names(order_id, running=True), "the flags are set")
        between = statuses(world, order_id)
        world.faults.clear()
        world.rest()

        after = statuses(world, order_id)
        return between, after, violations(before, take_snapshot(world))

    with SimulatedWorld(str(seed), tables=stocked_tables()) as world:
        between, after, broken = world.scheduler.play(lambda: play(world))

    # Then
    assert (between, after, broken) == (["failed", "requested"], ["failed", "refunded"], [])
