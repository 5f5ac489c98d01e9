"""Failures: messages, JSON, exit codes."""

import json

import pytest

from tests.unit.cli.conftest import CUSTOMER_TOKEN, FakeShop, Run, an_order


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [(400, 1), (401, 3), (403, 1), (404, 4), (409, 1), (422, 1), (428, 1), (429, 5), (500, 5), (503, 5)],
)
def test_each_kind_of_failure_has_its_exit_code(
    orders: Run, shop: FakeShop, status: int, exit_code: int
) -> None:
    shop.refuses("GET /orders/o-1", status)

    result = orders("get", "o-1")

    assert result.exit_code == exit_code
    assert result.stdout == ""


def test_a_problem_is_printed_with_every_field_and_the_request_id(orders: Run, shop: FakeShop) -> None:
    errors = [{"field": "items.0.sku", "message": "is odd"}, {"field": "email", "message": "is none"}]
    shop.refuses("POST /orders", 400, title="The request is not valid", errors=errors, instance="req-7")

    result = orders("submit", "X", "--card", "pm_x", "--key", "k")

    assert result.stderr.splitlines() == [
        "Idempotency-Key: k",
        "error: The request is not valid (400)",
        "  items.0.sku: is odd",
        "  email: is none",
        "  request req-7",
    ]


def test_a_problem_without_fields_is_printed_with_its_detail(orders: Run, shop: FakeShop) -> None:
    shop.refuses("POST /orders/o-1/cancel", 409, title="Nothing left", detail="The order is FAILED.")

    result = orders("cancel", "o-1")

    assert result.stderr.splitlines() == ["error: Nothing left (409)", "  The order is FAILED."]


def test_json_output_prints_the_problem_document(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /orders/o-1", 404, type="urn:x:not-found", instance="req-7")

    result = orders("get", "o-1", "--json")

    problem = json.loads(result.stderr)
    assert (problem["type"], problem["status"], problem["instance"]) == ("urn:x:not-found", 404, "req-7")


def test_a_failure_without_problem_document_is_printed_too(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", ["what?"], status=502)

    result = orders("get", "o-1")

    assert result.exit_code == 5
    assert "error: Bad Gateway (502)" in result.stderr


def test_a_website_is_not_mistaken_for_a_shop(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", headers={"Content-Type": "text/html"})

    result = orders("get", "o-1")

    assert result.exit_code == 4
    assert "not the API of a shop" in result.stderr


def test_a_customer_without_permission_gets_a_hint_to_act_as_operator(orders: Run, shop: FakeShop) -> None:
    shop.refuses("POST /orders/o-1/retry", 403, type="urn:problem-type:order-saga:forbidden")

    as_customer, as_operator = orders("retry", "o-1"), orders("retry", "o-1", "--as", "operator")

    assert "--as operator" in as_customer.stderr
    assert "--as operator" not in as_operator.stderr


@pytest.mark.parametrize("status", [200, 401, 500])
def test_the_token_is_never_printed(orders: Run, shop: FakeShop, status: int) -> None:
    shop.answers("GET /orders/o-1", an_order(), status=status)

    results = [
        orders("get", "o-1"),
        orders("get", "o-1", "--json"),
        orders("get", "o-1", "--token", "my-token"),
    ]

    shown = "".join(result.output for result in results)
    assert CUSTOMER_TOKEN not in shown
    assert "my-token" not in shown


def test_output_to_a_pipe_has_no_colours(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order(status="FAILED"))

    result = orders("get", "o-1")

    assert "\x1b" not in result.output
