"""The rule pack AwsSolutions of cdk-nag, and the CDK's own validation of templates."""

import json
import re
from pathlib import Path

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks

from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

SENTENCE = re.compile(r"[A-Z]\S*( \S+){7,}\.")

ACKNOWLEDGED = "aws:cdk:acknowledged-rules"


def test_every_finding_of_the_rule_pack_is_accepted(stage: Synthesis) -> None:
    report = AwsSolutionsChecks(stage.app).validate_scope(stage.app)

    findings = [
        f"{violation.rule_name} at {resource.construct_path}: {violation.description}"
        for violation in report.violations
        for resource in violation.violating_resources
    ]
    assert findings == []


def test_accepted_findings_have_a_sentence_as_their_reason(stage: Synthesis) -> None:
    reasons = {reason for accepted in stage.metadata(ACKNOWLEDGED) for reason in accepted.values()}

    assert reasons
    assert [reason for reason in reasons if not SENTENCE.fullmatch(reason)] == []


def problems(folder: Path) -> list[str]:
    """What the CDK found in the templates of a synthesis; it writes no report if it found nothing."""
    return [
        violation["description"]
        for file in folder.glob("validation-report.json")
        for report in json.loads(file.read_text())["pluginReports"]
        for violation in report["violations"]
    ]


def test_the_templates_are_valid(stage: Synthesis) -> None:
    assert problems(stage.folder) == []


def test_an_invalid_template_is_found(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    wrong = {"VisibilityTimeout": "soon", "Colour": "red"}
    cdk.CfnResource(cdk.Stack(app, "Stack"), "Queue", type="AWS::SQS::Queue", properties=wrong)
    app.synth()

    assert sorted(problems(tmp_path)) == [
        "Colour: Additional properties are not allowed ('Colour' was unexpected)",
        "VisibilityTimeout: 'soon' is not of type 'integer'",
    ]


def test_an_unset_sender_address_is_a_warning(dev: Synthesis, prod: Synthesis) -> None:
    (warning,) = dev.metadata("aws:cdk:warning")

    assert "-c sender_email=ADDRESS" in warning
    assert not list(prod.metadata("aws:cdk:warning"))
