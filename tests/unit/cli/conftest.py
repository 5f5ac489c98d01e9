"""A fake shop with scripted responses, and a runner of the command line."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.connection import Wiring
from cli.shapes import OrderJson

CUSTOMER_TOKEN = "token-of-alice"  # noqa: S105 - of a fake
OPERATOR_TOKEN = "token-of-the-operator"  # noqa: S105 - of a fake

NOT_FOUND = httpx.Response(404, json={"title": "Not found"})

Run = Callable[..., Result]


class FakeShop:
    """Returns scripted responses, repeating the last one, and records requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []
        self._answers: defaultdict[str, list[httpx.Response | Exception]] = defaultdict(list)

    def answers(
        self, call: str, body: object = None, *, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        self._answers[call].append(httpx.Response(status, json=body, headers=headers))

    def refuses(
        self, call: str, status: int, *, headers: dict[str, str] | None = None, **problem: object
    ) -> None:
        self.answers(call, {"title": "No", "detail": "Because.", **problem}, status=status, headers=headers)

    def breaks(self, call: str) -> None:
        self._answers[call].append(httpx.ReadTimeout("no answer"))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answers = self._answers[f"{request.method} {request.url.raw_path.decode()}"] or [NOT_FOUND]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last_request(self) -> httpx.Request:
        return self.requests[-1]


class FakeCloudFormation:
    """Knows the outputs of each stack."""

    def __init__(self, stacks: Mapping[str, Mapping[str, str]]) -> None:
        self._stacks = stacks

    def get_paginator(self, _call: str) -> "FakeCloudFormation":
        return self

    def paginate(self) -> Iterator[dict[str, Any]]:
        for name, outputs in self._stacks.items():
            pairs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
            yield {"Stacks": [{"StackName": name, "Outputs": pairs}]}


@pytest.fixture
def shop() -> FakeShop:
    return FakeShop()


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    path = tmp_path / "run.json"
    content = {
        "api_url": "http://shop.test",
        "aws_endpoint_url": "http://127.0.0.1:9",
        "state_machine_arn": "arn:aws:states:us-east-1:000000000000:stateMachine:saga",
        "stripe_url": "http://shop.test/stripe",
        "customer_token": CUSTOMER_TOKEN,
        "operator_token": OPERATOR_TOKEN,
    }
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def orders(shop: FakeShop, run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `orders` beside an embedded run whose executions nobody can read, unless a test scripts them."""
    for name in ("ORDERS_STAGE", "ORDERS_URL", "ORDERS_TOKEN", "ORDERS_USERNAME", "ORDERS_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ORDERS_RUN_FILE", str(run_file))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wiring = Wiring(httpx.MockTransport(shop), shop.pauses.append)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, arguments, input=stdin, obj=wiring, prog_name="orders")

    return run


def an_order(order_id: str = "o-1", status: str = "CONFIRMED", **changed: object) -> OrderJson:
    order = {
        "order_id": order_id,
        "status": status,
        "currency": "usd",
        "items": [{"sku": "RED-CHAIR", "quantity": 2, "unit_price": 7950}],
        "amount": 15900,
        "payment": {"status": "succeeded", "intent_id": "pi_1"},
        "timeline": [{"at": "2026-01-02T03:04:05.000Z", "event": "OrderReceived"}],
        "created_at": "2026-01-02T03:04:05.000Z",
        "updated_at": "2026-01-02T03:04:05.000Z",
        **changed,
    }
    return cast(OrderJson, order)
