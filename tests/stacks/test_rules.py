"""Rules that others wrote: cdk-nag's AwsSolutions, and CloudFormation's own."""

import re

import pytest
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_by_config  # type: ignore[import-untyped]  # it ships no types

from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

SENTENCE = re.compile(r"[A-Z]\S*( \S+){7,}\.")

ACKNOWLEDGED = "aws:cdk:acknowledged-rules"

# The CDK writes down dependencies that follow from references, too.
REDUNDANT_DEPENDENCY = "W3005"


def test_the_solutions_rules_find_nothing_that_nobody_accepted(stage: Synthesis) -> None:
    report = AwsSolutionsChecks(stage.app).validate_scope(stage.app)

    findings = [
        f"{violation.rule_name} at {resource.construct_path}: {violation.description}"
        for violation in report.violations
        for resource in violation.violating_resources
    ]
    assert findings == []


def test_whoever_accepts_a_finding_says_why_in_a_sentence(stage: Synthesis) -> None:
    reasons = {reason for accepted in stage.metadata(ACKNOWLEDGED) for reason in accepted.values()}

    assert reasons
    assert [reason for reason in reasons if not SENTENCE.fullmatch(reason)] == []


def test_the_templates_are_good_cloudformation(stage: Synthesis) -> None:
    templates = [str(file) for file in stage.folder.glob("*.template.json")]

    problems = lint_by_config(ManualArgs(templates=templates, ignore_checks=[REDUNDANT_DEPENDENCY]))

    assert [str(problem) for problem in problems] == []


def test_customers_without_mail_are_warned_of(dev: Synthesis, prod: Synthesis) -> None:
    (warning,) = dev.metadata("aws:cdk:warning")

    assert "-c sender_email=ADDRESS" in warning
    assert not list(prod.metadata("aws:cdk:warning"))
