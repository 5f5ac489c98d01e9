import pytest

from tests.unit.cli.conftest import FakeShop, Run, an_order

SUBMIT = ("submit", "RED-CHAIR", "--card", "pm_card_visa")


@pytest.mark.parametrize("status", [429, 503])
def test_a_read_is_retried_after_the_requested_pause(orders: Run, shop: FakeShop, status: int) -> None:
    shop.refuses("GET /orders/o-1", status, headers={"Retry-After": "2"})
    shop.answers("GET /orders/o-1", an_order())

    result = orders("get", "o-1")

    assert (result.exit_code, shop.pauses) == (0, [2.0])


def test_an_interrupted_read_is_retried_with_growing_pauses(orders: Run, shop: FakeShop) -> None:
    shop.breaks("GET /orders/o-1")

    result = orders("get", "o-1")

    assert (result.exit_code, len(shop.requests)) == (5, 4)
    assert all(0 <= pause <= longest for pause, longest in zip(shop.pauses, [1, 2, 4], strict=True))


def test_a_requested_pause_that_is_too_long_ends_the_retries(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /orders/o-1", 503, headers={"Retry-After": "3600"})

    result = orders("get", "o-1")

    assert (result.exit_code, shop.pauses) == (5, [])


@pytest.mark.parametrize("status", [409, 429, 503])
def test_an_order_is_retried_with_its_key(orders: Run, shop: FakeShop, status: int) -> None:
    # A 409 with Retry-After says that the same request is in flight.
    shop.refuses("POST /orders", status, headers={"Retry-After": "1"})
    shop.answers("POST /orders", an_order(), status=202)

    result = orders(*SUBMIT)

    assert result.exit_code == 0
    first, second = (request.headers["Idempotency-Key"] for request in shop.requests)
    assert first == second


@pytest.mark.parametrize(
    ("call", "command"),
    [
        ("POST /orders", SUBMIT),
        ("POST /inventory/RED-CHAIR/restock", ("stock", "add", "RED-CHAIR", "5", "--as", "operator")),
    ],
    ids=["order", "delivery"],
)
def test_a_request_without_response_can_be_sent_again_with_its_key(
    orders: Run, shop: FakeShop, call: str, command: tuple[str, ...]
) -> None:
    shop.breaks(call)

    result = orders(*command, "--key", "my-key")

    assert result.exit_code == 5
    assert {request.headers["Idempotency-Key"] for request in shop.requests} == {"my-key"}
    assert "--key my-key" in result.stderr


@pytest.mark.parametrize("status", [400, 409, 422])
def test_a_rejected_request_is_not_retried(orders: Run, shop: FakeShop, status: int) -> None:
    shop.refuses("POST /orders", status)

    orders(*SUBMIT)

    assert len(shop.requests) == 1


@pytest.mark.parametrize(("status", "requests"), [(429, 2), (503, 1)])
def test_a_request_with_unknown_outcome_is_repeated_only_if_safe(
    orders: Run, shop: FakeShop, status: int, requests: int
) -> None:
    shop.refuses("POST /orders/o-1/retry", status, headers={"Retry-After": "1"})
    shop.answers("POST /orders/o-1/retry", an_order(), status=202)

    orders("retry", "o-1", "--as", "operator")

    assert len(shop.requests) == requests
