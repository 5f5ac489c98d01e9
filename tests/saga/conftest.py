"""What the tests on the deployed saga share."""

from collections.abc import Iterator

import pytest

from local.stripe_stand_in.payments import StripePayment
from local.waiting import wait_for
from local.world import World


@pytest.fixture(autouse=True)
def faults_end_with_the_test(world: World) -> Iterator[None]:
    yield
    world.faults.clear()


def payment_of(world: World, order_id: str) -> StripePayment:
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    return payment


def wait_for_status(world: World, order_id: str, status: str) -> None:
    wait_for(
        lambda: world.shop.get_order(order_id)["status"] == status,
        f"order {order_id} is {status}",
        timeout_seconds=60.0,
    )
