"""Alarms: each condition that needs an operator has one."""

import json
import re
from itertools import chain
from typing import Any

import pytest

from lambdas.domain.order import OrderStatus
from lambdas.domain.vocabulary import FindingKind, MailOutcome, Metric, RecoveryOutcome, WebhookOutcome
from lambdas.events.publish_order_events.order_event import event_of_change
from stacks.names import pascal_case
from stacks.settings import STAGES
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from tests.stacks.synthesis import Synthesis, readable
from tests.unit.lambdas.builders import an_order, changed

pytestmark = pytest.mark.xdist_group("stacks")

CALL_FOR_AN_OPERATOR = event_of_change(
    an_order(), changed(an_order(), "OrderNeedsAttention", status=OrderStatus.NEEDS_ATTENTION)
)
assert CALL_FOR_AN_OPERATOR


def all_alarms(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return stage.named("AWS::CloudWatch::Alarm")


def alarms(stage: Synthesis) -> dict[str, dict[str, Any]]:
    """The alarms that watch one metric, not a sum."""
    return {name: alarm for name, alarm in all_alarms(stage).items() if "MetricName" in alarm}


def test_one_failed_execution_raises_an_alarm(stage: Synthesis) -> None:
    alarm = alarms(stage)["ExecutionsFailed"]

    (dimension,) = alarm["Dimensions"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/States", "ExecutionsFailed")
    assert readable(dimension["Value"]) == "Saga"
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanOrEqualToThreshold", 1)
    assert alarm["EvaluationPeriods"] == 1


@pytest.mark.parametrize(
    ("name", "metric", "dimension"),
    [
        ("OrdersNeedAttention", "OrderEvents", {"event": CALL_FOR_AN_OPERATOR.detail_type}),
        ("RecoveriesGivenUp", "EndedExecutions", {"outcome": RecoveryOutcome.GIVEN_UP}),
    ],
)
def test_an_order_that_is_not_healed_raises_an_alarm(
    stage: Synthesis, name: str, metric: str, dimension: dict[str, str]
) -> None:
    alarm = alarms(stage)[name]

    assert alarm["MetricName"] == metric
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {"service": "orders"} | dimension
    assert alarm["Threshold"] == 1


def test_mail_that_ses_does_not_take_raises_an_alarm(stage: Synthesis) -> None:
    alarm = alarms(stage)["MailUnavailable"]

    tries = SagaDocument.load().states["NotifyCustomer"].tries
    assert (alarm["MetricName"], alarm["Period"], alarm["Threshold"]) == ("Mails", 300, 4)
    assert 2 * alarm["Threshold"] <= tries
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "service": "orders",
        "outcome": MailOutcome.UNAVAILABLE,
    }


def test_webhooks_without_a_valid_signature_raise_an_alarm(stage: Synthesis) -> None:
    alarm = alarms(stage)["StripeSignaturesRejected"]

    assert (alarm["MetricName"], alarm["Period"], alarm["Threshold"]) == ("StripeWebhooks", 3600, 3)
    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]} == {
        "service": "orders",
        "outcome": WebhookOutcome.BAD_SIGNATURE,
    }


def test_alarms_watch_metrics_that_functions_emit(stage: Synthesis) -> None:
    """A misspelt metric would never raise its alarm."""
    watched = {
        alarm["MetricName"]
        for alarm in alarms(stage).values()
        if alarm["Namespace"] == f"OrderSaga/{stage.stage}"
    }
    assert watched
    assert watched <= set(Metric)


def test_functions_count_in_the_namespace_that_the_alarms_watch(stage: Synthesis) -> None:
    """Without the stage in it, the alarms of two stages in one account would watch the same metrics."""
    counted = {
        function["Environment"]["Variables"]["POWERTOOLS_METRICS_NAMESPACE"]
        for function in stage.functions().values()
    }
    watched = {alarm.get("Namespace", "AWS/") for alarm in alarms(stage).values()}

    assert (
        counted == {each for each in watched if not each.startswith("AWS/")} == {f"OrderSaga/{stage.stage}"}
    )


def test_no_alarm_of_a_stage_watches_a_metric_of_another(dev: Synthesis, prod: Synthesis) -> None:
    def watched(stage: Synthesis) -> set[str]:
        """What the alarms watch; a reference is to a resource of the stage's own."""
        return {
            json.dumps([alarm["Namespace"], alarm["MetricName"], alarm.get("Dimensions")])
            for alarm in alarms(stage).values()
            if not any(isinstance(each["Value"], dict) for each in alarm.get("Dimensions", ()))
            and alarm["Namespace"] != "AWS/SES"  # the account's rates: SES has no others
        }

    assert watched(dev)
    assert watched(dev) & watched(prod) == set()


