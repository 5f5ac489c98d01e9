"""Random customers, orders, cancellations, refunds, webhooks and faults at once: in the end all laws hold.

A failure prints its script, which is valid Python. Run it again, and when you understand it, write a test for
it at the lowest layer that catches the bug. By default a few scripts run, always the same ones. For more:

    RANDOM_SHOP_EXAMPLES=50 RANDOM_SHOP_SEED=7 pytest -n 0 tests/faults/test_random_shop.py
"""

import os
from typing import Final, get_args

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

from local.fault_proxy.faults import Fault
from local.world import World
from proof.fault_campaign.case import KINDS, Injection
from proof.scenarios import CANCEL, CONFIRM, CREATE, REFUND
from statemachines.steps import STEP_FUNCTIONS
from tests.faults.random_shop import (
    REFUNDS,
    SKUS,
    Action,
    ActionKind,
    Card,
    Customer,
    Script,
    Webhooks,
    run_script,
)

EXAMPLES: Final = int(os.environ.get("RANDOM_SHOP_EXAMPLES", "3"))
SEED: Final = int(os.environ.get("RANDOM_SHOP_SEED", "3"))
SHRINKS: Final = "RANDOM_SHOP_SHRINK" in os.environ
"""Whether a failing script is shrunk. That runs it dozens of times; hypothesis stops after five minutes."""

FUNCTIONS: Final = (
    *("submit_order", "start_saga", "cancel_order", "receive_stripe_webhook"),
    *STEP_FUNCTIONS,
    *("publish_order_events", "audit_order_events", "recover_order"),
)
SERVICES: Final = (
    *("dynamodb UpdateItem orders", "dynamodb TransactWriteItems *", "dynamodb GetItem *"),
    *("stripe POST *", "stripe GET *", "states *", "events *", "ses *"),
)


def actions() -> st.SearchStrategy[tuple[Action, ...]]:
    action = st.builds(Action, kind=st.sampled_from(get_args(ActionKind)), after=st.integers(1, 9))

    def kind(action: Action) -> str:
        return "refund" if action.kind in REFUNDS else action.kind

    return st.lists(action, max_size=3, unique_by=kind).map(tuple)


def customers() -> st.SearchStrategy[Customer]:
    item = st.tuples(st.sampled_from(SKUS), st.integers(1, 2))
    return st.builds(
        Customer,
        items=st.lists(item, min_size=1, max_size=len(SKUS), unique_by=lambda each: each[0]).map(tuple),
        card=st.sampled_from((*["good"] * 4, *get_args(Card))),
        is_reachable=st.sampled_from((True, True, True, False)),
        actions=actions(),
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


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink) if SHRINKS else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
@given(script=SCRIPTS)
def test_random_events_and_faults_at_once_break_no_law(quick_world: World, script: Script) -> None:
    result = run_script(quick_world, script)

    note(f"{script!r}\n{result.evidence}")
    assert result.breaches == []
