"""References between stacks block no deployment of a cloud stage."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks import events_stack
from stacks.constructs.queue import DeadLetterQueue
from stacks.settings import StageSettings
from tests.stacks.conftest import Synthesize
from tests.stacks.synthesis import Synthesis, readable, synthesize

pytestmark = pytest.mark.xdist_group("stacks")


def exports(stage: Synthesis) -> set[str]:
    """The names that the outputs of all stacks export."""
    return {
        json.dumps(output["Export"]["Name"])
        for template in stage.templates().values()
        for output in template.get("Outputs", {}).values()
        if "Export" in output
    }


def imports(value: object) -> Iterator[str]:
    """The names of the exports that a template imports."""
    match value:
        case {"Fn::ImportValue": name}:
            yield json.dumps(name)
        case dict():
            yield from (name for each in value.values() for name in imports(each))
        case list():
            yield from (name for each in value for name in imports(each))


def in_use_but_removed(before: Synthesis, after: Synthesis) -> set[str]:
    """Exports that a deployment would remove while another deployed stack imports them.

    CloudFormation refuses that:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
    """
    imported = {name for template in before.templates().values() for name in imports(template)}
    return (exports(before) - exports(after)) & imported


@pytest.mark.parametrize(("stage", "blocked"), [("dev", 0), ("local", 1)])
def test_an_alarmed_queue_can_be_renamed_in_a_cloud_stage(
    stage: str, blocked: int, synthesized: Synthesize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stage `local` has strong references: it shows that the test would find them."""
    # Given
    before = synthesized(stage)

    def renamed(scope: events_stack.EventsStack, name: str, settings: StageSettings) -> DeadLetterQueue:
        return DeadLetterQueue(scope, name.replace("ParkedEvents", "LostEvents"), settings)

    monkeypatch.setattr(events_stack, "DeadLetterQueue", renamed)

    # When
    after = synthesize(stage, tmp_path)

    # Then
    watched = after.named("AWS::CloudWatch::Alarm")["LostEventsNotEmpty"]["Dimensions"]
    assert [readable(dimension["Value"]) for dimension in watched] == ["LostEvents.QueueName"]
    assert len(in_use_but_removed(before, after)) == blocked


def test_no_stack_of_a_cloud_stage_exports_a_value(cloud: Synthesis) -> None:
    assert exports(cloud) == set()
