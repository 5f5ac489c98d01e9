"""How often Stripe is called: its limits decide how many orders a second the shop can take."""

from local.world import World
from proof.orders import an_order
from proof.payment_scenarios import wait_for_webhooks


def calls_to_stripe(world: World, order_id: str) -> list[str]:
    return [
        call.name for call in world.faults.calls() if call.order_id == order_id and ": stripe " in call.name
    ]


def test_an_order_makes_two_calls_webhooks_included(world: World) -> None:
    # Given
    world.faults.begin_recording()

    # When
    order_id = world.shop.order(an_order())
    world.shop.wait_until_rest(order_id)
    wait_for_webhooks(world, order_id)

    # Then
    assert world.shop.get_order(order_id)["status"] == "CONFIRMED"
    assert calls_to_stripe(world, order_id) == [
        "charge_payment: stripe POST /v1/payment_intents",
        "charge_payment: stripe POST /v1/payment_intents/{id}/confirm",
    ]
