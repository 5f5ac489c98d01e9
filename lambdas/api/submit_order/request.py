"""The request of `POST /orders`."""

from pydantic import Json

from lambdas.shared.rest.idempotency_key import IdempotentHeaders
from lambdas.shared.rest.parsing import RequestModel
from lambdas.shared.submission.request import SubmitOrder


class SubmitOrderRequest(RequestModel):
    """`POST /orders`."""

    headers: IdempotentHeaders
    body: Json[SubmitOrder]
