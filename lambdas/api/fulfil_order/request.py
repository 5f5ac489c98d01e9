"""The request of `POST /orders/{order_id}/fulfil`."""

from typing import Annotated

from pydantic import Field, Json

from lambdas.shared.rest.fields import ShortText
from lambdas.shared.rest.parsing import RequestModel


class Fulfil(RequestModel):
    """How the goods of an order were handed over. All of it can be left out, and so can the body."""

    carrier: Annotated[
        ShortText | None, Field(description="Who delivers the goods, as the customer should read it.")
    ] = None
    tracking_number: Annotated[
        ShortText | None, Field(description="The carrier's number of the delivery.")
    ] = None


class FulfilRequest(RequestModel):
    """`POST /orders/{order_id}/fulfil`."""

    body: Json[Fulfil] = Fulfil()
