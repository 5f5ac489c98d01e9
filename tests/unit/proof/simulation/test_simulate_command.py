"""`python -m proof simulate`."""

import pytest

from proof.__main__ import main


def test_a_named_case_is_played_and_its_trace_printed(capsys: pytest.CaptureFixture[str]) -> None:
    case = "happy; kill_after charge_payment: stripe POST /v1/payment_intents/{id}/confirm #1"

    code = main(["simulate", "--case", case])

    printed = capsys.readouterr().out
    assert code == 0
    assert "charge_payment#1" in printed
    assert "kill_after: Killed" in printed
    assert printed.endswith(f"{case}: CONFIRMED.\n")
