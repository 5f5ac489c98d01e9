"""The reconciliation, deployed: it heals what is safe to heal, and reports the rest."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import stripe

from local.fault_proxy.faults import Fault
from local.traces import deserialized
from local.waiting import wait_for
from local.world import World
from proof.laws import take_snapshot, violations
from proof.orders import an_order
from proof.run_reconciler import ReconcilerRun, run_reconciler
from proof.scenarios import cancel_once_confirmed, webhooks_held
from tests.saga.conftest import payment_of

TIMEOUT_SECONDS = 60.0
SKU = "RED-CHAIR"
SERVICE = "orders-local"


def reconcile_until(world: World, happened: Callable[[ReconcilerRun], object], what: str) -> ReconcilerRun:
    """Run the reconciliation until something happened: it leaves the changes of the last seconds alone."""

    def once() -> ReconcilerRun | None:
        run = run_reconciler(world)
        return run if happened(run) else None

    return wait_for(once, what, timeout_seconds=TIMEOUT_SECONDS)


def finding_about(world: World, value: str) -> Mapping[str, Any]:
    found = reconcile_until(world, lambda run: run.about(value), f"there is a finding about {value}")
    [finding] = found.about(value)
    return finding


def confirmed(world: World, *items: tuple[str, int]) -> str:
    order_id = world.shop.order(an_order(*items))
    world.executions.wait_until_ended(order_id)
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    return order_id


# Orders


def test_an_order_whose_saga_never_started_is_started_once(world: World) -> None:
    # Given
    before = take_snapshot(world)
    world.faults.inject(Fault("throttle", "start_saga: states StartExecution*", times=None))
    order_id = world.shop.order(an_order())

    # When
    reconcile_until(world, lambda _: world.executions.names(order_id), "the order's saga was started")
    world.executions.wait_until_ended(f"{order_id}-v1")
    run_reconciler(world)

    # Then
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    assert world.executions.names(order_id) == [f"{order_id}-v1"]

    # When: the first start succeeds at last
    world.faults.clear()
    world.executions.wait_until_ended(order_id)

    # Then
    assert violations(before, take_snapshot(world)) == []


# One run at a time


def test_a_frequent_run_gives_way_to_one_that_is_under_way(world: World) -> None:
    # Given
    client, machine = world.aws.client("stepfunctions"), world.outputs["ReconciliationArn"]

    def start(scope: str) -> str:
        arn: str = client.start_execution(stateMachineArn=machine, input=json.dumps({"scope": scope}))[
            "executionArn"
        ]
        return arn

    def status(arn: str) -> str:
        return client.describe_execution(executionArn=arn)["status"]

    world.faults.inject(Fault("throttle", "reconcile_orders: dynamodb Query *", times=None))
    full = start("full")

    # When
    frequent = start("recent")
    wait_for(lambda: status(frequent) != "RUNNING", "the second run ends", timeout_seconds=TIMEOUT_SECONDS)

    # Then
    history = client.get_execution_history(executionArn=frequent)["events"]
    assert history[-2]["stateExitedEventDetails"]["name"] == "GaveWay"
    assert status(full) == "RUNNING"

    # When
    world.faults.clear()

    # Then
    wait_for(lambda: status(full) != "RUNNING", "the first run ends", timeout_seconds=TIMEOUT_SECONDS)
    assert status(full) == "SUCCEEDED"


# Payments


def test_a_payment_without_an_order_is_reported(world: World) -> None:
    paid = world.stripe.pay_elsewhere(777, "eur", {"service": SERVICE})["id"]

    finding = finding_about(world, paid)
    world.stripe.refund_in_dashboard(paid)

    assert finding["kind"] == "money_without_order"
    assert (finding["held"], finding["currency"]) == (777, "eur")
    assert not run_reconciler(world).about(paid)


def test_a_payment_of_another_service_is_only_counted(world: World) -> None:
    # Given: the older payment is not ours, so it has been compared when the younger one is reported
    link = world.stripe.pay_elsewhere(777, "eur")["id"]
    paid = world.stripe.pay_elsewhere(777, "eur", {"service": SERVICE})["id"]

    # When
    run = reconcile_until(world, lambda run: run.about(paid), "the younger payment is reported")

    # Then
    assert not run.about(link)
    assert run.counts["payments_of_others"] >= 1
    for each in (link, paid):
        world.stripe.refund_in_dashboard(each)


def test_a_spare_payment_of_an_order_is_cancelled(world: World) -> None:
    # Given
    order_id = confirmed(world)
    client = stripe.StripeClient("sk_test_dashboard", base_addresses={"api": world.stripe_url})
    spare = client.v1.payment_intents.create(
        {"amount": 777, "currency": "eur", "metadata": {"service": SERVICE, "order_id": order_id}}
    )

    # When
    reconcile_until(
        world, lambda run: run.counts.get("spare_payments_cancelled"), "the spare payment is cancelled"
    )

    # Then
    assert client.v1.payment_intents.retrieve(spare.id).status == "canceled"
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"


def test_a_refund_outside_is_reported_until_it_is_on_the_record(world: World) -> None:
    # Given
    order_id = confirmed(world, (SKU, 2))
    intent_id = payment_of(world, order_id).intent_id

    # When
    with webhooks_held(world):
        world.stripe.refund_in_dashboard(intent_id, 900)
        finding = finding_about(world, order_id)

        # Then
        assert finding["kind"] == "order_without_money"
        assert (finding["order_amount"], finding["held"], finding["currency"]) == (15_900, 15_000, "usd")
        world.stripe.release_webhooks()
        wait_for(
            lambda: any(
                "PaymentRefundedOutside" in each["event"]
                for each in world.shop.get_order(order_id)["timeline"]
            ),
            "the refund is on the order's record",
            timeout_seconds=TIMEOUT_SECONDS,
        )
    assert not run_reconciler(world).about(order_id)


def test_a_wrong_payment_in_the_record_is_two_findings(world: World) -> None:
    # Given
    order_id = confirmed(world)
    intent_id = payment_of(world, order_id).intent_id

    # When
    with _intent_in_record(world, order_id, "pi_gone"):
        found = reconcile_until(
            world, lambda run: run.about("second_payment") and run.about(order_id), "there are both findings"
        ).about(order_id)

    # Then
    assert {(each["kind"], each["intent_id"]) for each in found} == {
        ("order_without_money", "pi_gone"),
        ("second_payment", intent_id),
    }


def test_a_closed_order_whose_refund_failed_unnoticed_needs_a_human(world: World) -> None:
    # Given: a cancelled order whose refund failed later, and no webhook about it
    order_id = cancel_once_confirmed()(world, an_order()).order_id
    paid = payment_of(world, order_id)
    assert paid.refunded == paid.captured
    with webhooks_held(world):
        world.stripe.fail_refund(paid.intent_id)
        assert payment_of(world, order_id).refunded == 0

        # When
        reconcile_until(
            world,
            lambda _: world.shop.get_order(order_id)["status"] == "NEEDS_ATTENTION",
            "the order needs attention",
        )
        again = run_reconciler(world)

    # Then
    assert payment_of(world, order_id).refunded == 0
    assert not again.about(order_id)


# Stock


def test_a_changed_counter_of_reserved_units_is_reported(world: World) -> None:
    # Given
    order_id = confirmed(world, (SKU, 2))
    day = world.shop.get_order(order_id)["created_at"][:10]
    assert not run_reconciler(world).about(SKU)
    reserved = _product(world, SKU)[f"reserved_{day}"]

    # When
    _add_reserved(world, SKU, day, 5)
    [finding] = run_reconciler(world).about(SKU)
    _add_reserved(world, SKU, day, -5)

    # Then
    assert (finding["kind"], finding["day"]) == ("stock_differs", day)
    assert (finding["reserved"], finding["ordered"]) == (reserved + 5, reserved)
    assert not run_reconciler(world).about(SKU)


def _product(world: World, sku: str) -> dict[str, Any]:
    item = world.aws.client("dynamodb").get_item(TableName=world.tables["inventory"], Key={"sku": {"S": sku}})
    return deserialized(item["Item"])


def _add_reserved(world: World, sku: str, day: str, units: int) -> None:
    world.aws.client("dynamodb").update_item(
        TableName=world.tables["inventory"],
        Key={"sku": {"S": sku}},
        UpdateExpression="ADD #day :units",
        ExpressionAttributeNames={"#day": f"reserved_{day}"},
        ExpressionAttributeValues={":units": {"N": str(units)}},
    )


@contextmanager
def _intent_in_record(world: World, order_id: str, intent_id: str) -> Iterator[None]:
    """Put another PaymentIntent's id into an order's record, as long as the context lasts."""

    def write(value: str) -> None:
        world.aws.client("dynamodb").update_item(
            TableName=world.tables["orders"],
            Key={"order_id": {"S": order_id}},
            UpdateExpression="SET payment.intent_id = :intent_id",
            ExpressionAttributeValues={":intent_id": {"S": value}},
        )

    before = payment_of(world, order_id).intent_id
    write(intent_id)
    try:
        yield
    finally:
        write(before)
