"""How long functions run: assumptions, for costs and for the number of calls at the same time.

What a function does is counted; how long AWS and Stripe take is not known before a deployment.
"""

from typing import Final

from proof.bench.calls import FunctionUse, JourneyUse

OWN_SECONDS: Final = 0.02
REQUEST_SECONDS: Final = 0.01
STRIPE_SECONDS: Final = 0.4
"""A function's own work, and its requests to AWS and to Stripe."""

CALL_SECONDS: Final = 0.1
"""A call of the API that looks something up."""


def seconds_of_function(use: FunctionUse) -> float:
    """Duration of all invocations of a function."""
    stripe = sum(times for call, times in use.calls.items() if call.startswith("stripe "))
    requests = sum(use.calls.values()) - stripe
    return use.invocations * OWN_SECONDS + requests * REQUEST_SECONDS + stripe * STRIPE_SECONDS


def seconds_of(use: JourneyUse) -> float:
    """Duration of all functions."""
    return sum(map(seconds_of_function, use.functions.values()))
