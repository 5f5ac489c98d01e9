"""The events in S3: Firehose stores them, and the saved queries read them."""

from collections import Counter

from local.processes import REPOSITORY
from local.world import World
from proof.orders import DECLINED, an_order
from proof.scenarios import cancel_once_confirmed

TIMEOUT_SECONDS = 20.0
DECLINED_BY_BANK, CANCELLED = "payment_declined", "cancelled_by_customer"


def answer(world: World, query: str) -> list[dict[str, str]]:
    """The rows of a saved query. The embedded AWS runs it with DuckDB."""
    athena = world.aws.client("athena")
    execution = athena.start_query_execution(
        QueryString=(REPOSITORY / "analytics" / f"{query}.sql").read_text(encoding="utf-8"),
        WorkGroup="orders-local",
        QueryExecutionContext={"Database": "orders_local"},
    )["QueryExecutionId"]

    def has_succeeded() -> bool:
        status = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
        assert status["State"] != "FAILED", status
        return status["State"] == "SUCCEEDED"

    world.wait_for(has_succeeded, f"{query} is answered", timeout_seconds=TIMEOUT_SECONDS)
    rows = athena.get_query_results(QueryExecutionId=execution)["ResultSet"]["Rows"]
    names, *values = [[cell["VarCharValue"] for cell in row["Data"]] for row in rows]
    return [dict(zip(names, row, strict=True)) for row in values]


def failures(world: World) -> Counter[str]:
    return Counter({row["reason"]: int(row["orders"]) for row in answer(world, "failures")})


def received_and_given_back(world: World) -> tuple[int, int]:
    rows = answer(world, "revenue")
    return sum(int(row["received"]) for row in rows), sum(int(row["given_back"]) for row in rows)


def test_a_sale_a_decline_and_a_cancellation_can_be_analysed(world: World) -> None:
    # Given: what other orders left, whose last events may still be on their way
    failed_before, (received, given_back) = failures(world), received_and_given_back(world)

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
        received_now, given_back_now = received_and_given_back(world)
        return (
            failures(world) >= expected
            and received_now >= received + 2 * price
            and given_back_now <= given_back - price
        )

    assert world.wait_for(are_stored, "all events are stored", timeout_seconds=TIMEOUT_SECONDS)
