"""What the reconciliation needs to compare an order with its payment."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.world import World
from proof.bench.cpu_use import CpuMeter
from proof.run_reconciler import run_reconciler

_FUNCTIONS: Final = ("take_turn", "reconcile_orders", "reconcile_payments", "reconcile_stock")


@dataclass(frozen=True)
class Reconciler:
    """One full run over the orders of a world, which agree with their payments and the stock.

    Attributes:
        orders: Payments that were compared.
        lists: Lists of payments at Stripe.
        dynamodb_calls: Calls to DynamoDB.
        cpu_ms: CPU milliseconds of the functions, by function.
        cpu_ms_per_order: CPU milliseconds of all functions for each payment.
    """

    orders: int
    lists: int
    dynamodb_calls: int
    cpu_ms: Mapping[str, float]
    cpu_ms_per_order: float


def measure_reconciler(world: World) -> Reconciler:
    """Compare all orders that were placed in the world so far."""
    for function in _FUNCTIONS:
        _compare_young_orders(world, function)
    run_reconciler(world)  # starts the workers
    world.faults.begin_recording()
    meter = CpuMeter(world)
    run = run_reconciler(world)
    use = meter.read()
    names = (call.name for call in world.faults.calls() if call.name.partition(":")[0] in _FUNCTIONS)
    services = Counter(name.partition(": ")[2].partition(" ")[0] for name in names)
    compared = run.counts["payments_compared"]
    cpu_ms = {name: ms for name, ms in use.milliseconds_each(1).items() if name in _FUNCTIONS}
    return Reconciler(
        compared,
        services["stripe"],
        services["dynamodb"],
        cpu_ms,
        round(sum(cpu_ms.values()) / max(1, compared), 2),
    )


def _compare_young_orders(world: World, function: str) -> None:
    """Let a part of the reconciliation compare orders that are a second old; its default is half an hour."""
    client = world.aws.client("lambda")
    name = f"orders-local-{function}"
    environment: Any = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    if "STALE_AFTER_SECONDS" in environment:
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**environment, "STALE_AFTER_SECONDS": "1"}}
        )
