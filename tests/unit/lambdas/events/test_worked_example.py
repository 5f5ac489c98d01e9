"""The handler of the worked example in docs/extending.md."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from docgen.event_contract.examples import examples
from lambdas.domain.vocabulary import EventType
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, sqs_event
from tests.worked_example import NAME, example

SALE = json.dumps(examples()[EventType.ORDER_CONFIRMED])


def receive(*messages: str) -> Mapping[str, object]:
    module: dict[str, Any] = {"__name__": f"lambdas.events.{NAME}.handler"}
    exec(example("handler"), module)  # noqa: S102 - code of our own documentation
    answer: Mapping[str, object] = module["handler"](sqs_event(*messages), CONTEXT)
    return answer


def test_handler_and_stack_have_at_most_40_lines() -> None:
    lines = [line for part in ("handler", "stack") for line in example(part).splitlines()]

    assert len(lines) <= 40


@pytest.mark.usefixtures("shop")
def test_each_sale_is_logged_once_and_poison_stops_none(log: Log) -> None:
    answer = receive(SALE, "poison", SALE)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-1"}]}
    sales = [line for line in log.lines if line["message"] == "sale"]
    assert [(sale["amount"], sale["currency"]) for sale in sales] == [(75_800, "usd")]
