"""The stacks keep the rules of cdk-nag's pack AwsSolutions, and their templates those of cfn-lint."""

import re

import pytest
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_by_config  # type: ignore[import-untyped]  # it ships no types

from tests.stacks.synthesis import Synthesis

pytestmark = pytest.mark.xdist_group("stacks")

SENTENCE = re.compile(r"[A-Z]\S*( \S+){7,}\.")

ACKNOWLEDGED = "aws:cdk:acknowledged-rules"

REDUNDANT_DEPENDENCY = "W3005"
"""Finds a `DependsOn` that a reference implies already; the CDK writes many of them."""

UNUSED_MAPPING = "W7001"
"""Finds the mapping of addresses that the CDK writes for each stream of Firehose."""


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


def test_the_templates_are_valid(stage: Synthesis) -> None:
    templates = [str(file) for file in stage.folder.glob("*.template.json")]

    ignored = [REDUNDANT_DEPENDENCY, UNUSED_MAPPING]
    problems = lint_by_config(ManualArgs(templates=templates, ignore_checks=ignored))

    assert [str(problem) for problem in problems] == []


def test_an_unset_sender_address_is_a_warning(dev: Synthesis, prod: Synthesis) -> None:
    (warning,) = dev.metadata("aws:cdk:warning")

    assert "Write `sender_email`" in warning
    assert "stages/dev.toml" in warning
    assert not list(prod.metadata("aws:cdk:warning"))
