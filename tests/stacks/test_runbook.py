"""docs/runbook.md has a row for each alarm, queue, finding and error that needs an operator."""

import re
from typing import Any

import pytest

from lambdas.domain import errors
from lambdas.domain.vocabulary import FindingKind
from stacks.constructs.build_folder import PROJECT
from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()


def in_first_column(section: str) -> set[str]:
    """The names in the first cells of a section's table rows."""
    rows = re.findall(
        r"^\| ([^|]+) \|", RUNBOOK.partition(f"\n## {section}\n")[2].partition("\n## ")[0], re.MULTILINE
    )
    return {name for cell in rows for name in re.findall(r"`(\w+)`", cell)}


def alarms(stage: Synthesis) -> dict[str, dict[str, Any]]:
    return stage.named("AWS::CloudWatch::Alarm") | stage.named("AWS::CloudWatch::CompositeAlarm")


def test_every_alarm_that_notifies_has_a_row(cloud: Synthesis) -> None:
    assert in_first_column("Alarms") == {
        name for name, alarm in alarms(cloud).items() if "AlarmActions" in alarm
    }


def test_the_local_stage_has_no_other_alarms(local: Synthesis) -> None:
    assert in_first_column("Alarms") >= alarms(local).keys()


def test_an_alarm_says_what_is_wrong_and_links_to_its_row(stage: Synthesis) -> None:
    anchors = set(re.findall(r'<a id="(\w+)"></a>', RUNBOOK))
    runbook = {"prod": "https://git.example.org/shop/blob/main/docs/runbook.md"}.get(
        stage.stage, "docs/runbook.md"
    )

    for name, alarm in alarms(stage).items():
        text, _, row = alarm["AlarmDescription"].partition(f" Runbook: {runbook}#")
        assert re.fullmatch(r"[A-Z].+\.", text), name
        assert row in anchors, name
        assert name.startswith(row), name


def test_every_queue_has_a_row(stage: Synthesis) -> None:
    assert in_first_column("Queues") == {queue.name for queue in stage.resources("AWS::SQS::Queue")}


def test_every_finding_has_a_row() -> None:
    assert {kind for kind in FindingKind if f"| `{kind}`: " in RUNBOOK} == set(FindingKind)


def test_every_error_that_needs_attention_exists() -> None:
    names = in_first_column("Orders that need attention")

    assert names
    assert {name for name in names if not hasattr(errors, name)} == set()
