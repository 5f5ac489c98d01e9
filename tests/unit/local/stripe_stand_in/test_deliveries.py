"""The delivery of events to the webhook endpoint."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from threading import Event as ThreadEvent

import httpx
import pytest
import stripe
from aiohttp import web

from local.stripe_stand_in.events import Event
from local.stripe_stand_in.shell import deliveries
from local.stripe_stand_in.shell.deliveries import Deliveries, Delivery
from local.stripe_stand_in.webhooks import WebhookEndpoint
from local.waiting import wait_for
from tests.unit.local.stripe_stand_in.receiver import SECRET, Receiver, listening, types
from tests.unit.local.stripe_stand_in.shop import Shop

pytestmark = pytest.mark.enable_socket

CREATED, CHARGED, SUCCEEDED = PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
]


def test_the_sdk_verifies_deliveries(shop: Shop, receiver: Receiver) -> None:
    intent = shop.intend()

    [received] = receiver.wait_for(CREATED)

    event = received.verified()
    assert (event.type, event.data.object["id"]) == (CREATED, intent.id)
    with pytest.raises(stripe.SignatureVerificationError):
        received.verified("whsec_of_somebody_else")


def test_two_secrets_give_two_signatures(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.set_webhook(receiver.url, ["whsec_new", "whsec_old"])
    shop.intend()

    [received] = receiver.wait_for(CREATED)

    assert received.verified("whsec_new") == received.verified("whsec_old")


def test_an_endpoint_gets_only_the_types_that_it_is_registered_for(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.set_webhook(receiver.url, SECRET, events=[CREATED, SUCCEEDED])
    shop.pay()

    assert types(receiver.wait_for(SUCCEEDED)) == [CREATED, SUCCEEDED]


def test_a_second_endpoint_replaces_the_first(shop: Shop, receiver: Receiver) -> None:
    with listening() as second:
        shop.stand_in.set_webhook(second.url, SECRET)
        shop.intend()
        second.wait_for(CREATED)

    assert receiver.received == []


def test_without_an_endpoint_nothing_is_delivered(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.clear_webhook()
    intent = shop.intend()
    shop.stand_in.set_webhook(receiver.url, SECRET)
    shop.cancel(intent)

    assert types(receiver.wait_for("payment_intent.canceled")) == ["payment_intent.canceled"]


def test_an_event_that_is_not_accepted_is_sent_again(shop: Shop, receiver: Receiver) -> None:
    receiver.answers.extend([500, 302, 404])
    shop.intend()

    received = receiver.wait_for(CREATED, times=4)

    assert len({each.body for each in received}) == 1
    assert all(each.verified().id == received[0].event["id"] for each in received)
    tries = [(each.attempt, each.status) for each in settled(shop.deliveries, 4)]
    assert tries == [(1, 500), (2, 302), (3, 404), (4, 200)]


def test_an_event_is_sent_again_until_an_endpoint_is_there(shop: Shop, receiver: Receiver) -> None:
    with listening() as gone:
        shop.stand_in.set_webhook(gone.url, SECRET)
    shop.intend()
    wait_for(shop.deliveries, "the first try", timeout_seconds=10)
    shop.stand_in.set_webhook(receiver.url, SECRET)

    receiver.wait_for(CREATED)

    first, *_, last = settled(shop.deliveries, 2)
    assert (first.status, last.status) == (None, 200)


def test_an_event_is_sent_again_if_the_answer_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "_ANSWER_WITHIN_SECONDS", 0.1)

    tries = asyncio.run(deliver_to_an_endpoint_that_hangs_once())

    assert [(each.attempt, each.status) for each in tries] == [(1, None), (2, 200)]


def test_an_event_that_is_not_accepted_does_not_delay_the_next(shop: Shop, receiver: Receiver) -> None:
    receiver.answers.append(500)
    shop.stand_in.hold_webhooks()
    shop.pay()

    shop.stand_in.release_webhooks()

    tries = [(each.type, each.attempt) for each in settled(shop.deliveries, 4)]
    assert tries == [(CREATED, 1), (CHARGED, 1), (SUCCEEDED, 1), (CREATED, 2)]


def test_events_of_one_payment_come_in_order_and_wait_for_no_other(shop: Shop, receiver: Receiver) -> None:
    gate = receiver.gates[shop.order_id] = ThreadEvent()
    shop.pay()
    shop.another_order().pay()

    receiver.wait_for(SUCCEEDED)

    [waiting] = shop.deliveries()
    assert (waiting.type, waiting.status) == (CREATED, None)
    gate.set()
    receiver.wait_for(SUCCEEDED, times=2)


def test_a_delivery_ends_when_its_endpoint_is_removed(shop: Shop, receiver: Receiver) -> None:
    gate = receiver.gates[shop.order_id] = ThreadEvent()
    intent = shop.intend()
    receiver.wait_for(CREATED)

    shop.stand_in.clear_webhook()

    with listening() as second:
        shop.stand_in.set_webhook(second.url, SECRET)
        shop.cancel(intent)
        assert types(second.wait_for("payment_intent.canceled")) == ["payment_intent.canceled"]
    gate.set()


def test_deliveries_name_the_event_and_its_order(shop: Shop, receiver: Receiver) -> None:
    shop.another_order().intend()
    intent = shop.intend()
    received = receiver.wait_for(CREATED, times=2)

    [delivery] = settled(shop.deliveries, 1)

    assert asdict(delivery) == {
        "event_id": next(each.event["id"] for each in received if each.about["id"] == intent.id),
        "type": CREATED,
        "intent_id": intent.id,
        "order_id": shop.order_id,
        "attempt": 1,
        "status": 200,
    }
    assert delivery in shop.stand_in.deliveries()


def test_held_events_are_delivered_when_they_are_released(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.hold_webhooks()
    intent = shop.pay()
    assert (receiver.received, shop.deliveries()) == ([], [])

    assert shop.stand_in.release_webhooks() == 3
    assert types(receiver.wait_for(SUCCEEDED)) == PAID

    shop.refund(intent)
    receiver.wait_for("charge.refunded")


@pytest.mark.parametrize("times", [1, 2])
def test_held_events_can_be_shuffled(shop: Shop, receiver: Receiver, times: int) -> None:
    shop.stand_in.hold_webhooks()
    shop.stand_in.duplicate_webhooks(times - 1)
    shop.pay()

    shop.stand_in.release_webhooks(shuffle=True)

    for event_type in PAID:
        receiver.wait_for(event_type, times=times)
    assert sorted(receiver.types()) == sorted(PAID * times)
    assert receiver.types() != [event_type for event_type in PAID for _ in range(times)]


def test_events_can_be_repeated(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.duplicate_webhooks(2)
    shop.intend()

    received = receiver.wait_for(CREATED, times=3)

    assert len({each.event["id"] for each in received}) == 1
    assert [each.attempt for each in settled(shop.deliveries, 3)] == [1, 1, 1]


def test_a_reset_delivers_held_events_and_ends_repetition(shop: Shop, receiver: Receiver) -> None:
    shop.stand_in.hold_webhooks()
    intent = shop.intend()
    shop.stand_in.reset_webhooks()
    shop.stand_in.duplicate_webhooks(3)
    shop.stand_in.reset_webhooks()
    shop.cancel(intent)

    assert types(receiver.wait_for("payment_intent.canceled")) == [CREATED, "payment_intent.canceled"]


def test_an_event_can_be_sent_again(shop: Shop, receiver: Receiver) -> None:
    shop.intend()
    [first] = receiver.wait_for(CREATED)

    shop.stand_in.resend(first.event["id"])

    _, again = receiver.wait_for(CREATED, times=2)
    assert again.body == first.body
    with pytest.raises(ValueError, match="No such event: 'evt_nobody'"):
        shop.stand_in.resend("evt_nobody")


@pytest.mark.parametrize(
    ("endpoint", "complaint"),
    [
        ({"url": "ftp://example.com", "secrets": [SECRET]}, "url: "),
        ({"url": "http://example.com", "secrets": []}, "secrets: "),
        ({"url": "http://example.com"}, "secrets: "),
        ({"url": "http://example.com", "secrets": [SECRET], "event": None}, "event: "),
        ([], "WebhookEndpoint: "),
    ],
)
def test_an_invalid_endpoint_is_rejected(url: str, endpoint: object, complaint: str) -> None:
    refused = httpx.post(f"{url}/_stand_in/webhooks", json=endpoint)

    assert refused.status_code == 400
    assert refused.json()["error"]["message"].startswith(complaint)


def settled(look: Callable[[], list[Delivery]], at_least: int) -> list[Delivery]:
    """Wait until there are enough deliveries and the last one has its answer; returns them."""

    def answered() -> list[Delivery] | None:
        found = look()
        return found if len(found) >= at_least and found[-1].status is not None else None

    return wait_for(answered, f"{at_least} deliveries", timeout_seconds=10, pause_seconds=0.01)


async def deliver_to_an_endpoint_that_hangs_once() -> list[Delivery]:
    came_back = asyncio.Event()

    async def hang_once(_: web.Request) -> web.Response:
        if len(delivering.deliveries()) == 1:
            await came_back.wait()
        came_back.set()
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/", hang_once)])
    delivering = Deliveries()
    app.cleanup_ctx.append(delivering.connected)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        delivering.register(
            WebhookEndpoint(url=f"http://127.0.0.1:{runner.addresses[0][1]}/", secrets=[SECRET])
        )
        delivering.take(Event("evt_1", CREATED, "pi_1", None, {}))
        return await asyncio.to_thread(settled, delivering.deliveries, 2)
    finally:
        await runner.cleanup()
