"""Accepts an order; one conditional write tells a new order, a replay and a reused key apart."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Final

from lambdas.domain import clock
from lambdas.domain.order import Order, OrderLine, TimelineEntry
from lambdas.domain.vocabulary import Capture, ProblemKind
from lambdas.shared.rest.caller import Caller
from lambdas.shared.rest.idempotency_key import reused_idempotency_key
from lambdas.shared.rest.problem import FieldError, Problem, invalid_request
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.submission.request import SubmitOrder, is_email_address
from lambdas.shared.work import writer

_NAMESPACE: Final = uuid.UUID("b1c64f0e-4e0c-5b7a-8a3f-5d1c2f9a7e42")


@dataclass(frozen=True, slots=True)
class Submission:
    """A request that was accepted.

    Attributes:
        order: The order as it was first accepted, also for a replay.
        replayed: Whether the order existed already.
    """

    order: Order
    replayed: bool


def submit_order(
    caller: Caller, idempotency_key: str, request: SubmitOrder, orders: OrderTable, capture: Capture
) -> Submission:
    """Write the order, once per customer and idempotency key.

    The table's stream starts the order's saga, so there is no second write that could be lost. The order
    records when its money is taken, so it keeps that if the stage is set to another time later.

    Raises:
        Problem: The key was used for a different order (422), the e-mail address is not the caller's (400),
            or the caller has no verified address (403).
    """
    order = _order_of(caller, idempotency_key, request, capture)
    existing = orders.create(order)
    if existing is None:
        return Submission(order, replayed=False)
    if existing.request_hash != order.request_hash:
        raise reused_idempotency_key()
    return Submission(existing.as_submitted(), replayed=True)


def _order_of(caller: Caller, idempotency_key: str, request: SubmitOrder, capture: Capture) -> Order:
    at = clock.now()
    customer_id = caller.customer_id
    return Order(
        # JSON, because plain concatenation would give ("a", "b c") and ("a b", "c") the same id.
        order_id=str(uuid.uuid5(_NAMESPACE, json.dumps([customer_id, idempotency_key]))),
        customer_id=customer_id,
        request_hash=_fingerprint(request),
        currency=request.currency,
        lines=tuple(OrderLine(item.sku, item.quantity) for item in request.items),
        payment_method=request.payment_method,
        email=_own_address(caller, request.email),
        return_url=request.return_url,
        reference=request.reference,
        expected_amount=request.expected_amount,
        capture=capture,
        created_at=at,
        updated_at=at,
        timeline=(TimelineEntry(at, "OrderReceived", **writer()),),
    )


def _own_address(caller: Caller, given: str | None) -> str:
    """The address for the customer's mail: always the caller's own, so that nobody can mail others."""
    if caller.email is None:
        raise Problem(
            ProblemKind.FORBIDDEN,
            "Your e-mail address is not verified. Verify it, sign in again, and then order.",
        )
    if given is not None and given.casefold() != caller.email.casefold():
        raise invalid_request(FieldError("email", "must be the address that you signed in with"))
    if not is_email_address(caller.email):
        raise invalid_request(
            FieldError("email", "no mail can be sent to the address that you signed in with")
        )
    return caller.email


def _fingerprint(request: SubmitOrder) -> str:
    # Without absent fields, so that a new optional field does not change the fingerprints of old requests.
    body = request.model_dump(exclude_none=True)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
