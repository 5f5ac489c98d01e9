"""The proxy passes calls on unchanged, except those that a fault strikes."""

import signal
import subprocess
from collections.abc import Callable

import httpx
import pytest

from local.fault_proxy.faults import Fault, FaultKind
from local.fault_proxy.proxy_client import FaultProxyClient
from local.stripe_stand_in.exchange import FAIL_HEADER
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
    sent = {**worker.HEADERS, "Host": f"127.0.0.1:{proxy.aws_port}"}  # AWS signs the host, too
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
def test_each_fault_has_its_effect_and_its_answer(  # noqa: PLR0913, PLR0917 - three fixtures, and a table of three
    proxy: RunningProxy,
    faults: FaultProxyClient,
    start_worker: StartWorker,
    kind: FaultKind,
    seen: str,
    effects: int,
) -> None:
    faults.inject(Fault(kind, CALL))

    assert outcome(start_worker()) == seen
    assert len(proxy.service.requests) == effects
    assert [(call.fault, call.status) for call in faults.calls()] == [(kind, None)]


def test_a_late_effect_comes_after_its_caller_has_given_up(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    faults.inject(Fault("late", CALL, seconds=worker.PATIENCE_SECONDS + 0.5))

    assert outcome(start_worker()) == "TimeoutError"

    assert proxy.service.requests == []
    wait_for(lambda: len(proxy.service.requests) == 1, "the effect comes", timeout_seconds=5)


@pytest.mark.parametrize(("kind", "status"), [("throttle", 400), ("unavailable", 503)])
def test_a_rejected_call_has_no_effect_and_can_be_repeated(
    proxy: RunningProxy,
    faults: FaultProxyClient,
    start_worker: StartWorker,
    kind: FaultKind,
    status: int,
) -> None:
    faults.inject(Fault(kind, CALL))

    assert outcome(start_worker()).startswith(f"{status} None")
    assert proxy.service.requests == []
    assert outcome(start_worker()) == ANSWERED


def test_a_held_call_goes_on_when_its_fault_is_lifted(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    hold = Fault("hold", CALL)
    faults.inject(hold)
    process = start_worker()
    faults.wait_until_held()
    assert (proxy.service.requests, faults.held(hold), faults.held(Fault("hold", "*"))) == ([], 1, 0)

    faults.lift(hold)

    assert outcome(process) == ANSWERED
    assert faults.held() == 0


def test_a_call_can_be_held_and_its_reply_lost(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    hold = Fault("hold", CALL)
    faults.inject(Fault("lose_reply", CALL))
    faults.inject(hold)
    process = start_worker()
    faults.wait_until_held()

    faults.lift(hold)

    assert outcome(process) == "RemoteDisconnected"
    assert len(proxy.service.requests) == 1


def test_what_one_fault_lets_through_meets_the_next(
    proxy: RunningProxy, faults: FaultProxyClient, start_worker: StartWorker
) -> None:
    faults.inject(Fault("unavailable", CALL))
    faults.inject(Fault("kill_after", CALL))

    assert outcome(start_worker()) == KILLED
    assert proxy.service.requests == []  # the inner fault keeps it from the service


@pytest.mark.parametrize(("kind", "when"), [("error_before", "before"), ("error_after", "after")])
def test_the_stand_in_is_asked_for_a_stored_error(
    proxy: RunningProxy, faults: FaultProxyClient, kind: FaultKind, when: str
) -> None:
    faults.inject(Fault(kind, "*: stripe POST /v1/refunds"))

    for _ in range(2):
        httpx.post(f"{proxy.stripe_url}/v1/refunds", data={"amount": "5"}, trust_env=False)

    assert [request.headers.get(FAIL_HEADER) for request in proxy.service.requests] == [when, None]
