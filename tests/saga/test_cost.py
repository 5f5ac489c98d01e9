"""docs/cost.md counts the functions and the DynamoDB calls that an order really needs."""

from collections import Counter

from docgen.cost import DYNAMODB_CALLS, FUNCTIONS
from local.waiting import wait_for
from local.world import World
from proof.orders import an_order

_TWO_LINES = (("CRUNCHY-ARMCHAIR", 2), ("RED-CHAIR", 1))


def calls_of_functions(world: World) -> list[tuple[str, str]]:
    """Function and call of everything recorded that the table counts."""
    names = [call.name.partition(": ") for call in world.faults.calls()]
    return [(function, call) for function, _, call in names if function in FUNCTIONS]


def test_an_order_makes_the_calls_that_the_table_of_costs_counts(world: World) -> None:
    # Given
    world.faults.begin_recording()

    # When
    order_id = world.shop.order(an_order(*_TWO_LINES))
    world.executions.wait_until_ended(order_id)
    world.shop.get_order(order_id)
    wait_for(
        lambda: "audit_order_events" in dict(calls_of_functions(world)),
        "the event's audit",
        timeout_seconds=60,
    )

    # Then
    calls = calls_of_functions(world)
    assert {function for function, _ in calls} == FUNCTIONS
    dynamodb = Counter(call.removeprefix("dynamodb ") for _, call in calls if call.startswith("dynamodb "))
    assert dynamodb == DYNAMODB_CALLS
