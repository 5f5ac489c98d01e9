"""A demo user calls the shop with their own token, and sends each call once."""

from collections.abc import Mapping
from typing import cast

import httpx
import pytest

from cli.errors import Unavailable
from cli.shapes import ProductFieldsJson
from local.demo_shop import DemoShop
from local.users import OPERATOR, DemoUsers

VASE = ProductFieldsJson(name="Green vase", unit_price=900, currency="usd", available=7)


class Users:
    """Demo users whose token is their name."""

    def token(self, name: str) -> str:
        return name


class Api:
    """A REST API that returns these statuses in turn, always with this body, and keeps the requests."""

    def __init__(self, *statuses: int, body: Mapping[str, object] | None = None) -> None:
        self._statuses = iter(statuses)
        self._body = body or {}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(
            next(self._statuses), json=self._body, headers={"ETag": f'"{len(self.requests)}"'}
        )

    @property
    def callers(self) -> list[str | None]:
        return [request.headers.get("Authorization") for request in self.requests]


def shop(api: Api) -> DemoShop:
    return DemoShop("http://shop", cast(DemoUsers, Users()), transport=httpx.MockTransport(api))


def test_each_user_calls_with_their_own_token() -> None:
    api = Api(200, 200, 200, 200)
    alices = shop(api)

    alices.request("GET", "/orders")
    alices.signed_in("bob").request("GET", "/orders")
    alices.request("GET", "/orders", anonymous=True)
    alices.request("GET", "/orders", headers={"Authorization": "Bearer forged"})

    assert api.callers == ["Bearer alice", "Bearer bob", None, "Bearer forged"]


def test_a_call_that_fails_is_not_repeated() -> None:
    api = Api(503)

    with pytest.raises(Unavailable):
        shop(api).get_order("o-1")

    assert len(api.requests) == 1


def test_a_product_is_stocked_while_orders_change_it() -> None:
    api = Api(200, 412, 200, 200)  # a sale comes between the first read and the first write

    shop(api).stock("GREEN-VASE", VASE)

    assert [request.method for request in api.requests] == ["GET", "PUT", "GET", "PUT"]
    assert api.requests[-1].headers["If-Match"] == '"3"'
    assert set(api.callers) == {f"Bearer {OPERATOR}"}


def test_only_a_product_that_differs_is_stocked_again() -> None:
    vase = {"sku": "GREEN-VASE", **VASE, "active": True}
    sold = {**vase, "sku": "RED-CHAIR", "available": 6}
    api = Api(200, 200, 200, body={"products": [sold, vase], "cursor": None})

    shop(api).stock_all({"RED-CHAIR": VASE, "GREEN-VASE": VASE})

    assert [f"{request.method} {request.url.path}" for request in api.requests] == [
        "GET /inventory",
        "GET /inventory/RED-CHAIR",
        "PUT /inventory/RED-CHAIR",
    ]


def test_a_new_product_is_stocked() -> None:
    api = Api(404, 200)

    shop(api).stock("GREEN-VASE", VASE)

    assert api.requests[-1].headers["If-None-Match"] == "*"
