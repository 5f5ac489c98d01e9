"""Events conform to the schema that is published for consumers."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator, ValidationError

from lambdas.domain.order import Failure, Order, OrderStatus, Payment, TimelineEntry
from lambdas.domain.payment import DisputeState
from lambdas.events.publish_order_events.order_event import event_of_change
from tests.unit.lambdas.builders import an_order

_FILE: Final = Path(__file__).parents[4] / "docs" / "events" / "order_event.schema.json"
SCHEMA: Final = Draft202012Validator(
    json.loads(_FILE.read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def detail_of(before: Order, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any attribute
    event = event_of_change(before, replace(before, **changes))
    assert event is not None
    detail: dict[str, Any] = json.loads(json.dumps(event.detail))
    return detail


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"status": OrderStatus.CONFIRMED, "amount": 75_800}, id="confirmed"),
        pytest.param(
            {"status": OrderStatus.FAILED, "failure": Failure("unknown_sku", "It is not sold.")}, id="failed"
        ),
        pytest.param({"status": OrderStatus.NEEDS_ATTENTION}, id="needs attention"),
        pytest.param({"payment": Payment(dispute=DisputeState.OPEN)}, id="disputed"),
        pytest.param({"payment": Payment(refunded_outside=500)}, id="refunded outside"),
    ],
)
def test_an_event_conforms_to_the_schema(changes: dict[str, Any]) -> None:
    SCHEMA.validate(detail_of(an_order(), **changes))


def test_an_event_of_an_order_of_an_earlier_version_conforms() -> None:
    earlier = an_order(timeline=(TimelineEntry("2026-03-01T12:00:00.000Z", "OrderReceived"),))

    detail = detail_of(earlier, status=OrderStatus.CONFIRMED)

    SCHEMA.validate(detail)
    assert "request_id" not in detail


def test_the_schema_rejects_other_fields() -> None:
    detail = detail_of(an_order(), status=OrderStatus.CONFIRMED)

    with pytest.raises(ValidationError):
        SCHEMA.validate({**detail, "email": "customer@example.com"})