def test_a_customer_who_is_not_enrolled_raises_an_alarm(cloud: Synthesis) -> None:
    alarm = alarms(cloud)["EnrollCustomerFailed"]

    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ("AWS/Lambda", "Errors", 1)
    assert readable(alarm["Dimensions"][0]["Value"]) == "EnrollCustomer"


def test_dead_letter_queues_raise_an_alarm_when_not_empty(stage: Synthesis) -> None:
    watched = {
        readable(alarm["Dimensions"][0]["Value"]).removesuffix(".QueueName")
        for alarm in alarms(stage).values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1
    }
    assert watched == stage.dead_letter_queues() != set()


def test_functions_that_fall_behind_the_stream_raise_an_alarm(stage: Synthesis) -> None:
    late = {
        readable(alarm["Dimensions"][0]["Value"])
        for alarm in alarms(stage).values()
        if alarm["MetricName"] == "IteratorAge"
    }

    following = {
        readable(source["FunctionName"])
        for source in stage.named("AWS::Lambda::EventSourceMapping").values()
        if readable(source["EventSourceArn"]) == "Orders.StreamArn"
    }
    assert late == following != set()


def test_server_errors_of_the_api_raise_an_alarm(stage: Synthesis) -> None:
    alarm = alarms(stage)["ApiServerErrors"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "5XXError")


def test_each_kind_of_finding_raises_an_alarm(stage: Synthesis) -> None:
    watched = {
        dimension["Value"]
        for alarm in alarms(stage).values()
        if alarm["MetricName"] == "ReconciliationFindings"
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "kind"
    }

    assert watched == set(FindingKind)


def test_the_end_of_a_finding_is_not_taken_for_its_correction(stage: Synthesis) -> None:
    """After two hours only the nightly run repeats a finding; the message of an alarm's end has this text."""
    for name, alarm in alarms(stage).items():
        is_finding = alarm["MetricName"] == "ReconciliationFindings"
        assert ("does not mean that it is corrected" in alarm["AlarmDescription"]) is is_finding, name


@pytest.mark.parametrize(
    ("name", "metric"),
    [("ReconciliationFailed", "ExecutionsFailed"), ("ReconciliationTimedOut", "ExecutionsTimedOut")],
)
def test_a_reconciliation_that_does_not_succeed_raises_an_alarm(
    stage: Synthesis, name: str, metric: str
) -> None:
    alarm = alarms(stage)[name]

    assert alarm["MetricName"] == metric
    assert readable(alarm["Dimensions"][0]["Value"]) == "Reconciliation"


def test_four_missed_reconciliations_raise_an_alarm(stage: Synthesis) -> None:
    late = alarms(stage)["ReconciliationLate"]

    assert (late["MetricName"], late["Statistic"]) == ("ExecutionsSucceeded", "Sum")
    assert (late["ComparisonOperator"], late["Threshold"]) == ("LessThanThreshold", 1)
    assert late["Period"] * late["EvaluationPeriods"] == 4 * 60 * STAGES[stage.stage].reconciliation_minutes


def test_a_full_reconciliation_that_does_not_happen_raises_an_alarm(stage: Synthesis) -> None:
    """Runs of the other scope succeed all day, so their number does not show it."""
    missed = alarms(stage)["NightlyReconciliationMissed"]

    assert (missed["Namespace"], missed["MetricName"]) == ("AWS/Lambda", "Invocations")
    assert readable(missed["Dimensions"][0]["Value"]) == "ReconcileStock"
    assert (missed["ComparisonOperator"], missed["Threshold"]) == ("LessThanThreshold", 1)
    longest_run = read_definition("reconciliation")["TimeoutSeconds"]
    assert missed["Period"] * missed["EvaluationPeriods"] == 24 * 60 * 60 + longest_run


def test_an_order_that_repair_should_have_reached_raises_an_alarm(stage: Synthesis) -> None:
    late, settings = alarms(stage)["OldestOrderLate"], STAGES[stage.stage]

    assert (late["MetricName"], late["Statistic"]) == ("OldestOpenOrder", "Maximum")
    assert late["Threshold"] >= settings.stale_after_seconds + 2 * 60 * settings.reconciliation_minutes


