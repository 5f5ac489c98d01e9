"""The request of `POST /customers/{customer_id}/erase`."""

from typing import Annotated

from pydantic import Field

from lambdas.shared.rest.parsing import RequestModel


class CustomerPath(RequestModel):
    """The parameter in the path to one customer."""

    customer_id: Annotated[
        str,
        Field(pattern=r"^[A-Za-z0-9-]{1,64}$", description="`customer_id` of the customer's orders."),
    ]


class EraseCustomerRequest(RequestModel):
    """`POST /customers/{customer_id}/erase`."""

    path: CustomerPath
