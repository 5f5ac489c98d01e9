"""Random customers, orders, cancellations, refunds, webhooks and faults, all at once: at rest all laws hold.

A failure prints the script that failed. It is valid Python: play it again, and when it is understood, make a
test of it that has a name, at the lowest layer that catches the bug. A few scripts are played, always the
same ones; for more:

    RANDOM_SHOP_EXAMPLES=50 RANDOM_SHOP_SEED=7 pytest -n 0 tests/faults/test_random_shop.py
"""

import os
from collections.abc import Iterator
from typing import Final, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from local.fault_proxy.faults import Fault
from local.world import World
from proof.fault_campaign.case import KINDS, Injection
from proof.fault_campaign.tempo import quick_pace
from proof.plays import CANCEL, CONFIRM, CREATE, REFUND
from statemachines.steps import STEP_FUNCTIONS
from tests.faults.random_shop import REFUNDS, SKUS, Act, Card, Customer, Deed, Script, Webhooks, play

EXAMPLES: Final = int(os.environ.get("RANDOM_SHOP_EXAMPLES", "3"))
SEED: Final = int(os.environ.get("RANDOM_SHOP_SEED", "3"))
SHRINKS: Final = "RANDOM_SHOP_SHRINK" in os.environ
"""Shrinking plays a failing script up to some dozen times more; hypothesis stops after five minutes."""

FUNCTIONS: Final = (
    *("submit_order", "start_saga", "cancel_order", "receive_stripe_webhook"),
    *STEP_FUNCTIONS,
    *("publish_order_events", "audit_order_events", "recover_order"),
)
SERVICES: Final = (
    *("dynamodb UpdateItem orders", "dynamodb TransactWriteItems *", "dynamodb GetItem *"),
    *("stripe POST *", "stripe GET *", "states *", "events *", "ses *"),
)


def acts() -> st.SearchStrategy[tuple[Act, ...]]:
    act = st.builds(Act, deed=st.sampled_from(get_args(Deed)), after=st.integers(1, 9))

    def kind(act: Act) -> str:
        return "refund" if act.deed in REFUNDS else act.deed

    return st.lists(act, max_size=3, unique_by=kind).map(tuple)


def customers() -> st.SearchStrategy[Customer]:
    item = st.tuples(st.sampled_from(SKUS), st.integers(1, 2))
    return st.builds(
        Customer,
        items=st.lists(item, min_size=1, max_size=len(SKUS), unique_by=lambda each: each[0]).map(tuple),
        card=st.sampled_from((*["good"] * 4, *get_args(Card))),
        is_reachable=st.sampled_from((True, True, True, False)),
        acts=acts(),
    )


def injections() -> st.SearchStrategy[Injection]:
    names = [*(f"{function}: *" for function in FUNCTIONS), *(f"*: {service}" for service in SERVICES)]
    return st.builds(
        Injection,
        kind=st.sampled_from(KINDS),
        name=st.sampled_from(names),
        n=st.integers(1, 9),
        lasts=st.sampled_from((None, None, 0.5, 2.0)),
    )


def stripe_faults() -> st.SearchStrategy[Fault]:
    return st.builds(
        Fault,
        kind=st.sampled_from(("unavailable", "throttle", "error_before", "error_after", "lose_reply")),
        name=st.sampled_from((CREATE, CONFIRM, CANCEL, REFUND)),
        times=st.integers(1, 3),
    )


SCRIPTS: Final = st.builds(
    Script,
    stock=st.tuples(*[st.sampled_from((6, 6, 3, 3, 1, 0))] * len(SKUS)),
    customers=st.lists(customers(), min_size=4, max_size=6).map(tuple),
    injections=st.lists(injections(), max_size=3).map(tuple),
    stripe_faults=st.lists(stripe_faults(), max_size=2).map(tuple),
    webhooks=st.sampled_from(get_args(Webhooks)),
)


@pytest.fixture(scope="module")
def quick_world(world: World) -> Iterator[World]:
    with quick_pace(world):
        yield world


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink) if SHRINKS else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(script=SCRIPTS)
def test_whatever_happens_at_once_all_laws_hold_when_it_is_over(quick_world: World, script: Script) -> None:
    outcome = play(quick_world, script)

    note(f"{script!r}\n{outcome.evidence}")
    assert outcome.breaches == []
