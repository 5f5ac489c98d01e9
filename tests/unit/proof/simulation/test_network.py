"""The simulated network: which answers reach the caller."""

from typing import Final

import pytest

from local.fault_proxy.faults import Fault, FaultKind
from proof.simulation.network import ConnectionLost, Network, Rejected
from proof.simulation.scheduler import Killed, Scheduler
from proof.simulation.trace import Trace

WRITE: Final = "charge_payment: dynamodb UpdateItem orders"


def reject(_: str | None) -> None:
    raise Rejected("ConditionalCheckFailedException")


@pytest.mark.parametrize(("kind", "end"), [("lose_reply", ConnectionLost), ("kill_after", Killed)])
def test_a_lost_answer_can_be_a_rejection(kind: FaultKind, end: type[BaseException]) -> None:
    with Scheduler("network") as scheduler:
        network = Network(scheduler, Trace())
        network.faults.inject(Fault(kind, WRITE, 1))
        ended: list[BaseException] = []

        def call() -> None:
            try:
                network.call(WRITE, reject, who="charge_payment#1", wait_ms=1_000)
            except (ConnectionLost, Killed, Rejected) as error:
                ended.append(error)

        scheduler.play(call)

    assert [type(each) for each in ended] == [end]