@pytest.mark.parametrize(
    ("name", "share", "long", "short"), [("SloBurnsFast", 0.144, 60, 5), ("SloBurnsSlowly", 0.06, 360, 30)]
)
def test_a_burn_rate_is_too_high_in_a_long_and_a_short_window(
    cloud: Synthesis, name: str, share: float, long: int, short: int
) -> None:
    rule = readable(cloud.named("AWS::CloudWatch::CompositeAlarm")[name]["AlarmRule"])

    assert rule == f'(ALARM("{name}Long.Arn") AND ALARM("{name}Short.Arn"))'
    for window, minutes in (("Long", long), ("Short", short)):
        alarm = all_alarms(cloud)[f"{name}{window}"]
        metrics = [each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each]
        assert {each["Metric"]["MetricName"] for each in metrics} == {"SlowOutcomes", "Outcomes"}
        assert {each["Period"] for each in metrics} == {60 * minutes}
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (share, 1)


def test_one_slow_order_in_a_quiet_hour_raises_no_alarm(cloud: Synthesis) -> None:
    (share,) = (
        each["Expression"]
        for each in all_alarms(cloud)["SloBurnsFastLong"]["Metrics"]
        if "Expression" in each
    )

    assert share == "IF(slow >= 3, slow / total, 0)"


def test_a_slow_api_raises_an_alarm(stage: Synthesis) -> None:
    alarm = alarms(stage)["ApiSlow"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "Latency")
    assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p99", 5_000)


