"""The plan has a case for every fault at every call."""

import random

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import KINDS, Case
from proof.fault_campaign.plan import in_rounds, restarts, single_faults, stops


def call(name: str, n: int = 1) -> Call:
    return Call("2026-03-01T12:00:00.000Z", name, n, None)


CHARGE = call("charge_payment: dynamodb UpdateItem orders", 2)
OUTBOX = call("publish_order_events: events PutEvents")
CALLS = [call("charge_payment: dynamodb GetItem orders"), CHARGE, OUTBOX]


def labels(case: Case) -> tuple[str, str, int]:
    (injection,) = case.injections
    return injection.label, injection.name, injection.n


def test_every_call_has_a_case_for_each_kind_of_fault_and_each_outage() -> None:
    kinds = {*KINDS, "refuse outage", "lose_reply outage"}

    assert {labels(case) for case in single_faults("happy", CALLS)} == {
        (kind, each.name, each.n) for each in CALLS for kind in kinds
    }


def test_an_outage_for_a_step_lasts_longer_than_its_tries() -> None:
    lasts = {
        case.injections[0].name: case.injections[0].lasts
        for case in single_faults("happy", [CHARGE, OUTBOX])
        if case.label == "refuse outage"
    }

    assert lasts == {CHARGE.name: 25.0, OUTBOX.name: 3.0}


def test_an_execution_is_stopped_at_every_call_of_its_steps() -> None:
    assert [labels(case)[1:] for case in stops("happy", CALLS)] == [(each.name, each.n) for each in CALLS[:2]]


def test_the_embedded_aws_is_restarted_once_in_every_step() -> None:
    assert [labels(case)[1:] for case in restarts("happy", CALLS)] == [(CALLS[0].name, 1)]


def test_a_round_has_every_kind_of_fault_once_on_every_journey() -> None:
    cases = [case for journey in ("happy", "declined") for case in single_faults(journey, CALLS)]

    first, second, third = in_rounds(cases, random.Random(7))  # noqa: S311 - it must be repeatable

    kinds = sorted((case.journey, case.label) for case in first)
    assert kinds == sorted({(case.journey, case.label) for case in cases})
    assert sorted(map(str, [*first, *second, *third])) == sorted(map(str, cases))
