"""The REST API, as Python calls that return what was asked for, or raise a `CommandFailed`."""

import itertools
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import quote, urlsplit

import httpx

from cli.errors import CommandFailed, NotFound, NotSignedIn, Refused, Unavailable
from cli.shapes import Order, OrderPage, Product, ProductFields, Submission

_TIMEOUT_SECONDS: Final = 30.0  # API Gateway gives up after 29
_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_PAUSE_SECONDS: Final = 10.0


class ShopApi:
    """The calls. Where it can do no harm, a call that fails is tried again, a few times.

    Args:
        api_url: Where the API is.
        token: Who asks: a Cognito ID token.
        transport: What carries the requests; the network if it is left out.
        sleep: Pauses before another try; seconds.
        attempts: How often a call is sent at most.

    Raises:
        NotSignedIn: From every call, when the token is not taken.
        NotFound: From every call, when there is no such thing.
        Refused: From every call, when the shop says no; it names every wrong field.
        Unavailable: From every call, when there is no answer, or none that helps.
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
            trust_env=urlsplit(api_url).hostname not in _THIS_MACHINE,  # no proxy leads there
        )
        self._sleep = sleep
        self._attempts = attempts

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def submit_order(self, submission: Submission, idempotency_key: str) -> Order:
        """Place an order; as often as this is tried with one key, it is one order."""
        headers = {"Idempotency-Key": idempotency_key}
        answer = self._call("POST", "/orders", repeatable=True, json=submission, headers=headers)
        return cast(Order, answer.json())

    def get_order(self, order_id: str) -> Order:
        """Read an order."""
        return cast(Order, self._read(f"/orders/{_quoted(order_id)}").json())

    def order_pages(
        self, *, status: str | None, limit: int | None, cursor: str | None
    ) -> Iterator[OrderPage]:
        """Read orders, the newest first, page by page: the pages are asked for when they are needed.

        Args:
            status: Only orders that stand there.
            limit: How many orders a page has at most.
            cursor: Where to go on; None to begin.
        """
        while True:
            wanted = {"status": status, "limit": limit, "cursor": cursor}
            params = {name: value for name, value in wanted.items() if value is not None}
            page = cast(OrderPage, self._read("/orders", params).json())
            yield page
            cursor = page["cursor"]
            if cursor is None:
                return

    def cancel_order(self, order_id: str) -> Order:
        """Ask to cancel an order; asking again changes nothing."""
        return cast(Order, self._call("POST", f"/orders/{_quoted(order_id)}/cancel", repeatable=True).json())

    def retry_order(self, order_id: str) -> Order:
        """Ask for one more execution of an order's saga."""
        return cast(Order, self._call("POST", f"/orders/{_quoted(order_id)}/retry").json())

    def products(self) -> list[Product]:
        """Read the catalogue with its stock."""
        return cast(list[Product], self._read("/inventory").json()["products"])

    def get_product(self, sku: str) -> tuple[Product, str]:
        """Read a product, and the ETag of this state of it."""
        answer = self._read(f"/inventory/{_quoted(sku)}")
        return cast(Product, answer.json()), answer.headers.get("ETag", "")

    def put_product(self, sku: str, fields: ProductFields, *, etag: str | None) -> Product:
        """Write a product as it shall be.

        Args:
            sku: Which one.
            fields: The product.
            etag: The state that this one replaces: it is refused if there is another one meanwhile. None
                for a product that must be new.
        """
        condition = {"If-None-Match": "*"} if etag is None else {"If-Match": etag}
        return cast(
            Product, self._call("PUT", f"/inventory/{_quoted(sku)}", json=fields, headers=condition).json()
        )

    def restock(self, sku: str, quantity: int, idempotency_key: str) -> Product:
        """Add units to what is there; as often as this is tried with one key, it is done once."""
        path, headers = f"/inventory/{_quoted(sku)}/restock", {"Idempotency-Key": idempotency_key}
        answer = self._call("POST", path, repeatable=True, json={"quantity": quantity}, headers=headers)
        return cast(Product, answer.json())

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
        """Send a request.

        Args:
            method: The HTTP method.
            path: Below the API's URL.
            repeatable: Whether a second request does no harm when the first one had an effect after all.
            json: The body, if there is one.
            params: The query.
            headers: More headers.
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
        raise AssertionError("the loop above only ends with an answer or an error")

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            answer = self._http.send(request)
        except httpx.TransportError as error:
            raise Unavailable("The shop can't be reached", f"{request.url.host}: {error}") from error
        if not answer.is_success:
            raise _failure(answer)
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            raise NotFound("There is no shop", f"What {request.url.host} answers is not a shop's API.")
        return answer


def _quoted(segment: str) -> str:
    """One segment of a path, whatever somebody typed."""
    return quote(segment, safe="")


def _pause_before_retry(failure: CommandFailed, attempt: int, *, repeatable: bool) -> float | None:
    """How long to wait before the request is sent once more, in seconds; None if it must not be.

    What was throttled was not done, so it can always be sent again. Anything else may have been done.
    """
    throttled = failure.status == httpx.codes.TOO_MANY_REQUESTS
    passing = isinstance(failure, Unavailable) or failure.retry_after is not None
    if not throttled and not (passing and repeatable):
        return None
    if failure.retry_after is not None:
        return failure.retry_after if failure.retry_after <= _LONGEST_PAUSE_SECONDS else None
    longest = min(0.5 * 2**attempt, _LONGEST_PAUSE_SECONDS)
    return random.uniform(0, longest)  # noqa: S311 - it spreads load, and hides nothing


def _failure(answer: httpx.Response) -> CommandFailed:
    """Read what the shop says went wrong: a problem document (RFC 9457), or whatever else it sent."""
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
        title=str(problem.get("title") or answer.reason_phrase or "The shop's answer makes no sense"),
        detail=str(problem.get("detail") or problem.get("message") or ""),
        status=answer.status_code,
        kind=problem.get("type"),
        errors=tuple((str(each["field"]), str(each["message"])) for each in problem.get("errors", ())),
        request_id=problem.get("instance") or answer.headers.get("x-amzn-RequestId"),
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
    )
