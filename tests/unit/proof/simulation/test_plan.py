"""The order in which cases are played."""

from collections import Counter
from itertools import islice
from random import Random

from local.fault_proxy.recording import Call
from proof.fault_campaign.case import Case
from proof.simulation.plan import in_turn, single_faults
from proof.simulation.shop import Shop
from statemachines.steps import STEP_FUNCTIONS

CALLS = {
    journey: [Call("0", f"{function}: dynamodb UpdateItem orders", 1, None) for function in STEP_FUNCTIONS]
    for journey in ("happy", "lost-race", "declined")
}
SINGLES = [case for journey, calls in CALLS.items() for case in single_faults(journey, calls)]


def kind(case: Case | Shop) -> str:
    return "shop" if isinstance(case, Shop) else f"{len(case.injections)} of {case.journey}"


def test_single_faults_pairs_and_shops_take_turns_from_the_start() -> None:
    random = Random(1)  # noqa: S311 - it must be repeatable

    first = {kind(case) for case in islice(in_turn(SINGLES, CALLS, random), 300)}

    assert {"1 of happy", "1 of declined", "2 of happy", "2 of lost-race", "shop"} <= first


def test_every_single_fault_is_played_once_and_then_the_others_go_on() -> None:
    random = Random(1)  # noqa: S311 - it must be repeatable

    played = list(islice(in_turn(SINGLES, CALLS, random), 10 * len(SINGLES)))

    singles = Counter(str(case) for case in played if kind(case).startswith("1"))
    assert singles == Counter(map(str, SINGLES))
    assert not kind(played[-1]).startswith("1")
