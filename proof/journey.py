"""A journey of an order: what happens, where the saga fails, and how the order must end."""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cache, cached_property
from typing import Final

from cli.shapes import SubmissionJson
from lambdas.domain.vocabulary import Capture
from local.users import CUSTOMER
from proof.orders import an_order
from proof.port import PlayedStage, PlayedWorld
from proof.scenarios import FollowedOrder, Scenario, submit
from statemachines.document import ANY_ERROR, SagaDocument, State

_MONEY: Final = {
    "none": (0, 0, 0),
    "authorized": (1, 0, 0),
    "charged": (0, 1, 0),
    "refunded": (0, 1, 1),
    "refund pending": (0, 1, 1),
    "refunded in two parts": (0, 1, 2),
    "a part refunded": (0, 1, 1),
    "two parts refunded": (0, 1, 2),
    "settled outside": (0, 1, 0),
}
"""Authorizations that are still held, charges that were captured, and refunds."""


@dataclass(frozen=True)
class Journey:
    """What happens to an order, and how it must end.

    Attributes:
        key: Short name.
        what_fails: What goes wrong, for the tables in the documents.
        order: The order that is submitted.
        customer: The demo user who submits it.
        scenario: What happens to the order; by default, nothing but the saga.
        errors: The error of each state that fails, by the state's name.
        failure: The order's failure code; None if the order is confirmed.
        payment: The payment in the end, a key of `_MONEY`; by default `charged` or `authorized` if the order
            is confirmed, else `none`.
        capture: When the money is taken, as the stage is set when the order is placed.
        flagged: Whether an order that has not failed needs an operator.
        retried: The first state whose task is tried more than once.
        message: The failure message that the customer gets; None if any message will do.
        shown: Description in the demo; empty if the demo leaves the journey out.
    """

    key: str
    what_fails: str
    _: KW_ONLY
    order: SubmissionJson = field(default_factory=an_order)
    customer: str = CUSTOMER
    scenario: Scenario = submit
    errors: Mapping[str, str] = field(default_factory=dict)
    failure: str | None = None
    payment: str | None = None
    capture: Capture = Capture.AT_ORDER
    flagged: bool = False
    retried: str | None = None
    message: str | None = None
    shown: str = ""

    @cached_property
    def states(self) -> tuple[str, ...]:
        """The states that the execution enters, in order."""
        return path(self.errors)

    @property
    def execution(self) -> str:
        """How the execution ends: it fails only where a human is needed."""
        return "FAILED" if self.states[-1] == "NeedsAttention" else "SUCCEEDED"

    @property
    def status(self) -> str:
        """The order's status in the end."""
        if self.failure is None:
            return "NEEDS_ATTENTION" if self.flagged else "CONFIRMED"
        if self.execution == "FAILED":
            return "NEEDS_ATTENTION"
        return "CANCELLED" if self.failure.startswith(("cancelled_by", "returned")) else "FAILED"

    @property
    def money(self) -> str:
        """What Stripe did in the end; see `payment`."""
        if self.payment is None and self.failure is None:
            return "charged" if self.capture is Capture.AT_ORDER else "authorized"
        return self.payment or "none"

    @property
    def end(self) -> str:
        """The order's status and failure code in the end: `CONFIRMED`, or `FAILED out_of_stock`."""
        return f"{self.status} {self.failure}" if self.failure else self.status

    def run(self, world: PlayedWorld) -> FollowedOrder:
        """Make the journey happen, and wait for the end of its execution."""
        with world.capturing(self.capture):
            followed = self.scenario(world.signed_in(self.customer), self.order)
        return followed if self.customer == CUSTOMER else replace(followed, customer_id=self.customer)


def path(errors: Mapping[str, str]) -> tuple[str, ...]:
    """The states that an execution enters, in order, computed from the definition of the saga.

    Args:
        errors: The error that a state ends with when it is first entered, by the state's name. Every other
            state succeeds.
    """
    to_come = dict(errors)
    entered: list[str] = []
    name: str | None = _saga().start
    while name is not None:
        entered.append(name)
        name = _next(_saga().states[name], to_come.pop(name, None))
    return tuple(entered)


@cache
def _saga() -> SagaDocument:
    return SagaDocument.load()


def _next(state: State, error: str | None) -> str | None:
    if error is None:
        return state.next
    return next(each.target for each in state.failures if {error, ANY_ERROR} & set(each.errors))


def differences(world: PlayedStage, journey: Journey, followed: FollowedOrder) -> list[str]:
    """Name every difference between how a journey ended and how it must end.

    Args:
        world: The world that it ran in.
        journey: The journey.
        followed: Its order and execution.
    """
    order = world.shop.signed_in(followed.customer_id).get_order(followed.order_id)
    visits = world.executions.visits(followed.execution)
    errors = {visit.name: visit.error for visit in visits if visit.attempts and visit.error}
    payments = [payment for payment in world.stripe.payments() if payment.order_id == followed.order_id]
    money = (
        sum(each.authorized > 0 for each in payments),
        sum(each.charges for each in payments),
        sum(each.refunds for each in payments),
    )
    expected_and_seen = {
        "states": (list(journey.states), [visit.name for visit in visits]),
        "errors": (journey.errors, errors),
        "execution": (journey.execution, world.executions.status(followed.execution)),
        "status": (journey.status, order["status"]),
        "failure": (journey.failure, order["failure"]["code"] if "failure" in order else None),
        "message": (journey.message, order["failure"]["message"] if journey.message else None),
        "authorizations, charges and refunds": (_MONEY[journey.money], money),
        "retried": (journey.retried, next((visit.name for visit in visits if visit.attempts > 1), None)),
    }
    return [
        f"{what}: {seen}, expected {expected}"
        for what, (expected, seen) in expected_and_seen.items()
        if seen != expected
    ]