@pytest.mark.parametrize(("name", "rate"), [("Bounce", 0.05), ("Complaint", 0.001)])
def test_mail_that_endangers_the_account_raises_an_alarm(stage: Synthesis, name: str, rate: float) -> None:
    alarm = alarms(stage)[f"Mail{name}RateHigh"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/SES", f"Reputation.{name}Rate")
    assert alarm["Threshold"] == rate


def test_messages_that_no_consumer_receives_raise_an_alarm(stage: Synthesis) -> None:
    watched = {
        readable(alarm["Dimensions"][0]["Value"]).removesuffix(".QueueName")
        for alarm in alarms(stage).values()
        if alarm["MetricName"] == "ApproximateAgeOfOldestMessage"
    }

    assert watched == {each.name for each in stage.resources("AWS::SQS::Queue")} - stage.dead_letter_queues()


def composites(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return stage.named("AWS::CloudWatch::CompositeAlarm")


def windows(stage: Synthesis) -> set[str]:
    """The alarms that only a composite alarm reads."""
    rules = (readable(each["AlarmRule"]) for each in composites(stage).values())
    return set(chain.from_iterable(re.findall(r"(\w+)\.Arn", rule) for rule in rules))


def test_an_alarm_and_its_end_go_to_the_topic(stage: Synthesis) -> None:
    for name, alarm in (all_alarms(stage) | composites(stage)).items():
        expected = [] if name in windows(stage) | {"OrdersFailedInternally"} else ["AlarmTopic"]
        assert list(map(readable, alarm.get("AlarmActions", []))) == expected, name
        assert alarm.get("OKActions") == alarm.get("AlarmActions"), name


def test_an_alarm_has_a_name_that_the_topic_accepts(stage: Synthesis) -> None:
    for name, alarm in (all_alarms(stage) | composites(stage)).items():
        assert alarm["AlarmName"] == f"orders-{stage.stage}-operations-{name}"


def test_orders_that_fail_by_our_error_stop_a_rollout(prod: Synthesis) -> None:
    alarm = all_alarms(prod)["OrdersFailedInternally"]

    assert {each["Name"]: each["Value"] for each in alarm["Dimensions"]}["code"] == "internal_error"
    assert (alarm["MetricName"], alarm["Period"], alarm["Threshold"]) == ("OrdersFailed", 300, 3)


def test_missing_data_means_failure_only_where_a_run_should_have_been(stage: Synthesis) -> None:
    expected = {
        "ReconciliationLate": "breaching",
        "NightlyReconciliationMissed": "breaching",
        "MailBounceRateHigh": "ignore",
        "MailComplaintRateHigh": "ignore",
    }

    for name, alarm in all_alarms(stage).items():
        assert alarm["TreatMissingData"] == expected.get(name, "notBreaching"), name


def test_throttles_of_every_function_raise_an_alarm(cloud: Synthesis) -> None:
    throttled = {
        name: alarm for name, alarm in all_alarms(cloud).items() if name.startswith("FunctionsThrottled")
    }

    watched = []
    for alarm in throttled.values():
        metrics = [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]
        assert len(metrics) <= 10, "AWS allows no more in one alarm"
        assert {metric["MetricName"] for metric in metrics} == {"Throttles"}
        watched += [readable(metric["Dimensions"][0]["Value"]) for metric in metrics]
    assert sorted(watched) == sorted(pascal_case(name) for name in cloud.functions())


def test_a_function_without_data_does_not_hide_throttles_of_others(cloud: Synthesis) -> None:
    (total,) = (each for each in all_alarms(cloud)["FunctionsThrottled1"]["Metrics"] if "Expression" in each)

    assert total["ReturnData"] is not False
    assert re.fullmatch(r"FILL\(m\d+,0\)(\+FILL\(m\d+,0\)){9}", total["Expression"])


def test_throttled_executions_of_the_saga_raise_an_alarm(cloud: Synthesis) -> None:
    alarm = alarms(cloud)["ExecutionsThrottled"]

    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/States", "ExecutionThrottled")
    assert readable(alarm["Dimensions"][0]["Value"]) == "Saga"


def test_cost_above_the_budget_and_its_forecast_are_notified(cloud: Synthesis) -> None:
    budget = cloud.the("AWS::Budgets::Budget").properties

    assert budget["Budget"]["BudgetLimit"] == {"Amount": {"dev": 50, "prod": 500}[cloud.stage], "Unit": "USD"}
    assert budget["Budget"]["TimeUnit"] == "MONTHLY"
    notifications = budget["NotificationsWithSubscribers"]
    assert {each["Notification"]["NotificationType"] for each in notifications} == {"FORECASTED", "ACTUAL"}
    for each in notifications:
        (subscriber,) = each["Subscribers"]
        assert (subscriber["SubscriptionType"], readable(subscriber["Address"])) == ("SNS", "AlarmTopic")


def test_the_topic_is_encrypted_with_a_rotated_key(stage: Synthesis) -> None:
    topic = stage.the("AWS::SNS::Topic").properties

    assert readable(topic["KmsMasterKeyId"]) == "AlarmTopicKey.Arn"
    assert stage.the("AWS::KMS::Key").properties["EnableKeyRotation"] is True


def of_services(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The statements of a policy for AWS services, by the service."""
    return {
        statement["Principal"]["Service"].removesuffix(".amazonaws.com"): statement
        for statement in policy["Statement"]
        if "Service" in statement["Principal"]
    }


def sources(stage: Synthesis) -> dict[str, str]:
    """The ARNs that each service may publish for."""
    environment = stage.environment
    alarms = f"arn:AWS::Partition:cloudwatch:{environment}:alarm:orders-{stage.stage}-operations-*"
    budgets = {
        "dev": "arn:AWS::Partition:budgets::AWS::AccountId:*",
        "prod": "arn:AWS::Partition:budgets::123456789012:*",
    }
    return {"cloudwatch": alarms} | ({"budgets": budgets[stage.stage]} if stage.stage in budgets else {})


def test_only_this_stages_alarms_and_budget_may_use_the_key(stage: Synthesis) -> None:
    statements = of_services(stage.the("AWS::KMS::Key").properties["KeyPolicy"])

    for statement in statements.values():
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
        assert statement["Condition"]["StringEquals"].keys() == {"aws:SourceAccount"}
    assert {
        service: readable(statement["Condition"]["ArnLike"]["aws:SourceArn"])
        for service, statement in statements.items()
    } == sources(stage)


def test_only_this_stages_alarms_and_budget_may_publish(stage: Synthesis) -> None:
    policy = stage.the("AWS::SNS::TopicPolicy").properties["PolicyDocument"]

    statements = of_services(policy)
    for statement in statements.values():
        assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
        account = statement["Condition"]["StringEquals"]["aws:SourceAccount"]
        assert account == ("123456789012" if stage.stage == "prod" else {"Ref": "AWS::AccountId"})
    assert {
        service: readable(statement["Condition"]["ArnLike"]["aws:SourceArn"])
        for service, statement in statements.items()
    } == sources(stage)


def test_the_alarm_address_is_subscribed_if_there_is_one(prod: Synthesis, dev: Synthesis) -> None:
    (subscription,) = prod.resources("AWS::SNS::Subscription")

    assert subscription.properties["Endpoint"] == "oncall@example.org"
    assert not dev.resources("AWS::SNS::Subscription")
