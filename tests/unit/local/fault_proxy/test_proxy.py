"""What the proxy does to a call: nothing at all, or the one thing that it was told."""

import signal
import subprocess
from collections.abc import Callable

import pytest

from local.fault_proxy.client import FaultProxyClient
from local.fault_proxy.faults import FaultKind
from local.waiting import wait_for
from tests.unit.local.fault_proxy import worker
from tests.unit.local.fault_proxy.conftest import RunningProxy
from tests.unit.local.fault_proxy.service import ANSWER

pytestmark = pytest.mark.enable_socket

CALL = "charge_payment: dynamodb PutItem orders"
KILLED = "killed"
ANSWERED = f"200 from-the-service {ANSWER.decode()}"

StartWorker = Callable[[], "subprocess.Popen[str]"]


def outcome(process: "subprocess.Popen[str]") -> str:
    output = process.communicate(timeout=20)[0]
    return KILLED if process.returncode == -signal.SIGKILL else output


def test_a_call_passes_unchanged_and_is_named_after_its_function(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    process = start_worker()

    assert outcome(process) == ANSWERED
    (request,) = proxy.service.requests
    assert (request.line, request.body) == ("POST /?a=b%2Fc HTTP/1.1", worker.BODY.encode())
    sent = {**worker.HEADERS, "Host": f"127.0.0.1:{proxy.aws_port}"}  # it is signed, too
    assert sent.items() <= request.headers.items()
    (call,) = faults.calls()
    assert (str(call), call.status, call.pid, call.fault) == (f"{CALL} #1", 200, process.pid, None)


@pytest.mark.parametrize(
    ("kind", "seen", "effects"),
    [
        ("refuse", "RemoteDisconnected", 0),
        ("lose_reply", "RemoteDisconnected", 1),
        ("hang", "TimeoutError", 0),
        ("kill_before", KILLED, 0),
        ("kill_after", KILLED, 1),
    ],
)
def test_a_fault_does_what_its_name_says(  # noqa: PLR0913, PLR0917 - three fixtures, and a table of three
    proxy: RunningProxy,
    faults: FaultProxyClient,
    start_worker: StartWorker,
    kind: FaultKind,
    seen: str,
    effects: int,
) -> None:
    faults.set_fault(kind, CALL)

    assert outcome(start_worker()) == seen
    assert len(proxy.service.requests) == effects
    assert [(call.fault, call.status) for call in faults.calls()] == [(kind, None)]


def test_a_late_effect_comes_when_its_caller_has_given_up(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    faults.set_fault("late", CALL, seconds=worker.PATIENCE_SECONDS + 0.5)

    assert outcome(start_worker()) == "TimeoutError"

    assert proxy.service.requests == []
    wait_for(lambda: len(proxy.service.requests) == 1, "the effect comes", timeout_seconds=5)


def test_a_throttled_call_is_answered_in_the_services_own_words(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    faults.set_fault("throttle", CALL)

    assert outcome(start_worker()).startswith("400 None")
    assert proxy.service.requests == []
    assert outcome(start_worker()) == ANSWERED


def test_a_held_call_goes_on_when_it_is_released(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    faults.set_fault("hold", CALL)
    process = start_worker()
    faults.wait_until_held()
    assert proxy.service.requests == []

    assert faults.release() == 1

    assert outcome(process) == ANSWERED


def test_an_unknown_fault_is_refused(faults: FaultProxyClient) -> None:
    with pytest.raises(ValueError, match="kind"):
        faults.set_fault("earthquake", CALL)  # type: ignore[arg-type]
