"""Dashboards, saved queries, and the links to them."""

import json
import re
from typing import Any

import pytest

from lambdas.domain.vocabulary import Metric
from stacks.constructs.build_folder import PROJECT
from stacks.operations.saved_queries import SavedQuery
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

DASHBOARDS = ("BusinessDashboard", "OperationsDashboard")


def body(stage: Synthesis, dashboard: str) -> str:
    """The JSON of a dashboard, with references as their names."""
    return readable(stage.named("AWS::CloudWatch::Dashboard")[dashboard]["DashboardBody"])


def widgets(stage: Synthesis, dashboard: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(body(stage, dashboard))["widgets"]
    return found


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_the_title_of_a_widget_is_the_question_it_answers(stage: Synthesis, dashboard: str) -> None:
    header, *others = widgets(stage, dashboard)

    assert header["type"] == "text"
    assert len(others) >= len(SavedQuery)
    assert [each for each in others if not each["properties"]["title"].partition(". ")[0].endswith("?")] == []


@pytest.mark.parametrize("dashboard", DASHBOARDS)
def test_a_dashboard_links_to_runbook_queries_and_state_machine(cloud: Synthesis, dashboard: str) -> None:
    links = widgets(cloud, dashboard)[0]["properties"]["markdown"]

    assert "runbook.md" in links
    assert "#logsV2:logs-insights" in links
    assert "#/statemachines/view/Saga)" in links
    assert "item-explorer?table=Orders)" in links
    (other,) = {*DASHBOARDS} - {dashboard}
    assert f"#dashboards/dashboard/orders-{cloud.stage}-{other.removesuffix('Dashboard').lower()}-" in links


def test_each_metric_of_the_functions_is_on_a_dashboard(stage: Synthesis) -> None:
    shown = "".join(body(stage, dashboard) for dashboard in DASHBOARDS)

    assert [metric for metric in Metric if f'"{metric}' not in shown and f'"{metric}\\' not in shown] == []


def test_the_status_of_each_alarm_that_notifies_is_shown(stage: Synthesis) -> None:
    (status,) = (each for each in widgets(stage, "OperationsDashboard") if each["type"] == "alarm")
    alarms = stage.named("AWS::CloudWatch::Alarm") | stage.named("AWS::CloudWatch::CompositeAlarm")

    shown = {arn.removesuffix(".Arn") for arn in status["properties"]["alarms"]}
    assert shown == {name for name, alarm in alarms.items() if "AlarmActions" in alarm}


def test_saved_queries_read_logs_that_exist(cloud: Synthesis) -> None:
    groups = {readable(each["LogGroupName"]) for each in cloud.named("AWS::Logs::LogGroup").values()}
    functions = {group for group in groups if group.startswith("/aws/lambda/")}
    queries = cloud.named("AWS::Logs::QueryDefinition").values()

    assert {each["Name"].partition("/")[0] for each in queries} == {f"orders-{cloud.stage}"}
    by_question = {each["Name"].partition("/")[2]: set(each["LogGroupNames"]) for each in queries}
    assert by_question == {
        query.question: (
            {f"/aws/vendedlogs/states/orders-{cloud.stage}-saga"}
            if query is SavedQuery.SLOWEST_STATES
            else functions
        )
        for query in SavedQuery
    }
    assert set().union(*by_question.values()) <= groups


@pytest.mark.parametrize("query", SavedQuery)
def test_a_saved_query_has_commands_of_logs_insights(query: SavedQuery) -> None:
    commands = [line.split()[0] for line in query.text.split("\n| ")]

    assert set(commands) <= {"fields", "filter", "stats", "sort", "limit"}
    assert "filter" in commands


def test_saved_queries_look_for_messages_that_functions_log() -> None:
    logged = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "lambdas").rglob("*.py"))
    messages = re.findall(r'message = ("[^"]+")', "".join(query.text for query in SavedQuery))

    assert messages
    assert [message for message in messages if f"({message}" not in logged] == []


def test_the_outputs_link_to_what_an_operator_opens(cloud: Synthesis) -> None:
    outputs = cloud.templates()[f"orders-{cloud.stage}-operations"]["Outputs"]
    links = {name: readable(each["Value"]) for name, each in outputs.items() if name.endswith("Url")}

    assert {name: link.partition("#")[2] for name, link in links.items()} == {
        "BusinessDashboardUrl": "dashboards/dashboard/BusinessDashboard",
        "OperationsDashboardUrl": "dashboards/dashboard/OperationsDashboard",
        "StateMachineUrl": "/statemachines/view/Saga",
        "OrdersTableUrl": "item-explorer?table=Orders",
        "SavedQueriesUrl": "logsV2:logs-insights",
    }
    for link in links.values():
        assert re.match(r"https://([\w:-]+)\.console\.aws\.amazon\.com/\w+/home\?region=\1#", link), link
