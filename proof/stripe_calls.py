"""Counts the calls to Stripe that a journey's order makes, webhooks included."""

from collections import Counter
from typing import Final

from local.catalogue import SAMPLE_STOCK
from local.waiting import wait_for
from local.world import World
from proof.journey import Journey
from proof.payment_scenarios import wait_for_webhooks

_KINDS: Final = {
    "POST /v1/payment_intents": "create",
    "POST /v1/payment_intents/{id}/confirm": "confirm",
    "GET /v1/payment_intents/{id}": "retrieve",
    "POST /v1/payment_intents/{id}/cancel": "cancel",
    "POST /v1/refunds": "refund",
    "GET /v1/refunds": "list refunds",
    "GET /v1/disputes": "list disputes",
}

_TIMEOUT_SECONDS: Final = 30.0


def count_calls(world: World, journey: Journey) -> Counter[str]:
    """Run a journey, and count its order's calls to Stripe by kind; failed calls count, too."""
    for sku, product in SAMPLE_STOCK.items():
        world.shop.stock(sku, product)
    world.faults.begin_recording()
    followed = journey.run(world)
    if world.stripe.deliveries(followed.order_id):
        wait_for_webhooks(world, followed.order_id)
    wait_for(lambda: world.faults.under_way() == 0, "no call is under way", timeout_seconds=_TIMEOUT_SECONDS)
    calls = (call for call in world.faults.calls() if call.order_id == followed.order_id)
    return Counter(_KINDS[call.name.partition(": stripe ")[2]] for call in calls if ": stripe " in call.name)
