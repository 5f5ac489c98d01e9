"""The request of `POST /orders/{order_id}/settle`."""

from typing import Annotated

from pydantic import Field, Json

from lambdas.shared.rest.parsing import RequestModel, has_form


class Settle(RequestModel):
    """How the payment of an order was settled outside of Stripe."""

    reason: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            pattern=r"\S",
            description="For other operators: how and why, such as the reference of a bank transfer.",
        ),
        has_form("must not be blank"),
    ]


class SettleRequest(RequestModel):
    """`POST /orders/{order_id}/settle`."""

    body: Json[Settle]
