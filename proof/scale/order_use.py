"""What one confirmed order uses of each service, when nothing fails and nothing waits.

The counts are those of the happy journey in `bench/results.json`.
"""

from functools import cache
from typing import Final

from proof.bench.calls import Calls, JourneyUse
from proof.bench.durations import OWN_SECONDS, REQUEST_SECONDS, seconds_of_function
from proof.bench.results import read
from statemachines.steps import STEPS

TRANSACTIONAL_UNITS: Final = 2
"""Write units of an item of up to 1 KB in a transaction."""

SLOT_UNITS: Final = 2
"""Write units of a charge slot while others are ahead: a condition that fails costs a unit, too."""

SLOT_SECONDS: Final = OWN_SECONDS + 4 * REQUEST_SECONDS
"""Duration (assumed) of a call of `charge_payment` that reads the order, takes a slot and records it."""


@cache
def happy_order() -> JourneyUse:
    """What was counted for one order."""
    return read("calls", Calls).journeys["happy"]


def stripe_calls() -> int:
    """Calls to Stripe. Each is one of another endpoint."""
    return sum(happy_order().stripe.values())


def api_requests() -> int:
    """Requests to the REST API, webhooks included. The customer reads the order once."""
    return happy_order().api_requests + 1


@cache
def step_seconds(state: str) -> float:
    """Duration (assumed) of a call of the function of a state."""
    (function,) = (step.function for step in STEPS if step.state == state)
    return seconds_of_function(happy_order().functions[function])


def order_table_units() -> int:
    """Write units of the orders table for an order of up to 1 KB; its indexes have units of their own."""
    calls = [each for use in happy_order().functions.values() for each in use.calls.items()]
    single = sum(
        times for call, times in calls if call in {"dynamodb PutItem orders", "dynamodb UpdateItem orders"}
    )
    transactions = sum(times for call, times in calls if call.startswith("dynamodb TransactWriteItems "))
    return single + TRANSACTIONAL_UNITS * transactions
