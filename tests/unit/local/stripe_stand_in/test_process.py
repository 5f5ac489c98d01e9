"""The process of the stand-in: it starts, and leaves nothing behind when it ends."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.unit.local.stripe_stand_in.conftest import ready_url, start

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for child processes in /proc"),
]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_stand_in_and_localstripe(number: signal.Signals) -> None:
    with start() as process:
        url = ready_url(process)
        localstripe = only_child(process)
        with httpx.Client(base_url=url) as kept_alive:
            kept_alive.get("/payments").raise_for_status()

            process.send_signal(number)

            assert process.wait(10) == 0
        assert process.communicate() == ("", "")
    assert not is_running(localstripe)


def test_the_stand_in_ends_when_localstripe_does() -> None:
    with start() as process:
        ready_url(process)

        subprocess.run(["/bin/kill", str(only_child(process))], check=True)  # noqa: S603 - our own child's id

        _, complaint = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "localstripe has ended" in complaint


def test_a_taken_port_is_reported_in_one_line(url: str) -> None:
    port = httpx.URL(url).port
    assert port is not None

    with start(port) as process:
        _, complaint = process.communicate(timeout=10)

    assert process.returncode == 1
    assert complaint.startswith(f"The Stripe stand-in cannot listen on port {port}: ")
    assert complaint.count("\n") == 1


def only_child(process: subprocess.Popen[str]) -> int:
    [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def is_running(process_id: int) -> bool:
    status = Path(f"/proc/{process_id}/status")
    return status.exists() and "State:\tZ" not in status.read_text()
