"""The model behind HTTP."""

import asyncio

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from local.stripe_stand_in.shell import server
from local.stripe_stand_in.shell.server import StandIn

pytestmark = pytest.mark.enable_socket


def test_a_key_is_in_use_while_its_request_is_executed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_EXECUTION_SECONDS", 0.2)

    first, second = asyncio.run(pay_twice_at_once())

    assert sorted([first, second]) == [200, 409]


async def pay_twice_at_once() -> list[int]:
    headers = {"Authorization": "Bearer sk_test_a", "Idempotency-Key": "order-1"}
    form = {"amount": "2500", "currency": "usd", "payment_method": "pm_card_visa", "confirm": "true"}

    async def pay() -> int:
        async with client.post("/v1/payment_intents", headers=headers, data=form) as answer:
            return answer.status

    async with (
        TestServer(StandIn("http://127.0.0.1").application()) as stand_in,
        aiohttp.ClientSession(stand_in.make_url("")) as client,
    ):
        return list(await asyncio.gather(pay(), pay()))
