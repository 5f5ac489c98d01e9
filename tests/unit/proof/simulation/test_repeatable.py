"""A case has the same trace in every process, whatever the order of Python's sets is there."""

import os
import subprocess
import sys

from local.processes import REPOSITORY

PLAY = """
from proof.fault_campaign.case import parse_case
from proof.simulation.play_case import play_case
from proof.simulation.simulated_world import installed

with installed():
    case = parse_case("lost-race; stop refund_payment: stripe POST /v1/refunds #1")
    print(play_case(case, traced=True).trace)
"""


def test_a_case_has_the_same_trace_in_every_process() -> None:
    traces = {
        subprocess.run(  # noqa: S603 - the arguments are ours
            [sys.executable, "-c", PLAY],
            check=True,
            capture_output=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONHASHSEED": seed},
            text=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(traces) == 1
    assert "refunds #1" in next(iter(traces))
