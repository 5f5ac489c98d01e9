"""Recovery of orders whose execution did not start, was stopped, or broke."""

from lambdas.shared.saga_executions import SagaExecutions
from local.fault_proxy.faults import Fault
from local.users import CUSTOMER, OPERATOR, email_of
from local.waiting import wait_for
from local.world import World
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.run_reconciler import run_reconciler
from proof.scenarios import CONFIRM
from tests.saga.conftest import payment_of, wait_for_status

MAIL = "notify_customer: ses *"
TIMEOUT_SECONDS = 60.0


def expire_locks(world: World) -> None:
    """Delete the locks of actions under way: the shortened pauses of a test end before a lock does."""
    table = world.tables["idempotency"]
    for page in world.dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            if item.get("status") == {"S": "INPROGRESS"}:
                world.dynamodb.delete_item(TableName=table, Key={"id": item["id"]})


def test_an_order_whose_execution_did_not_start_is_started_later(world: World) -> None:
    # Given
    world.faults.inject(Fault("throttle", "start_saga: states StartExecution*", times=8))

    # When
    answer = world.shop.post_order(an_order())

    # Then
    assert answer.status_code == 202
    order = world.shop.wait_until_rest(answer.json()["order_id"], timeout_seconds=TIMEOUT_SECONDS)
    assert order["status"] == "CONFIRMED"


def test_an_execution_that_was_stopped_at_its_charge_is_run_again(world: World) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("hold", CONFIRM))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()

    # When
    world.executions.stop(order_id)
    world.faults.clear()

    # Then
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    assert violations(before, take_snapshot(world)) == []
    assert [each["event"] for each in world.audit_trail.wait_for_events(order_id)] == ["OrderConfirmed"]


def test_an_execution_that_started_through_an_alias_is_run_again(world: World) -> None:
    """Cloud stages start executions through an alias. The embedded AWS has aliases by its API only."""
    # Given: an execution that only the alias has started
    machines = world.aws.client("stepfunctions")
    version = machines.publish_state_machine_version(stateMachineArn=world.state_machine_arn)
    alias = machines.create_state_machine_alias(
        name="live",
        routingConfiguration=[{"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}],
    )["stateMachineAliasArn"]
    world.faults.inject(Fault("throttle", "start_saga: states StartExecution*", times=None))
    world.faults.inject(Fault("hold", CONFIRM))
    order_id = world.shop.order(an_order())
    started = SagaExecutions(machines, alias)
    assert started.start(order_id, None, order_id) is True
    world.faults.wait_until_held()
    assert started.is_running(order_id) is True

    # When: it is stopped, and its order is started once more, without the alias
    world.executions.stop(order_id)
    world.faults.clear()

    # Then: the name is used, and the recovery follows the execution
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"
    assert world.executions.names(order_id) == [order_id, f"{order_id}-r1"]
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    machines.delete_state_machine_alias(stateMachineAliasArn=alias)


def test_a_confirmed_order_whose_mail_was_lost_is_mailed_not_refunded(world: World) -> None:
    # Given: the execution is stopped and the worker is killed while the mail is sent
    world.faults.inject(Fault("hold", MAIL))
    order_id = world.shop.order(an_order())
    world.faults.wait_until_held()
    world.faults.kill_workers("notify_customer")  # the call that is held ends with it
    world.executions.stop(order_id)
    world.faults.clear()
    assert world.executions.wait_until_ended(f"{order_id}-r1") == "SUCCEEDED"

    # When: the lock of the killed worker expires, and the reconciliation finds the order
    expire_locks(world)

    def mailed() -> bool:
        run_reconciler(world)
        mails = [mail for mail in world.mailbox.messages_to(email_of(CUSTOMER)) if order_id in mail.text]
        return "Your order is confirmed" in [mail.subject for mail in mails]

    wait_for(mailed, "the customer gets the mail", timeout_seconds=TIMEOUT_SECONDS)

    # Then
    payment = payment_of(world, order_id)
    assert (payment.charges, payment.refunds) == (1, 0)


def test_an_order_whose_recoveries_all_break_waits_for_an_operators_retry(world: World) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("hold", CONFIRM, times=None))
    order_id = world.shop.order(an_order())

    # When: the execution and each of its three recoveries are stopped
    for execution in (order_id, *(f"{order_id}-r{number}" for number in (1, 2, 3))):
        wait_for(
            lambda name=execution: world.executions.status(name) == "RUNNING",  # type: ignore[misc] # mypy can't infer a lambda with a default
            f"{execution} runs",
            timeout_seconds=TIMEOUT_SECONDS,
        )
        world.executions.stop(execution)

    # Then
    wait_for_status(world, order_id, "NEEDS_ATTENTION")
    assert [each["event"] for each in world.audit_trail.wait_for_events(order_id)] == ["OrderNeedsAttention"]

    # When
    world.faults.clear()
    world.shop.signed_in(OPERATOR).retry_order(order_id)

    # Then
    wait_for_status(world, order_id, "CONFIRMED")
    assert violations(before, take_snapshot(world)) == []
