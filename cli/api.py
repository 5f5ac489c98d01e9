"""Client of the REST API."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import httpx

from cli.errors import CommandFailed, NotFound, NotSignedIn, Refused, Unavailable
from cli.shapes import (
    DeliveryJson,
    ErasureJson,
    ExecutionsJson,
    OrderJson,
    OrderPageJson,
    ProductChangesJson,
    ProductFieldsJson,
    ProductJson,
    ProductPageJson,
    RefundRequestJson,
    StoryJson,
    SubmissionJson,
)

_TIMEOUT_SECONDS: Final = 30.0  # API Gateway gives up after 29
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_PAUSE_SECONDS: Final = 10.0


class ShopApi:
    """Client of the REST API. It retries failed calls that are safe to repeat.

    Args:
        api_url: URL of the API.
        token: Cognito ID token of the user.
        transport: Sends requests; the network by default.
        sleep: Waits before a retry; takes seconds.
        attempts: Maximum number of attempts of a call.

    Raises:
        NotSignedIn: From every call, if the token is not accepted.
        NotFound: From every call, if the order or product does not exist.
        Refused: From every call, if the shop rejects it; lists every invalid field.
        Unavailable: From every call, if the shop is unreachable or unavailable.
    """

    def __init__(
        self,
        api_url: str,
        token: str,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        attempts: int = 4,
    ) -> None:
        self._http = httpx.Client(
            base_url=api_url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_SECONDS,
            transport=transport,
            trust_env=urlsplit(api_url).hostname not in _THIS_MACHINE,  # not through a web proxy
        )
        self._sleep = sleep
        self._attempts = attempts

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit_order(self, submission: SubmissionJson, idempotency_key: str) -> OrderJson:
        """Place an order. Repeating this with the same key places no second order."""
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._call("POST", "/orders", repeatable=True, json=submission, headers=headers)
        return cast(OrderJson, answer.json())

    def get_order(self, order_id: str) -> OrderJson:
        """Get an order."""
        return cast(OrderJson, self._read(f"/orders/{_quoted(order_id)}").json())

    def get_story(self, order_id: str) -> StoryJson:
        """Get everything that happened to an order."""
        return cast(StoryJson, self._read(f"/orders/{_quoted(order_id)}/story").json())

    def list_executions(self, order_id: str) -> ExecutionsJson:
        """List the executions of an order; for operators."""
        return cast(ExecutionsJson, self._read(f"/orders/{_quoted(order_id)}/executions").json())

    def order_pages(
        self, *, status: str | None, reference: str | None = None, limit: int | None, cursor: str | None
    ) -> Iterator[OrderPageJson]:
        """List orders, newest first, requesting each page when it is needed.

        Args:
            status: Only list orders with this status.
            reference: Only list orders with this reference of their customer.
            limit: Maximum number of orders on a page.
            cursor: Start of the first page; None for the newest orders.
        """
        wanted = {"status": status, "reference": reference, "limit": limit}
        for page in self._pages("/orders", wanted, cursor):
            yield cast(OrderPageJson, page)

    def cancel_order(self, order_id: str) -> OrderJson:
        """Cancel an order. Repeating this has no further effect."""
        return cast(
            OrderJson, self._call("POST", f"/orders/{_quoted(order_id)}/cancel", repeatable=True).json()
        )

    def fulfil_order(self, order_id: str, delivery: DeliveryJson) -> OrderJson:
        """Record that an order's goods are handed over. Repeating this has no further effect."""
        path = f"/orders/{_quoted(order_id)}/fulfil"
        return cast(OrderJson, self._call("POST", path, repeatable=True, json=delivery).json())

    def refund_lines(self, order_id: str, refund: RefundRequestJson, idempotency_key: str) -> OrderJson:
        """Refund a part of an order. Repeating this with the same key refunds nothing more."""
        path, headers = f"/orders/{_quoted(order_id)}/refunds", {"Idempotency-Key": idempotency_key}
        answer = self._call("POST", path, repeatable=True, json=refund, headers=headers)
        return cast(OrderJson, answer.json())

    def retry_order(self, order_id: str) -> OrderJson:
        """Start one more execution of an order's saga."""
        return cast(OrderJson, self._call("POST", f"/orders/{_quoted(order_id)}/retry").json())

    def republish_events(self, order_id: str) -> OrderJson:
        """Publish all events of an order again. Consumers drop those that they have received."""
        path = f"/orders/{_quoted(order_id)}/republish"
        return cast(OrderJson, self._call("POST", path, repeatable=True).json())

    def settle_order(self, order_id: str, reason: str) -> OrderJson:
        """Record that a payment was settled outside of Stripe. Repeating this has no further effect."""
        path, body = f"/orders/{_quoted(order_id)}/settle", {"reason": reason}
        return cast(OrderJson, self._call("POST", path, repeatable=True, json=body).json())

    def erase_customer(self, customer_id: str) -> ErasureJson:
        """Remove a customer's personal data from some of their orders. Repeating this continues."""
        path = f"/customers/{_quoted(customer_id)}/erase"
        return cast(ErasureJson, self._call("POST", path, repeatable=True).json())

    def product_pages(
        self, *, limit: int | None = None, cursor: str | None = None
    ) -> Iterator[ProductPageJson]:
        """List products, in no particular order, requesting each page when it is needed.

        Args:
            limit: Maximum number of products on a page.
            cursor: Start of the first page; None for the beginning.
        """
        for page in self._pages("/inventory", {"limit": limit}, cursor):
            yield cast(ProductPageJson, page)

    def get_product(self, sku: str) -> tuple[ProductJson, str]:
        """Get a product and its ETag."""
        answer = self._read(f"/inventory/{_quoted(sku)}")
        return cast(ProductJson, answer.json()), answer.headers.get("ETag", "")

    def put_product(self, sku: str, fields: ProductFieldsJson, *, etag: str | None) -> ProductJson:
        """Create or replace a product.

        Args:
            sku: SKU of the product.
            fields: All fields of the product.
            etag: ETag of the version to replace; rejected if the product has changed since. None to create
                a product.
        """
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        return cast(
            ProductJson,
            self._call("PUT", f"/inventory/{_quoted(sku)}", json=fields, headers=condition).json(),
        )

    def patch_product(self, sku: str, changes: ProductChangesJson) -> ProductJson:
        """Change a product without its stock. Repeating this has no further effect."""
        path = f"/inventory/{_quoted(sku)}"
        return cast(ProductJson, self._call("PATCH", path, repeatable=True, json=changes).json())

    def restock(self, sku: str, quantity: int, idempotency_key: str) -> ProductJson:
        """Add units to the stock. Repeating this with the same key adds nothing."""
        path, headers = f"/inventory/{_quoted(sku)}/restock", {"Idempotency-Key": idempotency_key}
        answer = self._call("POST", path, repeatable=True, json={"quantity": quantity}, headers=headers)
        return cast(ProductJson, answer.json())

    def _pages(self, path: str, wanted: Mapping[str, Any], cursor: str | None) -> Iterator[dict[str, Any]]:
        """Request the pages of a listing, each when it is needed."""
        while True:
            given = {**wanted, "cursor": cursor}
            params = {name: value for name, value in given.items() if value is not None}
            page: dict[str, Any] = self._read(path, params).json()
            yield page
            cursor = page["cursor"]
            if cursor is None:
                return

    def _read(self, path: str, params: Mapping[str, Any] | None = None) -> httpx.Response:
        return self._call("GET", path, repeatable=True, params=params)

    def _call(
        self,
        method: str,
        path: str,
        *,
        repeatable: bool = False,
        json: object = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Send a request, and retry it if that is safe.

        Args:
            method: The HTTP method.
            path: Path relative to the API's URL.
            repeatable: Whether a second request has no further effect.
            json: Body; None for a request without body.
            params: Query parameters.
            headers: Additional headers.
        """
        request = self._http.build_request(method, path, json=json, params=params, headers=headers)
        for attempt in itertools.count(1):
            try:
                return self._send(request)
            except CommandFailed as failure:
                pause = _pause_before_retry(failure, attempt, repeatable=repeatable)
                if pause is None or attempt == self._attempts:
                    raise
                self._sleep(pause)
        raise AssertionError("unreachable: the loop returns or raises")

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = self._http.send(request)
        except httpx.TransportError as error:
            raise Unavailable("The shop is unreachable", f"{request.url.host}: {error}") from error
        if not answer.is_success:
            raise _failure(answer)
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            raise NotFound("This is not the API of a shop", f"{request.url.host} does not return JSON.")
        return answer


def _quoted(segment: str) -> str:
    """Escape a path segment."""
    return quote(segment, safe="")


def _pause_before_retry(failure: CommandFailed, attempt: int, *, repeatable: bool) -> float | None:
    """Choose the pause before a retry, in seconds; None for no retry.

    A throttled request had no effect and can always be repeated. Any other failed request may have had one.
    """
    throttled = failure.status == httpx.codes.TOO_MANY_REQUESTS
    transient = isinstance(failure, Unavailable) or failure.retry_after is not None
    if not throttled and not (transient and repeatable):
        return None
    if failure.retry_after is not None:
        return failure.retry_after if failure.retry_after <= _LONGEST_PAUSE_SECONDS else None
    longest = min(0.5 * 2**attempt, _LONGEST_PAUSE_SECONDS)
    return random.uniform(0, longest)  # noqa: S311 - jitter, not a secret


def _failure(answer: httpx.Response) -> CommandFailed:
    """Turn a failed response into an exception. Its body should be a problem document (RFC 9457)."""
    try:
        body = answer.json()
        problem: dict[str, Any] = body if isinstance(body, dict) else {}
    except ValueError:
        problem = {}
    match answer.status_code:
        case httpx.codes.UNAUTHORIZED:
            kind: type[CommandFailed] = NotSignedIn
        case httpx.codes.NOT_FOUND:
            kind = NotFound
        case code if code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
            kind = Unavailable
        case _:
            kind = Refused
    retry_after = answer.headers.get("Retry-After", "")
    return kind(
        title=str(problem.get("title") or answer.reason_phrase or "Unknown response"),
        detail=str(problem.get("detail") or problem.get("message") or ""),
        status=answer.status_code,
        kind=problem.get("type"),
        errors=tuple((str(each["field"]), str(each["message"])) for each in problem.get("errors", ())),
        request_id=problem.get("instance") or answer.headers.get("x-amz-apigw-id"),
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
    )
