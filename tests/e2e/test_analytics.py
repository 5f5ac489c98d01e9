"""The events in S3: Firehose stores them, and `orders analytics` queries them."""

from collections import Counter

from local.world import World
from proof.orders import DECLINED, an_order
from proof.scenarios import cancel_once_confirmed
from tests.e2e.conftest import Orders, result_of

TIMEOUT_SECONDS = 20.0
DECLINED_BY_BANK, CANCELLED = "payment_declined", "cancelled_by_customer"


def failures(orders: Orders) -> Counter[str]:
    counts = Counter[str]()
    for row in result_of(orders("analytics", "failures", "--json")):
        counts[row["reason"]] += row["orders"]
    return counts


def received_and_given_back(orders: Orders) -> tuple[int, int]:
    rows = result_of(orders("analytics", "revenue", "--json"))
    return sum(row["received"] for row in rows), sum(row["given_back"] for row in rows)


def test_a_sale_a_decline_and_a_cancellation_can_be_analysed(world: World, orders: Orders) -> None:
    # Given: what other orders left, whose last events may still be on their way
    failed_before, (received, given_back) = failures(orders), received_and_given_back(orders)

    # When
    world.executions.wait_until_ended(world.shop.order(DECLINED))
    order_id = world.shop.order(an_order())
    world.executions.wait_until_ended(order_id)
    cancel_once_confirmed()(world, an_order())

    # Then
    price = world.shop.get_order(order_id)["amount"]
    expected = failed_before + Counter([DECLINED_BY_BANK, CANCELLED])
    assert price

    def are_stored() -> bool:
        received_now, given_back_now = received_and_given_back(orders)
        return (
            failures(orders) >= expected
            and received_now >= received + 2 * price
            and given_back_now <= given_back - price
        )

    assert world.wait_for(are_stored, "all events are stored", timeout_seconds=TIMEOUT_SECONDS)
