"""Reads the alarms of a synthesized stage, for `proof/alarms/`."""

import re
from collections.abc import Mapping
from typing import Any

from proof.alarms.evaluation import Alarms, CompositeAlarm, MetricAlarm, MetricKey, Series
from tests.stacks.synthesis import Synthesis, readable


def alarms_of(stage: Synthesis) -> Alarms:
    """The alarms, watching the metrics of the embedded run.

    Resources have their names in the code, and what carries the name of the stage carries that of `local`.
    """

    def local(text: str) -> str:
        return re.sub(rf"\b(orders-|OrderSaga/){stage.stage}\b", r"\1local", text)

    def series(metric: Mapping[str, Any], statistic: str) -> Series:
        dimensions = frozenset(
            (each["Name"], local(readable(each["Value"]).removesuffix(".QueueName")))
            for each in metric.get("Dimensions", ())
        )
        return Series(MetricKey(local(metric["Namespace"]), metric["MetricName"], dimensions), statistic)

    def metric_alarm(name: str, alarm: Mapping[str, Any]) -> MetricAlarm:
        if "MetricName" in alarm:
            statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
            watched, expression, period = {"m": series(alarm, statistic)}, "m", alarm["Period"]
        else:
            stats = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
            (expression,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
            (period,) = {each["Period"] for each in stats.values()}
            watched = {key: series(each["Metric"], each["Stat"]) for key, each in stats.items()}
        comparison = alarm["ComparisonOperator"]
        assert comparison in {"GreaterThanOrEqualToThreshold", "LessThanThreshold"}
        return MetricAlarm(
            name=name,
            notifies="AlarmActions" in alarm,
            expression=expression,
            series=watched,
            period=period,
            periods=alarm["EvaluationPeriods"],
            threshold=alarm["Threshold"],
            below=comparison == "LessThanThreshold",
            missing=alarm["TreatMissingData"],
        )

    def composite_alarm(name: str, alarm: Mapping[str, Any]) -> CompositeAlarm:
        rule = readable(alarm["AlarmRule"])
        assert " OR " not in rule
        return CompositeAlarm(name, tuple(re.findall(r'ALARM\("(\w+)\.Arn"\)', rule)))

    return Alarms(
        [metric_alarm(*each) for each in stage.named("AWS::CloudWatch::Alarm").items()],
        [composite_alarm(*each) for each in stage.named("AWS::CloudWatch::CompositeAlarm").items()],
    )
