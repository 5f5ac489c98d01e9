"""The proxy passes calls on unchanged, except those that a fault strikes."""

import signal
import subprocess

import httpx
import pytest

from local.fault_proxy.faults import Fault, FaultKind
from local.stripe_stand_in.exchange import FAIL_HEADER
from local.waiting import wait_for
from tests.unit.local.fault_proxy import worker
from tests.unit.local.fault_proxy.conftest import Bench
from tests.unit.local.fault_proxy.service import ANSWER

pytestmark = pytest.mark.enable_socket

CALL = "charge_payment: dynamodb PutItem orders"
KILLED = "killed"
ANSWERED = f"200 from-the-service {ANSWER.decode()}"


def outcome(process: "subprocess.Popen[str]") -> str:
    output = process.communicate(timeout=20)[0]
    return KILLED if process.returncode == -signal.SIGKILL else output


def test_a_call_passes_unchanged_and_is_named_after_its_function(bench: Bench) -> None:
    process = bench.start_worker()

    assert outcome(process) == ANSWERED
    (request,) = bench.service.requests
    assert (request.line, request.body) == ("POST /?a=b%2Fc HTTP/1.1", worker.BODY.encode())
    sent = {**worker.HEADERS, "Host": bench.proxy.aws_url.removeprefix("http://")}  # AWS signs the host, too
    assert sent.items() <= request.headers.items()
    (call,) = bench.faults.calls()
    assert (str(call), call.status, call.pid, call.fault) == (f"{CALL} #1", 200, process.pid, None)


@pytest.mark.parametrize(
    ("kind", "seen", "effects"),
    [
        ("refuse", "RemoteDisconnected", 0),
        ("lose_reply", "RemoteDisconnected", 1),
        ("kill_before", KILLED, 0),
        ("kill_after", KILLED, 1),
    ],
)
def test_each_fault_has_its_effect_and_its_answer(
    bench: Bench, kind: FaultKind, seen: str, effects: int
) -> None:
    bench.faults.inject(Fault(kind, CALL))

    assert outcome(bench.start_worker()) == seen
    assert len(bench.service.requests) == effects
    assert [(call.fault, call.status) for call in bench.faults.calls()] == [(kind, None)]


def test_a_call_that_hangs_has_no_effect(bench: Bench) -> None:
    bench.faults.inject(Fault("hang", CALL))

    assert outcome(bench.start_worker(patience_seconds=1)) == "TimeoutError"

    assert bench.service.requests == []
    assert [(call.fault, call.status) for call in bench.faults.calls()] == [("hang", None)]


def test_a_late_effect_comes_after_its_caller_has_given_up(bench: Bench) -> None:
    late = Fault("late", CALL)
    bench.faults.inject(late)

    assert outcome(bench.start_worker(patience_seconds=1)) == "TimeoutError"
    assert bench.service.requests == []

    bench.faults.lift(late)
    wait_for(lambda: len(bench.service.requests) == 1, "the effect comes", timeout_seconds=5)


def test_a_slow_call_gets_its_answer(bench: Bench) -> None:
    bench.faults.inject(Fault("slow", CALL, seconds=0.1))

    assert outcome(bench.start_worker()) == ANSWERED

    assert [(call.fault, call.status) for call in bench.faults.calls()] == [("slow", 200)]


@pytest.mark.parametrize(("kind", "status"), [("throttle", 400), ("unavailable", 503)])
def test_a_rejected_call_has_no_effect_and_can_be_repeated(
    bench: Bench, kind: FaultKind, status: int
) -> None:
    bench.faults.inject(Fault(kind, CALL))

    assert outcome(bench.start_worker()).startswith(f"{status} None")
    assert bench.service.requests == []
    assert outcome(bench.start_worker()) == ANSWERED


def test_a_held_call_goes_on_when_its_fault_is_lifted(bench: Bench) -> None:
    hold = Fault("hold", CALL)
    bench.faults.inject(hold)
    process = bench.start_worker()
    bench.faults.wait_until_held()
    assert (bench.service.requests, bench.faults.held(hold), bench.faults.held(Fault("hold", "*"))) == (
        [],
        1,
        0,
    )

    bench.faults.lift(hold)

    assert outcome(process) == ANSWERED
    assert bench.faults.held() == 0


def test_a_call_can_be_held_and_its_reply_lost(bench: Bench) -> None:
    hold = Fault("hold", CALL)
    bench.faults.inject(Fault("lose_reply", CALL))
    bench.faults.inject(hold)
    process = bench.start_worker()
    bench.faults.wait_until_held()

    bench.faults.lift(hold)

    assert outcome(process) == "RemoteDisconnected"
    assert len(bench.service.requests) == 1


def test_what_one_fault_lets_through_meets_the_next(bench: Bench) -> None:
    bench.faults.inject(Fault("unavailable", CALL))
    bench.faults.inject(Fault("kill_after", CALL))

    assert outcome(bench.start_worker()) == KILLED
    assert bench.service.requests == []  # the inner fault keeps it from the service


@pytest.mark.parametrize(("kind", "when"), [("error_before", "before"), ("error_after", "after")])
def test_the_stand_in_is_asked_for_a_stored_error(bench: Bench, kind: FaultKind, when: str) -> None:
    bench.faults.inject(Fault(kind, "*: stripe POST /v1/refunds"))

    for _ in range(2):
        httpx.post(f"{bench.proxy.stripe_url}/v1/refunds", data={"amount": "5"}, trust_env=False)

    assert [request.headers.get(FAIL_HEADER) for request in bench.service.requests] == [when, None]
