"""One stand-in for all tests; each test makes its own payments."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
import requests
import stripe

from local.processes import REPOSITORY
from local.stripe_stand_in.stand_in_client import StandInClient
from tests.unit.local.stripe_stand_in.receiver import SECRET, Receiver, listening
from tests.unit.local.stripe_stand_in.shop import Shop

READY = "Stripe stand-in ready on "


@contextmanager
def start(port: int = 0) -> Iterator["subprocess.Popen[str]"]:
    """Run a stand-in; it ends with the block, also when the block fails."""
    command = [sys.executable, "-m", "local.stripe_stand_in", "--port", str(port)]
    with subprocess.Popen(  # noqa: S603 - a command of our own
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def ready_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith(READY), process.communicate()
    return line.removeprefix(READY).strip()


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with start() as process:
        yield ready_url(process)


@pytest.fixture
def stand_in(url: str) -> Iterator[StandInClient]:
    with StandInClient(url) as client:
        yield client


@pytest.fixture
def stripe_client(url: str) -> Iterator[stripe.StripeClient]:
    with requests.Session() as session:
        yield stripe.StripeClient(
            "sk_test_order_saga",
            base_addresses={"api": url},
            http_client=stripe.RequestsClient(session=session, timeout=10),
            max_network_retries=0,
        )


@pytest.fixture
def shop(stripe_client: stripe.StripeClient, stand_in: StandInClient) -> Shop:
    return Shop(stripe_client, stand_in)


@pytest.fixture
def receiver(stand_in: StandInClient) -> Iterator[Receiver]:
    """An endpoint that is registered at the stand-in."""
    with listening() as receiver:
        stand_in.set_webhook(receiver.url, SECRET)
        yield receiver
        stand_in.clear_webhook()
        stand_in.reset_webhooks()
