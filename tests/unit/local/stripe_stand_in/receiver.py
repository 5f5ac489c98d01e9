"""A webhook endpoint that keeps what it receives."""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import stripe

from local.waiting import wait_for

SECRET = "whsec_the_shops"  # noqa: S105 - only tests sign with it


@dataclass(frozen=True)
class Received:
    body: bytes
    signature: str

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def about(self) -> dict[str, Any]:
        """The object that the event shows."""
        about: dict[str, Any] = self.event["data"]["object"]
        return about

    def verified(self, secret: str = SECRET) -> stripe.Event:
        event: stripe.Event = stripe.Webhook.construct_event(self.body, self.signature, secret)
        return event


@dataclass
class Receiver:
    url: str
    answers: deque[int] = field(default_factory=deque)
    """The statuses of its next answers; 200 after them."""
    gates: dict[str, Event] = field(default_factory=dict)
    """For each order, the event that its answers wait for."""
    received: list[Received] = field(default_factory=list)

    def wait_for(self, event_type: str, times: int = 1) -> list[Received]:
        """Wait for an event; returns everything received until then."""
        wait_for(
            lambda: self.types().count(event_type) >= times,
            f"{times} x {event_type}",
            timeout_seconds=10,
            pause_seconds=0.01,
        )
        return list(self.received)

    def types(self) -> list[str]:
        return types(self.received)


def types(received: Iterable[Received]) -> list[str]:
    return [each.event["type"] for each in received]


@contextmanager
def listening() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received = Received(body, self.headers["Stripe-Signature"])
            receiver.received.append(received)
            gate = receiver.gates.get(received.about["metadata"].get("order_id"))
            if gate is not None:
                gate.wait(30)
            self.send_response(receiver.answers.popleft() if receiver.answers else 200)
            self.send_header("Location", self.path)  # the target of a redirect
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks/stripe")
        thread = Thread(target=lambda: server.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
