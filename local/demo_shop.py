"""The shop's REST API, called by a demo user."""

import uuid
from collections.abc import Mapping
from typing import Final, Protocol

import httpx

from cli.api import ShopApi
from cli.errors import NotFound, Refused
from cli.order_state import is_at_rest
from cli.shapes import OrderJson, ProductFieldsJson, SubmissionJson
from local.users import CUSTOMER, OPERATOR
from local.waiting import wait_for

_STOCKING_TIMEOUT_SECONDS: Final = 30.0


class SignsIn(Protocol):
    """Signs demo users in, as `DemoUsers` does."""

    def token(self, name: str) -> str:
        """The ID token of a demo user."""


class DemoShop(ShopApi):
    """The calls of one demo user. No call is repeated, so that a test sees every failure.

    Args:
        api_url: URL of the REST API.
        users: Signs the demo users in.
        name: Name of the demo user who calls.
        transport: Connections shared with other users; new ones if it is left out.
    """

    def __init__(
        self,
        api_url: str,
        users: SignsIn,
        name: str = CUSTOMER,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._api_url = api_url
        self._users = users
        self._transport = transport or httpx.HTTPTransport(trust_env=False)
        super().__init__(api_url, users.token(name), transport=self._transport, attempts=1)

    def signed_in(self, name: str) -> "DemoShop":
        """The same shop, called by another demo user, over the same connections."""
        return DemoShop(self._api_url, self._users, name, self._transport)

    def request(
        self,
        method: str,
        path: str,
        *,
        anonymous: bool = False,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> httpx.Response:
        """Send any request, even an invalid one, and return the response, even an error.

        Args:
            method: HTTP method.
            path: Path below the API's URL.
            anonymous: Whether the user's token is left out.
            headers: Additional headers; `Authorization` replaces the user's token.
            json: Body, if there is one.
        """
        request = self._http.build_request(method, path, headers=headers, json=json)
        if anonymous:
            del request.headers["Authorization"]
        return self._http.send(request)

    def post_order(self, submission: SubmissionJson, idempotency_key: str | None = None) -> httpx.Response:
        """Submit an order, and return the response, even an error.

        Args:
            submission: The order.
            idempotency_key: A new one if it is left out.
        """
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self.request("POST", "/orders", headers=headers, json=submission)

    def order(self, submission: SubmissionJson) -> str:
        """Submit an order that must be accepted; returns its id."""
        return self.submit_order(submission, str(uuid.uuid4()))["order_id"]

    def wait_until_rest(self, order_id: str, *, timeout_seconds: float = 60.0) -> OrderJson:
        """Wait until an order is at rest.

        Raises:
            TimeoutError: The order is still on its way.
        """

        def at_rest() -> OrderJson | None:
            order = self.get_order(order_id)
            return order if is_at_rest(order) else None

        return wait_for(at_rest, f"order {order_id} is at rest", timeout_seconds=timeout_seconds)

    def stock_all(self, products: Mapping[str, ProductFieldsJson]) -> None:
        """Make the catalogue have these products by SKU, as an operator; only those that differ are sent."""
        stocked = {product["sku"]: product for page in self.product_pages() for product in page["products"]}
        for sku, fields in products.items():
            if stocked.get(sku) != {"sku": sku, "active": True, **fields}:
                self.stock(sku, fields)

    def stock(self, sku: str, fields: ProductFieldsJson) -> None:
        """Create or replace a product as an operator, even while orders change it."""
        operator = self.signed_in(OPERATOR)

        def put() -> bool:
            try:
                _, etag = operator.get_product(sku)
            except NotFound:
                etag = None
            try:
                operator.put_product(sku, fields, etag=etag)
            except Refused as refusal:
                if refusal.status != httpx.codes.PRECONDITION_FAILED:
                    raise
                return False
            return True

        wait_for(put, f"{sku} is in the catalogue", timeout_seconds=_STOCKING_TIMEOUT_SECONDS)
