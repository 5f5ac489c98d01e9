"""How often Stripe is called: its limits decide how many orders a second the shop can take."""

from docgen.stripe_calls import read_counts
from local.world import World
from proof.journeys import JOURNEYS
from proof.stripe_calls import count_calls


def test_an_order_makes_two_calls_webhooks_included(world: World) -> None:
    (happy,) = (journey for journey in JOURNEYS if journey.key == "happy")

    assert count_calls(world, happy) == {"create": 1, "confirm": 1} == read_counts()["happy"]
