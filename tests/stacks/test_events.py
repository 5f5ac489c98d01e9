"""Streams, queues and the bus: a failing message is kept, and blocks no other."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from docgen.event_contract.registry import registry_schemas
from lambdas.domain.order import OrderStatus, PaymentStatus
from lambdas.domain.timeline import ENTRY_KINDS
from lambdas.domain.vocabulary import EventType
from local.consumers import event_consumers
from proof.consumers import CONSUMERS, Consumer
from stacks.names import dead_letters_of, pascal_case, queue_of
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")


def source_of(stage: Synthesis, function: str) -> dict[str, Any]:
    """The event source of a function."""
    sources = stage.named("AWS::Lambda::EventSourceMapping").values()
    (source,) = [each for each in sources if readable(each["FunctionName"]) == function]
    return source


def patterns_of(source: dict[str, Any]) -> list[object]:
    return [json.loads(each["Pattern"]) for each in source["FilterCriteria"]["Filters"]]


QUEUE, RULE = "AWS::SQS::Queue", "AWS::Events::Rule"

RETRY_UNTIL_TOO_OLD = -1

ONE_DAY = 24 * 60 * 60
"""A stream keeps a change for this time."""


@pytest.mark.parametrize(
    ("function", "parked_in"), [("StartSaga", "UnstartedOrders"), ("PublishOrderEvents", "ParkedEvents")]
)
def test_a_change_that_keeps_failing_is_isolated_and_parked(
    stage: Synthesis, function: str, parked_in: str
) -> None:
    source = source_of(stage, function)

    assert readable(source["EventSourceArn"]) == "Orders.StreamArn"
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BisectBatchOnFunctionError"] is True
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["MaximumRetryAttempts"] == RETRY_UNTIL_TOO_OLD
    assert source["BatchSize"] == (1 if stage.stage == "local" else 10)
    assert readable(source["DestinationConfig"]["OnFailure"]["Destination"]) == f"{parked_in}.Arn"


def test_starting_the_saga_is_retried_for_as_long_as_the_stream_lasts(stage: Synthesis) -> None:
    assert source_of(stage, "StartSaga")["MaximumRecordAgeInSeconds"] == ONE_DAY


def test_publishing_is_retried_for_the_record_age_of_the_stage(stage: Synthesis) -> None:
    source = source_of(stage, "PublishOrderEvents")

    assert source["MaximumRecordAgeInSeconds"] == (60 if stage.stage == "local" else 22 * 60 * 60)


def test_new_orders_and_requests_about_orders_start_the_saga(stage: Synthesis) -> None:
    asked_for = {"S": [{"exists": True}]}
    assert patterns_of(source_of(stage, "StartSaga")) == [
        {"eventName": ["INSERT"]},
        {"dynamodb": {"NewImage": {"cancel_requested_by": asked_for}}},
        {"dynamodb": {"NewImage": {"retry_requested_at": asked_for}}},
        {"dynamodb": {"NewImage": {"refund_due": asked_for}}},
        {"dynamodb": {"NewImage": {"capture_due": {"M": {"at": asked_for}}}}},
    ]


def test_the_changes_that_are_events_reach_the_outbox(stage: Synthesis) -> None:
    refunded = {"M": {"refunded_outside": {"N": [{"exists": True}]}}}
    disputed = {"M": {"dispute": {"S": [{"exists": True}]}}}
    given_back = {"M": {"status": {"S": [PaymentStatus.REFUNDED, PaymentStatus.SETTLED_OUTSIDE]}}}
    of_events = {kind.status for kind in ENTRY_KINDS.values() if kind.event} - {OrderStatus.PENDING}
    statuses = [status for status in OrderStatus if status in of_events]
    assert patterns_of(source_of(stage, "PublishOrderEvents")) == [
        {"dynamodb": {"NewImage": {"status": {"S": statuses}, "unsettled_shard": {"S": [{"exists": True}]}}}},
        {"dynamodb": {"NewImage": {"payment": refunded}}},
        {"dynamodb": {"NewImage": {"payment": disputed}}},
        {"dynamodb": {"NewImage": {"payment": given_back}}},
        {"dynamodb": {"NewImage": {"event_at_rest": {"S": [{"exists": True}]}}}},
    ]


@pytest.mark.parametrize("function", ["StartSaga", "PublishOrderEvents"])
def test_a_stream_has_no_more_filters_than_every_account_may_have(cloud: Synthesis, function: str) -> None:
    """CloudFormation's schema permits 20, and Lambda refuses the sixth.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html (November 2026)
    """
    assert len(patterns_of(source_of(cloud, function))) <= 5


def test_executions_that_do_not_succeed_are_queued_for_recovery(stage: Synthesis) -> None:
    rule = stage.named(RULE)["EndedExecutionsRule"]

    (target,) = rule["Targets"]
    assert "EventBusName" not in rule  # the default bus, where AWS publishes its events
    assert rule["EventPattern"]["source"] == ["aws.states"]
    assert rule["EventPattern"]["detail"]["status"] == ["FAILED", "TIMED_OUT", "ABORTED"]
    assert [readable(arn) for arn in rule["EventPattern"]["detail"]["stateMachineArn"]] == ["Saga"]
    assert readable(target["Arn"]) == "EndedExecutions.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "UnrecoveredExecutions.Arn"


@pytest.mark.parametrize(
    ("function", "name", "times", "parked_in"),
    [
        ("RecoverOrder", "EndedExecutions", 20, "UnrecoveredExecutions"),
        *((pascal_case(each), queue_of(each), 5, dead_letters_of(each)) for each in event_consumers()),
    ],
)
def test_a_message_that_keeps_failing_is_parked(
    stage: Synthesis, function: str, name: str, times: int, parked_in: str
) -> None:
    source, queue = source_of(stage, function), stage.named(QUEUE)[name]

    assert readable(source["EventSourceArn"]) == f"{name}.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["VisibilityTimeout"] == 6 * stage.named("AWS::Lambda::Function")[function]["Timeout"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == times
    assert readable(queue["RedrivePolicy"]["deadLetterTargetArn"]) == f"{parked_in}.Arn"


def may_send(stage: Synthesis, rule: str) -> set[str]:
    """The queues that accept what EventBridge sends for a rule."""
    return {
        readable(queue)
        for policy in stage.named("AWS::SQS::QueuePolicy").values()
        for queue in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "sqs:SendMessage" in statement["Action"]
        and statement["Principal"] == {"Service": "events.amazonaws.com"}
        and readable(statement["Condition"]["ArnEquals"]["aws:SourceArn"]) == f"{rule}.Arn"
    }


def test_the_queues_of_a_rule_accept_its_events(stage: Synthesis) -> None:
    """EventBridge drops an event that neither queue accepts, without an error."""
    for name, rule in stage.named(RULE).items():
        for target in rule["Targets"]:
            if "DeadLetterConfig" in target:
                arns = {readable(target["Arn"]), readable(target["DeadLetterConfig"]["Arn"])}
                queues = {arn.removesuffix(".Arn") for arn in arns} & stage.named(QUEUE).keys()
                assert may_send(stage, name) == queues, name


def test_every_rule_for_events_has_a_dead_letter_queue(stage: Synthesis) -> None:
    for name, rule in stage.named(RULE).items():
        for target in rule["Targets"]:
            assert ("DeadLetterConfig" in target) is ("EventPattern" in rule), name


def test_pauses_before_recoveries_grow(stage: Synthesis) -> None:
    pauses = stage.functions()["recover_order"]["Environment"]["Variables"]["RECOVERY_PAUSES_SECONDS"]

    seconds = [int(each) for each in pauses.split(",")]
    assert len(seconds) == 3
    assert seconds == sorted(set(seconds))


@pytest.mark.parametrize("consumer", CONSUMERS, ids=lambda each: each.name)
def test_the_simulation_delivers_what_the_rule_does(stage: Synthesis, consumer: Consumer) -> None:
    rule = stage.named(RULE)[f"{pascal_case(consumer.name)}Rule"]

    assert set(rule["EventPattern"].get("detail-type", EventType)) == consumer.receives
    assert source_of(stage, pascal_case(consumer.name))["BatchSize"] == consumer.batch_size


def test_order_events_are_queued_for_the_audit(stage: Synthesis) -> None:
    rule = stage.named(RULE)["AuditOrderEventsRule"]

    (target,) = rule["Targets"]
    assert readable(rule["EventBusName"]) == "Bus"
    assert rule["EventPattern"] == {"source": ["orders"]}
    assert readable(target["Arn"]) == "AuditOrderEventsQueue.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "AuditOrderEventsDeadLetters.Arn"


def test_payments_to_approve_and_refunds_are_mailed_one_by_one(stage: Synthesis) -> None:
    rule = stage.named(RULE)["MailCustomersRule"]

    assert readable(rule["EventBusName"]) == "Bus"
    assert rule["EventPattern"] == {
        "source": ["orders"],
        "detail-type": [
            "PaymentApprovalNeeded",
            "PaymentRefundedOutside",
            "PaymentRefundSent",
            "OrderFulfilled",
            "OrderLinesRefunded",
            "OrderLineRefundReturned",
        ],
        "replay-name": [{"exists": False}],  # nobody is mailed about the past
    }
    assert source_of(stage, "MailCustomers")["BatchSize"] == 1


def test_ses_reports_bounces_and_complaints_of_the_stages_mails(stage: Synthesis) -> None:
    mail_set = stage.the("AWS::SES::ConfigurationSet").properties
    sender = stage.functions()["notify_customer"]["Environment"]["Variables"]
    destination = stage.the("AWS::SES::ConfigurationSetEventDestination").properties

    assert mail_set["Name"] == sender["CONFIGURATION_SET"] == f"orders-{stage.stage}"
    assert readable(destination["ConfigurationSetName"]) == "Mail"
    reported = destination["EventDestination"]
    assert (reported["Enabled"], reported["MatchingEventTypes"]) == (True, ["bounce", "complaint"])
    assert readable(reported["EventBridgeDestination"]["EventBusArn"]).endswith(":event-bus/default")


def test_bounces_and_complaints_are_queued_without_an_address(stage: Synthesis) -> None:
    rule = stage.named(RULE)["RecordMailFeedbackRule"]

    assert "EventBusName" not in rule  # the default bus, the only one that SES supports
    assert rule["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": ["Email Bounced", "Email Complaint Received"],
        "detail": {"mail": {"tags": {"ses:configuration-set": [f"orders-{stage.stage}"]}}},
    }
    (target,) = rule["Targets"]
    assert readable(target["Arn"]) == "RecordMailFeedbackQueue.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "RecordMailFeedbackDeadLetters.Arn"
    message = target["InputTransformer"]
    paths = {f"<{name}>": path for name, path in message["InputPathsMap"].items()}
    fields = re.findall(r'"(\w+)":(<[^>]+>)', message["InputTemplate"])
    assert {name: paths.pop(variable) for name, variable in fields} == {
        "event_id": "$.id",
        "detail_type": "$.detail-type",
        "order_ids": "$.detail.mail.tags.order_id",
    }
    assert paths == {}


def test_queues_are_encrypted(stage: Synthesis) -> None:
    for queue in stage.named(QUEUE).values():
        assert queue["SqsManagedSseEnabled"] is True


def test_in_the_cloud_queues_refuse_connections_without_tls(cloud: Synthesis) -> None:
    refusing = {
        readable(queue)
        for policy in cloud.named("AWS::SQS::QueuePolicy").values()
        for queue in policy["Queues"]
        for statement in policy["PolicyDocument"]["Statement"]
        if (statement["Effect"], statement.get("Condition"))
        == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    }
    assert refusing == cloud.named(QUEUE).keys()


def test_failed_messages_are_kept_for_two_weeks(stage: Synthesis) -> None:
    for name in stage.dead_letter_queues():
        assert stage.named(QUEUE)[name]["MessageRetentionPeriod"] == 14 * 24 * 60 * 60


def test_in_the_cloud_each_event_type_has_a_registered_schema(cloud: Synthesis) -> None:
    schemas = cloud.resources("AWS::EventSchemas::Schema")

    assert cloud.the("AWS::EventSchemas::Registry").properties["RegistryName"] == f"orders-{cloud.stage}"
    assert {each.properties["SchemaName"] for each in schemas} == {f"orders@{event}" for event in EventType}
    for schema in schemas:
        event = schema.properties["SchemaName"].removeprefix("orders@")
        assert json.loads(schema.properties["Content"]) == registry_schemas()[event]
        assert schema.properties["Type"] == "OpenApi3"


def test_the_embedded_aws_gets_no_schema_registry(local: Synthesis) -> None:
    assert local.resources("AWS::EventSchemas::Registry") == []


@pytest.mark.parametrize(("name", "days"), [("dev", 30), ("prod", 365)])
def test_in_the_cloud_the_events_of_orders_are_archived(
    name: str, days: int, synthesized: Callable[[str], Synthesis]
) -> None:
    archive = synthesized(name).the("AWS::Events::Archive").properties

    assert readable(archive["SourceArn"]) == "Bus.Arn"
    assert archive["ArchiveName"] == f"orders-{name}", "`orders events replay` finds it by this name"
    assert archive["EventPattern"] == {"source": ["orders"]}
    assert archive["RetentionDays"] == days


def test_the_embedded_aws_gets_no_archive(local: Synthesis) -> None:
    assert local.resources("AWS::Events::Archive") == []


def test_each_stage_has_its_own_bus(stage: Synthesis) -> None:
    assert stage.the("AWS::Events::EventBus").properties["Name"] == f"orders-{stage.stage}"
