"""A file with orders, imported twice: each line has its result, and no order is placed twice."""

import json
from base64 import urlsafe_b64decode
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from local.users import CUSTOMER
from local.world import World
from tests.e2e.conftest import Orders

LINES, BAD = 16, 6


def customer_id(world: World) -> str:
    """The id of the demo customer, from the claims of the ID token."""
    claims = world.users.token(CUSTOMER).split(".")[1]
    return str(json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["sub"])


def a_line(customer: str, number: int, **changes: object) -> bytes:
    order = {
        "customer_id": customer,
        "idempotency_key": f"import-{number}",
        "currency": "usd",
        "items": [{"sku": "TASTELESS-LAMP", "quantity": 1}],
        "payment_method": "pm_card_visa",
    }
    return json.dumps({**order, **changes}).encode()


@pytest.fixture
def file(world: World, tmp_path: Path) -> Path:
    """A file as a program on Windows writes it, with six bad lines at its end, the last one half-written."""
    customer = customer_id(world)
    lines = [a_line(customer, number) for number in range(LINES - BAD)]
    lines += [
        b"no JSON",
        b'{"currency": "\xff"}',
        a_line("00000000-0000-4000-8000-000000000000", 1_000),
        a_line(customer, 1_001, items=[]),
        a_line(customer, 0, currency="eur"),
        a_line(customer, 1_002)[:50],
    ]
    path = tmp_path / "orders.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    return path


def imported(orders: Orders, file: Path) -> dict[str, Any]:
    process = orders("import", str(file), "--wait", "--json")
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1, stderr  # lines were rejected
    summary: dict[str, Any] = json.loads(stdout)
    return summary


def results(world: World, summary: dict[str, Any]) -> list[dict[str, Any]]:
    answer = world.aws.client("s3").get_object(
        Bucket=world.outputs["ImportBucketName"], Key=f"results/{summary['file']}"
    )
    return [json.loads(line) for line in answer["Body"].iter_lines()]


def counts(summary: dict[str, Any]) -> dict[str, int]:
    return {name: summary[name] for name in ("lines", "new", "replayed", "rejected", "blank")}


def test_a_file_that_is_imported_twice_places_its_orders_once(
    world: World, orders: Orders, file: Path
) -> None:
    good = LINES - BAD

    # When
    first = imported(orders, file)

    # Then
    before = results(world, first)
    assert counts(first) == {"lines": LINES, "new": good, "replayed": 0, "rejected": BAD, "blank": 0}
    assert Counter(line["outcome"] for line in before) == {"new": good, "rejected": BAD}
    for line in before[:good]:
        world.executions.wait_until_ended(line["order_id"])
        assert (world.order_record(line["order_id"]) or {})["status"] == "CONFIRMED"

    # When
    second = imported(orders, file)

    # Then
    assert counts(second) == {"lines": LINES, "new": 0, "replayed": good, "rejected": BAD, "blank": 0}
    after = results(world, second)
    assert [line.get("order_id") for line in before] == [line.get("order_id") for line in after]
    assert [line["problem"]["detail"] for line in before[good:]] == [
        "body: Invalid JSON: expected ident at line 1 column 2",
        "body: must be text in UTF-8",
        "customer_id: there is no such customer",
        "items: List should have at least 1 item after validation, not 0",
        "Send a new Idempotency-Key with a new request.",
        before[-1]["problem"]["detail"],
    ]
