"""The rates of a stage fit the quotas of the account that the stage is made for."""

import pytest

from docgen.performance import happy_use
from lambdas.saga.charge_payment.charge_slots import BURST
from proof.bench.durations import CALL_SECONDS, seconds_of
from stacks.settings import STAGES, Quotas, StageSettings
from statemachines.steps import STEPS, Role
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

CLOUD = [STAGES["dev"], STAGES["prod"]]

TRANSITIONS = sum(step.role in {Role.FORWARD, Role.PIVOT, Role.UNDO, Role.CLOSE} for step in STEPS) + 2 + 2
"""State transitions of an order that waits for its turn and whose pivot fails, without retries: with its
notification and its end, and with the wait and the second try of its charge."""


STRIPE_CALLS_TO_AN_ENDPOINT = 25
STRIPE_CALLS = {"dev": 25, "prod": 100}
"""Calls in a second to one endpoint, and in all: of a sandbox, and of a live account.

https://docs.stripe.com/rate-limits
"""


def quotas_of(stage: StageSettings) -> Quotas:
    assert stage.quotas
    return stage.quotas


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_new_orders_use_at_most_half_of_the_concurrent_calls(stage: StageSettings) -> None:
    """The other half is for the other calls of the API, retries and the reconciliation."""
    assert stage.submit_rate * seconds_of(happy_use()) <= quotas_of(stage).concurrent_calls / 2
    assert stage.api_rate * CALL_SECONDS <= quotas_of(stage).concurrent_calls / 2
    assert stage.webhook_rate * CALL_SECONDS <= quotas_of(stage).concurrent_calls / 2


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_each_new_order_can_start_its_execution_at_once(stage: StageSettings) -> None:
    assert stage.submit_rate <= quotas_of(stage).executions
    assert stage.submit_burst <= quotas_of(stage).executions_at_once


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_charges_fit_the_limit_of_stripe(stage: StageSettings) -> None:
    """A charge makes a call to each of two endpoints. The other endpoints share the rest of the account."""
    within_a_second = stage.charge_rate + BURST

    assert within_a_second <= STRIPE_CALLS_TO_AN_ENDPOINT
    assert 2 * within_a_second <= STRIPE_CALLS[stage.stage]


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_orders_that_are_undone_fit_the_state_transitions(stage: StageSettings) -> None:
    assert stage.submit_rate * TRANSITIONS <= quotas_of(stage).transitions
    assert stage.submit_burst * TRANSITIONS <= quotas_of(stage).transitions_at_once


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_the_streams_readers_leave_concurrent_calls_to_others(stage: StageSettings) -> None:
    """A new on-demand table has four partitions, and thus four shards; two functions follow them.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
    """
    assert 2 * 4 * stage.stream_parallelization < quotas_of(stage).concurrent_calls


def test_queues_that_fill_leave_concurrent_calls_to_others(cloud: Synthesis) -> None:
    """Two queues do not count, because they do not fill with orders.

    Only mails that bounce or are marked as spam have feedback. Files with orders are imported on purpose, and
    two at a time, the least that AWS permits.
    """
    settings = STAGES[cloud.stage]
    limits = {
        readable(source["EventSourceArn"]): source.get("ScalingConfig", {}).get("MaximumConcurrency")
        for source in cloud.named("AWS::Lambda::EventSourceMapping").values()
        if "ParallelizationFactor" not in source
    }

    assert limits.pop("ImportOrdersQueue.Arn") == 2
    assert set(limits.values()) == {settings.queue_concurrency}
    del limits["RecordMailFeedbackQueue.Arn"]
    assert sum(limits.values()) < quotas_of(settings).concurrent_calls


@pytest.mark.parametrize("stage", CLOUD, ids=["dev", "prod"])
def test_two_files_and_the_api_fit_the_concurrent_calls(stage: StageSettings) -> None:
    orders_a_second = stage.submit_rate + 2 * stage.import_rate

    assert orders_a_second * seconds_of(happy_use()) <= quotas_of(stage).concurrent_calls
    assert orders_a_second <= quotas_of(stage).executions
    assert 2 * stage.import_rate <= stage.charge_rate


def test_the_streams_are_read_as_the_stage_says(stage: Synthesis) -> None:
    streams = [
        source
        for source in stage.named("AWS::Lambda::EventSourceMapping").values()
        if "ParallelizationFactor" in source
    ]

    assert len(streams) == 2
    for source in streams:
        assert source["ParallelizationFactor"] == STAGES[stage.stage].stream_parallelization
