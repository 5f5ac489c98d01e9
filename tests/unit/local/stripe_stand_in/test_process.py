"""The process of the stand-in: it starts, and leaves nothing behind when it ends."""

import signal

import httpx
import pytest

from tests.unit.local.stripe_stand_in.conftest import ready_url, start

pytestmark = pytest.mark.enable_socket


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_stand_in(number: signal.Signals) -> None:
    with start() as process:
        url = ready_url(process)
        with httpx.Client(base_url=url) as kept_alive:
            kept_alive.get("/payments").raise_for_status()

            process.send_signal(number)

            assert process.wait(10) == 0
        assert process.communicate() == ("", "")


def test_a_taken_port_is_reported_in_one_line(url: str) -> None:
    port = httpx.URL(url).port
    assert port is not None

    with start(port) as process:
        _, complaint = process.communicate(timeout=10)

    assert process.returncode == 1
    assert complaint.startswith(f"The Stripe stand-in cannot listen on port {port}: ")
    assert complaint.count("\n") == 1
