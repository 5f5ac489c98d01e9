"""Streams, queues and the bus: nothing that fails is lost, nothing blocks what comes behind it."""

import json
from typing import Any

import pytest

from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")


def source_of(stage: Synthesis, function: str) -> dict[str, Any]:
    """The event source of a function."""
    (source,) = [
        mapping.properties
        for mapping in stage.resources("AWS::Lambda::EventSourceMapping")
        if readable(mapping.properties["FunctionName"]) == function
    ]
    return source


def patterns_of(source: dict[str, Any]) -> list[object]:
    return [json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"]]


def rules(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return {rule.name: rule.properties for rule in stage.resources("AWS::Events::Rule")}


def queues(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return {queue.name: queue.properties for queue in stage.resources("AWS::SQS::Queue")}


RETRIED_UNTIL_TOO_OLD = -1

ONE_DAY = 24 * 60 * 60
"""What a stream keeps a change for."""


@pytest.mark.parametrize(
    ("function", "parked_in"), [("StartSaga", "UnstartedOrders"), ("PublishOrderEvents", "ParkedEvents")]
)
def test_a_change_that_keeps_failing_is_found_and_parked(
    stage: Synthesis, function: str, parked_in: str
) -> None:
    source = source_of(stage, function)

    assert readable(source["EventSourceArn"]) == "Orders.StreamArn"
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["MaximumRetryAttempts"] == RETRIED_UNTIL_TOO_OLD
    assert source["BatchSize"] == (1 if stage.stage == "local" else 10)
    assert readable(source["DestinationConfig"]["OnFailure"]["Destination"]) == f"{parked_in}.Arn"


def test_an_accepted_order_is_not_given_up_while_the_stream_has_it(stage: Synthesis) -> None:
    assert source_of(stage, "StartSaga")["MaximumRecordAgeInSeconds"] == ONE_DAY


def test_an_event_that_cannot_be_published_is_parked_in_time(stage: Synthesis) -> None:
    source = source_of(stage, "PublishOrderEvents")

    assert source["MaximumRecordAgeInSeconds"] == (60 if stage.stage == "local" else 3600)


def test_the_saga_is_started_for_new_orders_cancellations_and_retries(stage: Synthesis) -> None:
    asked_for = {"S": [{"exists": True}]}
    assert patterns_of(source_of(stage, "StartSaga")) == [
        {"eventName": ["INSERT"]},
        {"dynamodb": {"NewImage": {"cancel_requested_by": asked_for}}},
        {"dynamodb": {"NewImage": {"retry_requested_at": asked_for}}},
    ]


def test_ends_calls_for_a_human_and_what_happens_at_stripe_become_events(stage: Synthesis) -> None:
    refunded = {"M": {"refunded_outside": {"N": [{"exists": True}]}}}
    disputed = {"M": {"disputed": {"BOOL": [{"exists": True}]}}}
    statuses = ["CONFIRMED", "FAILED", "CANCELLED", "NEEDS_ATTENTION"]
    assert patterns_of(source_of(stage, "PublishOrderEvents")) == [
        {"dynamodb": {"NewImage": {"status": {"S": statuses}}}},
        {"dynamodb": {"NewImage": {"payment": refunded}}},
        {"dynamodb": {"NewImage": {"payment": disputed}}},
    ]


def test_every_execution_that_did_not_succeed_is_queued_for_its_recovery(stage: Synthesis) -> None:
    rule = rules(stage)["EndedExecutionsRule"]

    (target,) = rule["Targets"]
    assert "EventBusName" not in rule  # the account's own, where AWS says what happens
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert [readable(arn) for arn in rule["EventPattern"]["detail"]["stateMachineArn"]] == ["Saga"]
    assert readable(target["Arn"]) == "EndedExecutions.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "UnrecoveredExecutions.Arn"


def test_a_recovery_is_tried_for_longer_than_an_outage_and_then_parked(stage: Synthesis) -> None:
    queue = queues(stage)["EndedExecutions"]

    source = source_of(stage, "RecoverOrder")
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] == 6 * stage.functions()["recover_order"]["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 20
    assert readable(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "UnrecoveredExecutions.Arn"


def test_the_pauses_before_recoveries_grow(stage: Synthesis) -> None:
    pauses = stage.functions()["recover_order"]["Environment"]["Variables"]["RECOVERY_PAUSES_SECONDS"]

    seconds = [int(each) for each in pauses.split(",")]
    assert len(seconds) == 3
    assert seconds == sorted(set(seconds))


def test_every_event_of_the_shop_is_queued_for_the_audit(stage: Synthesis) -> None:
    rule = rules(stage)["AuditRule"]

    (target,) = rule["Targets"]
    assert readable(rule["EventBusName"]) == "Bus"
    assert rule["EventPattern"] == {"source": ["orders"]}
    assert readable(target["Arn"]) == "AuditQueue.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "AuditDeadLetters.Arn"


def test_the_audit_takes_what_it_can_of_a_batch(stage: Synthesis) -> None:
    source = source_of(stage, "AuditOrderEvents")

    assert readable(source["EventSourceArn"]) == "AuditQueue.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_audit_queue_waits_for_its_consumer_and_gives_up_in_time(stage: Synthesis) -> None:
    queue = queues(stage)["AuditQueue"]

    timeout = stage.functions()["audit_order_events"]["Timeout"]
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert readable(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "AuditDeadLetters.Arn"
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5


def test_every_queue_is_encrypted(stage: Synthesis) -> None:
    for queue in queues(stage).values():
        assert queue["SqsManagedSseEnabled"] is True


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_in_the_cloud_every_queue_refuses_plain_connections(
    request: pytest.FixtureRequest, name: str
) -> None:
    stage: Synthesis = request.getfixturevalue(name)

    refusing = {
        readable(queue)
        for policy in stage.resources("AWS::SQS::QueuePolicy")
        for queue in policy.properties["Queues"]
        for statement in policy.properties["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement.get("Condition"))
        == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    }
    assert refusing == queues(stage).keys()


def test_a_human_has_two_weeks_for_what_failed(stage: Synthesis) -> None:
    for name in ("ParkedEvents", "UnstartedOrders", "AuditDeadLetters", "UnrecoveredExecutions"):
        assert queues(stage)[name]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_the_bus_is_the_stages_own(stage: Synthesis) -> None:
    assert stage.the("AWS::Events::EventBus").properties["Name"] == f"orders-{stage.stage}"
