"""The pivot works, and every reply of it is lost: the saga must not undo the order."""

from collections.abc import Iterator

import pytest

from local.fault_proxy.faults import Fault
from local.world import World
from proof.laws import take_snapshot, violations
from proof.plays import an_order


@pytest.fixture(autouse=True)
def faults_end_with_the_test(world: World) -> Iterator[None]:
    yield
    world.faults.clear()


def test_an_undo_of_a_confirmed_order_goes_forward_again(world: World) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("lose_reply", "reserve_inventory: dynamodb TransactWriteItems *", times=None))
    world.faults.inject(Fault("refuse", "reserve_inventory: dynamodb GetItem *", n=2, times=None))

    # When
    order_id = world.shop.order(an_order())

    # Then
    assert world.executions.wait_until_ended(order_id) == "SUCCEEDED"
    states = world.executions.states_visited(order_id)
    assert states[-3:] == ["ReserveInventory", "ReleaseInventory", "NotifyCustomer"]
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    assert violations(before, take_snapshot(world)) == []
