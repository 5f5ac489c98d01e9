"""The request of `POST /orders/{order_id}/settle`."""

from typing import Annotated

from pydantic import Field, Json

from lambdas.shared.rest.fields import Reason
from lambdas.shared.rest.parsing import RequestModel


class Settle(RequestModel):
    """How the payment of an order was settled outside of Stripe."""

    reason: Annotated[
        Reason,
        Field(description="For other operators: how and why, such as the reference of a bank transfer."),
    ]


class SettleRequest(RequestModel):
    """`POST /orders/{order_id}/settle`."""

    body: Json[Settle]
