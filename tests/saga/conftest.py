"""What the tests on the deployed saga share."""

from collections.abc import Iterator

import pytest

from local.stripe_stand_in.payments import StripePayment
from local.world import World


@pytest.fixture(autouse=True)
def faults_end_with_the_test(world: World) -> Iterator[None]:
    yield
    world.faults.clear()


def payment_of(world: World, order_id: str) -> StripePayment:
    (payment,) = (each for each in world.stripe.payments() if each.order_id == order_id)
    return payment
