import json

import pytest

from tests.unit.cli.conftest import FakeShop, Run

CHAIR = {
    "sku": "RED-CHAIR",
    "name": "Red chair",
    "unit_price": 7950,
    "currency": "usd",
    "available": 12,
    "active": True,
}


def test_the_stock_has_a_line_for_each_product(orders: Run, shop: FakeShop) -> None:
    yen = {**CHAIR, "sku": "TOKYO-CHAIR", "unit_price": 500, "currency": "jpy"}
    shop.answers("GET /inventory", {"products": [yen, CHAIR], "cursor": None})

    result = orders("stock", "list")

    rows = [line.split() for line in result.stdout.splitlines() if "Red chair" in line]
    assert rows == [
        ["RED-CHAIR", "Red", "chair", "79.50", "USD", "12"],
        ["TOKYO-CHAIR", "Red", "chair", "500", "JPY", "12"],
    ]


def test_the_stock_is_listed_page_by_page(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory?limit=1", {"products": [{**CHAIR, "sku": "A-VASE"}], "cursor": "A-VASE"})
    shop.answers("GET /inventory?limit=1&cursor=A-VASE", {"products": [CHAIR], "cursor": None})

    one, every = orders("stock", "list", "--limit", "1"), orders("stock", "list", "--limit", "1", "--all")

    assert "RED-CHAIR" not in one.stdout
    assert "--cursor A-VASE" in one.stderr
    assert [line.split()[0] for line in every.stdout.splitlines() if "Red" in line] == ["A-VASE", "RED-CHAIR"]


def test_json_output_prints_products_as_the_api_returns_them(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory", {"products": [CHAIR], "cursor": None})
    shop.answers("GET /inventory/RED-CHAIR", CHAIR)

    every, one = orders("stock", "list", "--json"), orders("stock", "get", "RED-CHAIR", "--json")

    assert json.loads(every.stdout) == {"products": [CHAIR], "cursor": None}
    assert json.loads(one.stdout) == CHAIR


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["--price", "80"], {"unit_price": 8000}),
        (["--name", "Redder chair"], {"name": "Redder chair"}),
        (["--inactive"], {"active": False}),
    ],
)
def test_a_change_without_stock_sends_its_fields_only(
    orders: Run, shop: FakeShop, options: list[str], changes: dict[str, object]
) -> None:
    shop.answers("GET /inventory/RED-CHAIR", CHAIR, headers={"ETag": '"7"'})
    shop.answers("PATCH /inventory/RED-CHAIR", {**CHAIR, **changes})

    result = orders("stock", "set", "RED-CHAIR", *options, "--as", "operator")

    assert result.exit_code == 0
    assert json.loads(shop.last_request.content) == changes


HOSTILE = {**CHAIR, "name": "\x1b[2J\x9b1m\u202e chair"}


def test_control_characters_are_shown_as_escapes(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory/RED-CHAIR", HOSTILE)
    shop.refuses("GET /inventory/BLUE-CHAIR", 400, detail="\x1b]0;title")

    shown, failed = orders("stock", "get", "RED-CHAIR"), orders("stock", "get", "BLUE-CHAIR")

    assert r"\x1b[2J\x" in shown.stdout
    assert not set("\x1b\x9b\u202e") & set(shown.stdout)
    assert r"\x1b]0;title" in failed.stderr


def test_control_characters_are_escaped_in_json_output(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory/RED-CHAIR", HOSTILE)

    result = orders("stock", "get", "RED-CHAIR", "--json")

    assert result.stdout.isascii()
    assert json.loads(result.stdout) == HOSTILE


def test_a_product_that_is_not_active_is_marked(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory/RED-CHAIR", {**CHAIR, "active": False})

    assert "not active" in orders("stock", "get", "RED-CHAIR").stdout


def test_a_change_of_the_stock_replaces_the_version_read(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory/RED-CHAIR", {**CHAIR, "active": False}, headers={"ETag": '"7"'})
    shop.answers("PUT /inventory/RED-CHAIR", CHAIR)

    result = orders("stock", "set", "RED-CHAIR", "--price", "80", "--available", "3", "--as", "operator")

    assert result.exit_code == 0
    assert shop.last_request.headers["If-Match"] == '"7"'
    assert json.loads(shop.last_request.content) == {
        "name": "Red chair",
        "unit_price": 8000,
        "currency": "usd",
        "available": 3,
        "active": False,
    }


def test_a_conflicting_change_is_reported(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /inventory/RED-CHAIR", CHAIR, headers={"ETag": '"7"'})
    shop.refuses("PUT /inventory/RED-CHAIR", 412)

    result = orders("stock", "set", "RED-CHAIR", "--available", "3", "--as", "operator")

    assert result.exit_code == 1
    assert "has changed in the meantime" in result.stderr


def test_a_new_product_does_not_replace_an_existing_one(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /inventory/RED-CHAIR", 404)
    shop.answers("PUT /inventory/RED-CHAIR", CHAIR)

    fields = ("--name", "Red chair", "--price", "79.50", "--currency", "USD", "--available", "12")
    result = orders("stock", "set", "RED-CHAIR", *fields, "--as", "operator")

    assert result.exit_code == 0
    assert shop.last_request.headers["If-None-Match"] == "*"
    assert json.loads(shop.last_request.content) == {
        name: value for name, value in CHAIR.items() if name != "sku"
    }


def test_a_new_product_needs_every_field(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /inventory/RED-CHAIR", 404)

    result = orders("stock", "set", "RED-CHAIR", "--name", "Red chair", "--currency", "usd")

    assert result.exit_code == 2
    assert "--price" in result.stderr


@pytest.mark.parametrize("price", ["79.505", "1e5000"])
def test_a_price_that_is_no_amount_is_rejected(orders: Run, shop: FakeShop, price: str) -> None:
    shop.answers("GET /inventory/RED-CHAIR", CHAIR, headers={"ETag": '"7"'})

    result = orders("stock", "set", "RED-CHAIR", "--price", price)

    assert result.exit_code == 2
    assert [request.method for request in shop.requests] == ["GET"]


def test_units_are_added_to_the_stock(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /inventory/RED-CHAIR/restock", {**CHAIR, "available": 17})

    result = orders("stock", "add", "RED-CHAIR", "5", "--as", "operator")

    assert json.loads(shop.last_request.content) == {"quantity": 5}
    assert result.stdout.split()[-1] == "17"
