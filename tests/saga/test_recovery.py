"""What no saga handles by itself: executions that could not start, were stopped, or broke."""

import uuid
from collections.abc import Iterator

import pytest

from local.fault_proxy.faults import Fault
from local.users import OPERATOR
from local.waiting import wait_for
from local.world import World
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.run_reconciler import run_reconciler

CHARGE = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
MAIL = "notify_customer: ses *"
PATIENCE_SECONDS = 60.0


@pytest.fixture(autouse=True)
def faults_end_with_the_test(world: World) -> Iterator[None]:
    yield
    world.faults.clear()


def stop(world: World, execution: str) -> None:
    """What somebody does with the button in the console."""
    arn = world.executions.arn(execution)
    world.aws.client("stepfunctions").stop_execution(executionArn=arn)


def wait_for_status(world: World, order_id: str, status: str) -> None:
    wait_for(
        lambda: world.shop.get_order(order_id)["status"] == status,
        f"order {order_id} is {status}",
        timeout_seconds=PATIENCE_SECONDS,
    )


def test_an_order_whose_execution_could_not_start_is_started_soon_after(world: World) -> None:
    # Given
    world.faults.inject(Fault("throttle", "start_saga: states StartExecution*", times=8))

    # When
    answer = world.shop.post_order(an_order())

    # Then
    assert answer.status_code == 202
    order = world.shop.wait_until_rest(answer.json()["order_id"], timeout_seconds=PATIENCE_SECONDS)
    assert order["status"] == "CONFIRMED"


def test_an_execution_that_was_stopped_while_it_charged_is_run_again(world: World) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("hold", CHARGE))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()

    # When
    stop(world, order_id)
    world.faults.clear()

    # Then
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    assert violations(before, take_snapshot(world)) == []
    assert [each["event"] for each in world.audit_trail.wait_for_events(order_id)] == ["OrderConfirmed"]


def test_a_confirmed_order_whose_customer_was_not_told_is_told_and_never_refunded(world: World) -> None:
    # Given: an execution that is stopped, and a worker that dies, while they tell the customer
    email = f"{uuid.uuid4()}@example.com"
    world.faults.inject(Fault("hold", MAIL))
    order_id = world.shop.order(an_order(email=email))
    world.faults.wait_until_held()
    world.faults.kill_workers("notify_customer")  # with it goes the call that is held
    stop(world, order_id)
    world.faults.clear()
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"

    # When: the worker's lock may have outlived that; whoever is not told is found by the reconciler
    def told() -> bool:
        run_reconciler(world)
        return "Your order is confirmed" in [mail.subject for mail in world.mailbox.messages_to(email)]

    wait_for(told, "the customer is told", timeout_seconds=PATIENCE_SECONDS)

    # Then
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    assert (payment.charges, payment.refunds) == (1, 0)


def test_when_every_recovery_breaks_the_order_waits_visibly_for_a_human_who_can_retry_it(
    world: World,
) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("hold", CHARGE, times=None))
    order_id = world.shop.order(an_order())

    # When: somebody stops the execution, and each of its three recoveries
    for execution in (order_id, *(f"{order_id}-r{number}" for number in (1, 2, 3))):
        wait_for(
            lambda name=execution: world.executions.status(name) == "RUNNING",  # type: ignore[misc] # mypy can't infer a lambda with a default
            f"{execution} runs",
            timeout_seconds=PATIENCE_SECONDS,
        )
        stop(world, execution)

    # Then
    wait_for_status(world, order_id, "NEEDS_ATTENTION")
    assert [each["event"] for each in world.audit_trail.wait_for_events(order_id)] == ["OrderNeedsAttention"]

    # When
    world.faults.clear()
    world.shop.signed_in(OPERATOR).retry_order(order_id)

    # Then
    wait_for_status(world, order_id, "CONFIRMED")
    assert violations(before, take_snapshot(world)) == []
