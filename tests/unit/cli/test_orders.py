import json
from collections.abc import Mapping

import pytest

from tests.unit.cli.conftest import CUSTOMER_TOKEN, OPERATOR_TOKEN, FakeShop, Run, an_order

SUBMIT = ("submit", "RED-CHAIR:2", "TASTELESS-LAMP", "--card", "pm_card_visa")


def test_an_order_is_submitted_with_a_new_key_that_is_printed(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders", an_order(status="PENDING"), status=202)

    result = orders(*SUBMIT)

    assert result.exit_code == 0
    assert json.loads(shop.last_request.content) == {
        "currency": "usd",
        "items": [{"sku": "RED-CHAIR", "quantity": 2}, {"sku": "TASTELESS-LAMP", "quantity": 1}],
        "payment_method": "pm_card_visa",
    }
    assert shop.last_request.headers["Authorization"] == f"Bearer {CUSTOMER_TOKEN}"
    key = shop.last_request.headers["Idempotency-Key"]
    assert f"Idempotency-Key: {key}" in result.stderr
    assert "o-1  PENDING" in result.stdout


@pytest.mark.parametrize(
    ("option", "field", "value"),
    [
        ("--email", "email", "a@example.com"),
        ("--return-url", "return_url", "https://shop.example/paid"),
        ("--reference", "reference", "PO 7"),
    ],
)
def test_an_order_is_submitted_with_its_options(
    orders: Run, shop: FakeShop, option: str, field: str, value: str
) -> None:
    shop.answers("POST /orders", an_order(), status=202)

    orders(*SUBMIT, option, value)

    assert json.loads(shop.last_request.content)[field] == value


def test_orders_are_listed_by_their_reference(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders?reference=PO+7", {"orders": [an_order()], "cursor": None})

    result = orders("list", "--reference", "PO 7")

    assert "o-1" in result.stdout


def test_an_order_is_shown_with_its_reference(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order(reference="PO 7"))

    assert "reference PO 7" in orders("get", "o-1").stdout


@pytest.mark.parametrize(("currency", "minor_units"), [("usd", 15_900), ("KWD", 159_000)])
def test_the_expected_amount_is_sent_in_minor_units(
    orders: Run, shop: FakeShop, currency: str, minor_units: int
) -> None:
    shop.answers("POST /orders", an_order(), status=202)

    orders(*SUBMIT, "--currency", currency, "--expected-amount", "159.00")

    assert json.loads(shop.last_request.content)["expected_amount"] == minor_units


def test_an_expected_amount_that_is_no_amount_is_not_sent(orders: Run, shop: FakeShop) -> None:
    result = orders(*SUBMIT, "--expected-amount", "much")

    assert result.exit_code == 2
    assert "'much' is not an amount" in result.stderr
    assert shop.requests == []


def test_each_order_has_its_own_key(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders", an_order(), status=202)

    orders(*SUBMIT)
    orders(*SUBMIT)

    first, second = (request.headers["Idempotency-Key"] for request in shop.requests)
    assert first != second


@pytest.mark.parametrize("item", ["RED-CHAIR:two", "RED-CHAIR:", "RED-CHAIR:-1"])
def test_an_invalid_item_is_not_sent(orders: Run, shop: FakeShop, item: str) -> None:
    result = orders("submit", item, "--card", "pm_card_visa")

    assert result.exit_code == 2
    assert shop.requests == []


def test_an_order_is_shown_with_items_timeline_and_failure(orders: Run, shop: FakeShop) -> None:
    failure = {"code": "payment_declined", "message": "The card was declined."}
    shop.answers("GET /orders/o-1", an_order(status="FAILED", failure=failure))

    result = orders("get", "o-1")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "o-1  FAILED  159.00 USD  payment succeeded",
        "  2 x RED-CHAIR  79.50 USD",
        "  payment_declined: The card was declined.",
    ]
    assert "+0.0 s  03:04:05  OrderReceived" in result.stdout


def test_json_output_omits_the_payments_secret(orders: Run, shop: FakeShop) -> None:
    payment = {"status": "requires_action", "intent_id": "pi_1", "client_secret": "pi_1_secret"}
    shop.answers("GET /orders/o-1", an_order(payment=payment))

    result = orders("get", "o-1", "--json")

    assert json.loads(result.stdout) == an_order(payment={"status": "requires_action", "intent_id": "pi_1"})


def test_an_order_id_stays_one_segment_of_the_path(orders: Run, shop: FakeShop) -> None:
    shop.refuses("GET /orders/..%2Finventory", 404)

    result = orders("get", "../inventory")

    assert result.exit_code == 4


def test_a_list_has_a_line_for_each_order_and_the_next_cursor(orders: Run, shop: FakeShop) -> None:
    page = {"orders": [an_order("o-1"), an_order("o-2", amount=None)], "cursor": "c+2"}
    shop.answers("GET /orders?status=CONFIRMED&limit=2", page)

    result = orders("list", "--status", "CONFIRMED", "--limit", "2")

    rows = [line.split() for line in result.stdout.splitlines() if line.startswith("o-")]
    assert rows == [
        ["o-1", "CONFIRMED", "159.00", "USD", "2", "x", "RED-CHAIR", "2026-01-02", "03:04:05"],
        ["o-2", "CONFIRMED", "-", "2", "x", "RED-CHAIR", "2026-01-02", "03:04:05"],
    ]
    assert "--cursor c+2" in result.stderr


def test_a_list_continues_at_a_cursor(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders?cursor=c%2B2", {"orders": [], "cursor": None})

    result = orders("list", "--cursor", "c+2", "--json")

    assert json.loads(result.stdout) == {"orders": [], "cursor": None}


def test_all_pages_are_joined_into_one_list(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders", {"orders": [an_order("o-1")], "cursor": "2"})
    shop.answers("GET /orders?cursor=2", {"orders": [an_order("o-2")], "cursor": None})

    result = orders("list", "--all", "--json")

    listed = json.loads(result.stdout)
    assert [order["order_id"] for order in listed["orders"]] == ["o-1", "o-2"]
    assert listed["cursor"] is None


def test_a_cancellation_is_requested(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders/o-1/cancel", an_order(), status=202)

    result = orders("cancel", "o-1", "--json")

    assert (result.exit_code, json.loads(result.stdout)["order_id"]) == (0, "o-1")


def test_an_operator_retries_an_order(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders/o-1/retry", an_order(status="PENDING"), status=202)

    result = orders("retry", "o-1", "--as", "operator")

    assert result.exit_code == 0
    assert shop.last_request.headers["Authorization"] == f"Bearer {OPERATOR_TOKEN}"


def test_an_operator_retries_all_orders_with_a_status(orders: Run, shop: FakeShop) -> None:
    first = {"orders": [an_order("o-1"), an_order("o-2")], "cursor": "c2"}
    shop.answers("GET /orders?status=NEEDS_ATTENTION", first)
    shop.answers(
        "GET /orders?status=NEEDS_ATTENTION&cursor=c2", {"orders": [an_order("o-3")], "cursor": None}
    )
    for order_id in ("o-1", "o-3"):
        shop.answers(f"POST /orders/{order_id}/retry", an_order(order_id, status="PENDING"), status=202)
    shop.refuses("POST /orders/o-2/retry", 409, title="Nothing to retry", detail="The order is FAILED.")

    result = orders("retry", "--status", "NEEDS_ATTENTION", "--as", "operator")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["o-1  PENDING", "o-3  PENDING"]
    assert "o-2: Nothing to retry: The order is FAILED." in result.stderr


def test_a_retry_of_many_says_that_there_is_none(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders?status=NEEDS_ATTENTION", {"orders": [], "cursor": None})

    result = orders("retry", "--status", "NEEDS_ATTENTION", "--as", "operator")

    assert (result.stdout, result.stderr) == ("", "No order is NEEDS_ATTENTION.\n")


def test_a_retry_of_many_stops_if_it_is_forbidden(orders: Run, shop: FakeShop) -> None:
    page = {"orders": [an_order("o-1"), an_order("o-2")], "cursor": None}
    shop.answers("GET /orders?status=NEEDS_ATTENTION", page)
    shop.refuses("POST /orders/o-1/retry", 403)

    assert orders("retry", "--status", "NEEDS_ATTENTION").exit_code == 1
    assert shop.last_request.url.path == "/orders/o-1/retry"


@pytest.mark.parametrize(
    "arguments", [(), ("o-1", "--status", "PENDING"), ("--status", "PENDING", "--watch")]
)
def test_a_retry_names_one_order_or_a_status(orders: Run, arguments: tuple[str, ...]) -> None:
    assert orders("retry", *arguments).exit_code == 2


def test_an_operator_erases_a_customer_until_nothing_is_left(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /customers/c-1/erase", {"erased": 200, "not_at_rest": [], "more": True})
    shop.answers("POST /customers/c-1/erase", {"erased": 3, "not_at_rest": ["o-9"], "more": False})

    result = orders("erase", "c-1", "--yes", "--as", "operator")

    assert result.stdout == "203 orders erased\no-9 is not at rest\n"


def test_a_customer_is_not_erased_without_a_yes(orders: Run, shop: FakeShop) -> None:
    assert orders("erase", "c-1", "--as", "operator", stdin="n\n").exit_code == 1
    assert shop.requests == []


def test_an_operator_sees_the_address_of_the_customer(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order(customer_id="c-1", email="alice@example.com"))

    result = orders("get", "o-1", "--as", "operator")

    assert "customer c-1  alice@example.com" in result.stdout


def test_an_operator_publishes_the_events_of_an_order_again(orders: Run, shop: FakeShop) -> None:
    shop.answers("POST /orders/o-1/republish", an_order(), status=202)

    result = orders("events", "republish", "o-1", "--as", "operator")

    assert result.exit_code == 0
    assert shop.last_request.headers["Authorization"] == f"Bearer {OPERATOR_TOKEN}"


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ((), {}),
        (("--carrier", "DHL", "--tracking-number", "7"), {"carrier": "DHL", "tracking_number": "7"}),
    ],
)
def test_an_operator_fulfils_an_order(
    orders: Run, shop: FakeShop, options: tuple[str, ...], body: dict[str, str]
) -> None:
    fulfilment = {"at": "2026-03-02T08:00:00.000Z", "by": "o-9", "carrier": "DHL", "tracking_number": "7"}
    shop.answers("POST /orders/o-1/fulfil", {**an_order(status="CONFIRMED"), "fulfilment": fulfilment})

    result = orders("fulfil", "o-1", *options, "--as", "operator")

    assert json.loads(shop.last_request.content) == body
    assert "sent at 2026-03-02 08:00:00 UTC, by o-9, carrier DHL, tracking number 7" in result.stdout


AUTHORIZED = {
    "status": "requires_capture",
    "intent_id": "pi_1",
    "capture_before": "2026-03-08T12:00:01.000Z",
}


def test_goods_are_kept_until_the_payment_is_captured(orders: Run, shop: FakeShop) -> None:
    asked = [{"at": "2026-01-02T03:04:05.000Z", "event": "FulfilmentRequested"}]
    accepted = an_order(status="CONFIRMED", payment=AUTHORIZED, timeline=asked)
    shop.answers("POST /orders/o-1/fulfil", accepted, status=202)

    result = orders("fulfil", "o-1", "--as", "operator")

    assert "Keep the goods until the order is fulfilled." in result.stderr
    assert "authorized until 2026-03-08 12:00:01 UTC, not captured" in result.stdout


@pytest.mark.parametrize(
    ("options", "body"),
    [
        (
            ("--item", "RED-CHAIR:2", "--item", "LAMP", "--restock"),
            {
                "items": [{"sku": "RED-CHAIR", "quantity": 2}, {"sku": "LAMP", "quantity": 1}],
                "restock": True,
                "reason": "Broken",
            },
        ),
        (("--amount", "5.00"), {"amount": 500, "restock": False, "reason": "Broken"}),
    ],
)
def test_an_operator_refunds_a_part_of_an_order(
    orders: Run, shop: FakeShop, options: tuple[str, ...], body: dict[str, object]
) -> None:
    refund = {
        "refund_id": "r-1",
        "status": "refunded",
        "amount": 500,
        "restock": True,
        "items": [{"sku": "LAMP", "quantity": 1}],
        "requested_at": "2026-03-05T10:00:00.000Z",
        "restocked_at": "2026-03-05T10:00:01.000Z",
        "reason": "Broken",
        "requested_by": "o-9",
    }
    shop.answers("GET /orders/o-1", an_order(status="CONFIRMED"))
    shop.answers(
        "POST /orders/o-1/refunds", {**an_order(status="CONFIRMED"), "refunds": [refund]}, status=202
    )

    result = orders("refund", "o-1", *options, "--reason", "Broken", "--key", "k-1", "--as", "operator")

    assert json.loads(shop.last_request.content) == body
    assert shop.last_request.headers["Idempotency-Key"] == "k-1"
    assert (
        "refund of 5.00 USD for 1 x LAMP: refunded, back in stock, requested by o-9: Broken" in result.stdout
    )


def test_an_operator_settles_a_payment(orders: Run, shop: FakeShop) -> None:
    settlement = {"by": "o-9", "reason": "Cash", "at": "2026-03-01T12:00:00.000Z"}
    shop.answers("POST /orders/o-1/settle", {**an_order(), "settlement": settlement}, status=202)

    result = orders("settle", "o-1", "--reason", "Cash", "--as", "operator")

    assert result.exit_code == 0
    assert json.loads(shop.last_request.content) == {"reason": "Cash"}
    assert "settled outside of Stripe by o-9: Cash" in result.stdout


@pytest.mark.parametrize(("option", "success"), [((), "true"), (("--refuse",), "false")])
def test_a_customer_approves_or_refuses_a_payment(
    orders: Run, shop: FakeShop, option: tuple[str, ...], success: str
) -> None:
    payment = {"status": "requires_action", "intent_id": "pi_1", "client_secret": "pi_1_secret"}
    shop.answers("GET /orders/o-1", an_order(status="AWAITING_PAYMENT", payment=payment))
    shop.answers("POST /stripe/v1/payment_intents/pi_1/_authenticate", {})

    result = orders("approve", "o-1", *option)

    assert result.exit_code == 0
    assert shop.last_request.content.decode() == f"client_secret=pi_1_secret&success={success}"
    assert "pi_1_secret" not in result.output


def test_a_payment_that_needs_no_approval_is_not_approved(orders: Run, shop: FakeShop) -> None:
    shop.answers("GET /orders/o-1", an_order())

    result = orders("approve", "o-1")

    assert result.exit_code == 1
    assert "does not need your approval" in result.stderr


def test_only_the_orders_customer_can_approve_its_payment(orders: Run, shop: FakeShop) -> None:
    payment = {"status": "requires_action", "intent_id": "pi_1"}
    shop.answers("GET /orders/o-1", an_order(status="AWAITING_PAYMENT", payment=payment))

    result = orders("approve", "o-1", "--as", "operator")

    assert result.exit_code == 1
    assert "Only the customer who placed the order can" in result.stderr


def test_a_payment_that_is_approved_twice_prints_no_secret(orders: Run, shop: FakeShop) -> None:
    payment = {"status": "requires_action", "intent_id": "pi_1", "client_secret": "pi_1_secret"}
    error = {"message": "It has succeeded.", "payment_intent": {"client_secret": "pi_1_secret"}}
    shop.answers("GET /orders/o-1", an_order(status="AWAITING_PAYMENT", payment=payment))
    shop.answers("POST /stripe/v1/payment_intents/pi_1/_authenticate", {"error": error}, status=400)

    result = orders("approve", "o-1")

    assert result.exit_code == 1
    assert "It has succeeded." in result.stderr
    assert "pi_1_secret" not in result.output


@pytest.mark.parametrize(("status", "advised"), [("PENDING", True), ("CANCELLED", False)])
def test_an_order_that_is_closed_is_not_worth_watching(
    orders: Run, shop: FakeShop, *, status: str, advised: bool
) -> None:
    shop.answers("POST /orders/o-1/cancel", an_order(status=status), status=202)

    assert ("orders watch o-1" in orders("cancel", "o-1").stderr) is advised


# story


def a_story(*entries: Mapping[str, object], logs: str = "complete") -> dict[str, object]:
    nothing = dict.fromkeys(("level", "function", "execution", "state", "request_id"))
    return {"logs": logs, "entries": [{**nothing, "details": {}, **entry} for entry in entries]}


RECEIVED = {"at": "2026-01-02T03:04:05.000Z", "source": "record", "text": "OrderReceived"}
RETRIED = {
    "at": "2026-01-02T03:04:06.250Z",
    "source": "stripe",
    "text": "create PaymentIntent: 500 api_error, 90 ms",
    "level": "WARNING",
    "function": "charge_payment",
    "state": "ChargePayment",
    "execution": "o-1-r1",
}


def test_a_story_is_a_table_with_the_time_since_its_start(shop: FakeShop, orders: Run) -> None:
    shop.answers("GET /orders/o-1/story", a_story(RECEIVED, RETRIED))

    result = orders("story", "o-1", "--as", "operator")

    first, second = (
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in result.stdout.splitlines()[-2:]
    )
    assert first == ["2026-01-02 03:04:05.000", "+0.000 s", "record", "OrderReceived"]
    assert second == [
        "2026-01-02 03:04:06.250",
        "+1.250 s",
        "stripe ChargePayment",
        "r1",
        "create PaymentIntent: 500 api_error, 90 ms",
    ]


def test_a_story_without_the_logs_says_so(shop: FakeShop, orders: Run) -> None:
    shop.answers("GET /orders/o-1/story", a_story(RECEIVED, logs="unavailable"))

    result = orders("story", "o-1", "--as", "operator")

    assert result.exit_code == 0
    assert "The logs are not available" in result.stderr


def test_a_story_can_be_read_by_a_script(shop: FakeShop, orders: Run) -> None:
    told = a_story(RECEIVED, RETRIED)
    shop.answers("GET /orders/o-1/story", told)

    assert json.loads(orders("story", "o-1", "--as", "operator", "--json").stdout) == told
