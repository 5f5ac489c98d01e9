"""A thin client of the REST API, for customers and operators alike."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final, NotRequired, TypedDict, cast

import httpx

from local.catalogue import Product
from local.users import CUSTOMER, OPERATOR
from local.waiting import wait_for

AT_REST: Final = frozenset({"CONFIRMED", "FAILED", "CANCELLED", "NEEDS_ATTENTION"})
"""The statuses of an order that the saga is done with."""

_REQUEST_TIMEOUT_SECONDS: Final = 30.0


class OrderItem(TypedDict):
    """So many units of one SKU; the price is there once the order is priced."""

    sku: str
    quantity: int
    unit_price: NotRequired[int | None]


class Submission(TypedDict):
    """The body of `POST /orders`."""

    currency: str
    items: list[OrderItem]
    payment_method: str
    email: str


class Payment(TypedDict):
    """The payment of an order, as the API shows it."""

    status: str
    intent_id: str | None


class Failure(TypedDict):
    """Why an order is not fulfilled, as the API shows it."""

    code: str
    message: str


class TimelineEntry(TypedDict):
    """Something that happened to an order, as the API shows it."""

    at: str
    event: str


class OrderView(TypedDict):
    """An order, as the API shows it."""

    order_id: str
    status: str
    currency: str
    items: list[OrderItem]
    amount: int | None
    payment: Payment
    failure: NotRequired[Failure]
    timeline: list[TimelineEntry]
    created_at: str
    updated_at: str


class ShopClient:
    """The REST API.

    Args:
        api_url: Where it is.
        token_of: Signs a demo user in, by name.
    """

    def __init__(self, api_url: str, token_of: Callable[[str], str]) -> None:
        self._token_of = token_of
        self._http = httpx.Client(base_url=api_url, timeout=_REQUEST_TIMEOUT_SECONDS, trust_env=False)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        customer_id: str | None = CUSTOMER,
        headers: Mapping[str, str] | None = None,
        json: Any = None,  # noqa: ANN401 - any body, also a wrong one
    ) -> httpx.Response:
        """Any request, also a wrong one.

        Args:
            method: The HTTP method.
            path: Below the API's URL.
            customer_id: The name of the demo user who asks, a customer or `OPERATOR`; None for nobody.
            headers: More headers.
            json: The body, if there is one.
        """
        all_headers = dict(headers or {})
        if customer_id is not None:
            all_headers["Authorization"] = f"Bearer {self._token_of(customer_id)}"
        return self._http.request(method, path, headers=all_headers, json=json)

    def submit_order(
        self,
        submission: Submission,
        *,
        customer_id: str = CUSTOMER,
        idempotency_key: str | None = None,
    ) -> httpx.Response:
        """Submit an order.

        Args:
            submission: What is ordered.
            customer_id: Who orders.
            idempotency_key: A new one if it is left out.
        """
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self.request("POST", "/orders", customer_id=customer_id, headers=headers, json=submission)

    def order(self, submission: Submission, *, customer_id: str = CUSTOMER) -> str:
        """Submit an order that must be accepted, and return its id."""
        response = self.submit_order(submission, customer_id=customer_id).raise_for_status()
        return cast(OrderView, response.json())["order_id"]

    def get_order(self, order_id: str, *, customer_id: str = CUSTOMER) -> OrderView:
        """An order that must be there."""
        response = self.request("GET", f"/orders/{order_id}", customer_id=customer_id).raise_for_status()
        return cast(OrderView, response.json())

    def cancel_order(self, order_id: str, *, customer_id: str = CUSTOMER) -> OrderView:
        """Ask to cancel an order that can be cancelled."""
        answer = self.request("POST", f"/orders/{order_id}/cancel", customer_id=customer_id)
        return cast(OrderView, answer.raise_for_status().json())

    def retry_order(self, order_id: str) -> OrderView:
        """Have an operator run the saga once more for an order that is not at rest."""
        answer = self.request("POST", f"/orders/{order_id}/retry", customer_id=OPERATOR)
        return cast(OrderView, answer.raise_for_status().json())

    def wait_until_rest(
        self, order_id: str, *, customer_id: str = CUSTOMER, timeout_seconds: float = 60.0
    ) -> OrderView:
        """Wait until an order's status is one of `AT_REST`.

        Raises:
            TimeoutError: It still is on its way.
        """

        def at_rest() -> OrderView | None:
            order = self.get_order(order_id, customer_id=customer_id)
            return order if order["status"] in AT_REST else None

        return wait_for(at_rest, f"order {order_id} is at rest", timeout_seconds=timeout_seconds)

    def get_product(self, sku: str) -> Product:
        """A product that must be there."""
        return cast(Product, self.request("GET", f"/inventory/{sku}").raise_for_status().json())

    def put_product(self, sku: str, product: Product) -> None:
        """Put a product on the shelf, in place of what is there, whatever orders do meanwhile."""

        def put() -> bool:
            current = self.request("GET", f"/inventory/{sku}", customer_id=OPERATOR)
            condition = (
                {"If-None-Match": "*"}
                if current.status_code == httpx.codes.NOT_FOUND
                else {"If-Match": current.raise_for_status().headers["ETag"]}
            )
            answer = self.request(
                "PUT", f"/inventory/{sku}", customer_id=OPERATOR, headers=condition, json=product
            )
            if answer.status_code == httpx.codes.PRECONDITION_FAILED:
                return False
            answer.raise_for_status()
            return True

        wait_for(put, f"{sku} is put on the shelf", timeout_seconds=_REQUEST_TIMEOUT_SECONDS)
