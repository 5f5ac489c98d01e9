"""docs/cost.md counts the functions and the DynamoDB calls that an order really needs."""

from collections import Counter

from docgen.cost import DYNAMODB_CALLS, FUNCTIONS
from local.world import World
from proof.orders import an_order

_TWO_LINES = (("CRUNCHY-ARMCHAIR", 2), ("RED-CHAIR", 1))


def recorded(world: World) -> Counter[tuple[str, str]]:
    """Function and call of everything recorded that the table counts."""
    names = [call.name.partition(": ") for call in world.faults.calls()]
    return Counter((function, call) for function, _, call in names if function in FUNCTIONS)


def calls_of_an_order(world: World) -> Counter[tuple[str, str]]:
    world.faults.begin_recording()
    order_id = world.shop.order(an_order(*_TWO_LINES))
    world.executions.wait_until_ended(order_id)
    world.shop.get_order(order_id)
    world.audit_trail.wait_for_events(order_id)
    return recorded(world)


def test_an_order_makes_the_calls_that_the_table_of_costs_counts(world: World) -> None:
    # A message that comes twice, or an earlier order's, adds calls: what two orders share is what one needs.
    calls = calls_of_an_order(world) & calls_of_an_order(world)

    assert {function for function, _ in calls} == FUNCTIONS
    dynamodb: Counter[str] = Counter()
    for (_, call), times in calls.items():
        if call.startswith("dynamodb "):
            dynamodb[call.removeprefix("dynamodb ")] += times
    assert dynamodb == DYNAMODB_CALLS
