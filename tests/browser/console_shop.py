"""The console in front of a shop of recorded answers: the test's process answers the browser's requests."""

import json
import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

from local.console_server import CONSOLE
from stacks.constructs.console_policy import content_security_policy

ORIGIN: Final = "http://127.0.0.1"

_FIXTURES: Final = Path(__file__).parent / "fixtures"

HAPPY: Final = "happy"
DECLINED: Final = "declined"
AWAITING: Final = "awaiting"
RECOVERED: Final = "recovered"
ATTENTION: Final = "attention"
KINDS: Final = (ATTENTION, RECOVERED, AWAITING, DECLINED, HAPPY)
"""Names of the recorded orders, the newest first."""


class ConsoleShop:
    """Answers what the page asks for.

    Attributes:
        recorded: For each kind of order, the answers about it; a test may change them.
        empty_pages: Pages without orders after the last order, as the API has them for days without orders.
        refused: Parts of an order that are answered by a problem document, such as `executions`, by status.
        requests: Method, path and body of every request that changes something.
        keys: Values of the header `Idempotency-Key`.
        reads: Number of requests that read something.
        config: The page's configuration.
    """

    def __init__(self, page: Page, orders: Sequence[dict[str, Any]] | None = None) -> None:
        self.page = page
        self.recorded: dict[str, Any] = {kind: recorded(kind) for kind in KINDS}
        self.listed = orders
        self.empty_pages = 0
        self.refused: dict[str, int] = {}
        self.requests: list[tuple[str, str, Any]] = []
        self.keys: list[str] = []
        self.reads = 0
        self.config: dict[str, Any] = {
            "stage": "local",
            "api": "/v1",
            "bank": "/bank",
            "sign_in": {"kind": "local"},
        }
        self.users = [
            {"name": "alice", "role": "customer", "token": "customer-token"},
            {"name": "olivia", "role": "operator", "token": "operator-token"},
        ]
        page.route(f"{ORIGIN}/**", self._answer)

    def open(self, path: str = "") -> None:
        """Open the list, or what a path such as `orders/ID` names, and wait until it is shown."""
        self.page.goto(f"{ORIGIN}/#/{path}")
        self.page.locator("h1").wait_for()

    def open_order(self, kind: str, tab: str = "") -> None:
        """Open the page of a recorded order, and wait until its graph is shown."""
        self.open(f"orders/{self.order_id(kind)}{tab}")
        self.page.locator(".facts").wait_for()
        if not tab:
            self.page.locator("[data-outcome] .outcome").first.wait_for()

    def order_id(self, kind: str) -> str:
        """The id of a recorded order."""
        return str(self.recorded[kind]["order"]["order_id"])

    def _answer(self, route: Route) -> None:
        request = route.request
        url = urlsplit(request.url)
        if request.method != "GET":
            self._change(route, url.path)
        elif url.path == "/config.json":
            route.fulfill(json=self.config)
        elif url.path == "/users":
            route.fulfill(json=self.users)
        elif url.path.startswith("/v1/orders"):
            self.reads += 1
            self._read(route, url.path.split("/")[3:], parse_qs(url.query))
        else:
            self._file(route, url.path)

    def _file(self, route: Route, path: str) -> None:
        file = CONSOLE / (path.strip("/") or "index.html")
        if not file.is_file():
            route.fulfill(status=404)
            return
        kind = mimetypes.guess_type(file.name)[0]
        route.fulfill(
            body=file.read_bytes(),
            headers={"Content-Type": str(kind), "Content-Security-Policy": content_security_policy()},
        )

    def _read(self, route: Route, names: list[str], query: dict[str, list[str]]) -> None:
        if not names:
            self._list(route, query)
            return
        found = [each for each in self.recorded.values() if each["order"]["order_id"] == names[0]]
        part = names[1] if len(names) > 1 else "order"
        if not found or part in self.refused:
            _refuse(route, self.refused.get(part, 404))
        else:
            route.fulfill(json=found[0][part])

    def _list(self, route: Route, query: dict[str, list[str]]) -> None:
        orders = (
            self.listed if self.listed is not None else [each["order"] for each in self.recorded.values()]
        )
        if status := query.get("status"):
            orders = [order for order in orders if order["status"] == status[0]]
        if reference := query.get("reference"):
            orders = [order for order in orders if order.get("reference") == reference[0]]
        start, limit = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        end = start + limit
        cursor = str(end) if end < len(orders) + self.empty_pages * limit else None
        route.fulfill(json={"orders": orders[start:end], "cursor": cursor})

    def _change(self, route: Route, path: str) -> None:
        request = route.request
        self.requests.append((request.method, path, request.post_data_json))
        if key := request.headers.get("idempotency-key"):
            self.keys.append(key)
        action = path.rsplit("/", 1)[-1]
        if action in self.refused:
            _refuse(route, self.refused[action])
        else:
            route.fulfill(status=202, json=self.recorded[AWAITING]["order"])


def recorded(kind: str) -> dict[str, Any]:
    """The recorded answers about an order: `order`, `executions`, `effects` and `story`."""
    answers: dict[str, Any] = json.loads((_FIXTURES / f"{kind}.json").read_text(encoding="utf-8"))
    return answers


def many_orders(number: int) -> list[dict[str, Any]]:
    """Copies of the recorded orders with ids of their own."""
    kinds = [recorded(kind)["order"] for kind in KINDS]
    return [
        {**kinds[place % len(kinds)], "order_id": f"00000000-0000-5000-8000-{place:012}"}
        for place in range(number)
    ]


def _refuse(route: Route, status: int) -> None:
    problem = {
        "type": "urn:problem-type:order-saga:test",
        "title": "Not allowed" if status == 403 else "Refused",
        "status": status,
        "detail": "Only operators may do this." if status == 403 else "It is too late.",
        "instance": "9d1c2b3a",
    }
    route.fulfill(status=status, json=problem, headers={"Content-Type": "application/problem+json"})
