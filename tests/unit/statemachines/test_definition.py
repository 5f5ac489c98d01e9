"""The saga's definition keeps the laws, and every rule finds its breaches."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import REPOSITORY
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from statemachines.steps import Role, Step
from tests.unit.statemachines.consistency import CONSISTENCY
from tests.unit.statemachines.law_5_undo import LAW_5
from tests.unit.statemachines.law_7_ends import LAW_7
from tests.unit.statemachines.law_9_retries import LAW_9
from tests.unit.statemachines.rulebook import Breach, Draft, Law, Rule

RULES = [rule for law in (LAW_5, LAW_7, LAW_9, CONSISTENCY) for rule in law.rules]

VALIDATOR = REPOSITORY / "node_modules" / ".bin" / "asl-validator"


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_definition_keeps_the_rule(saga: SagaDocument, rule: Rule) -> None:
    assert list(rule.check(saga)) == []


@pytest.mark.parametrize(
    ("rule", "breach"),
    [pytest.param(rule, breach, id=breach.change.__name__) for rule in RULES for breach in rule.breaches],
)
def test_a_breach_is_found(saga: SagaDocument, rule: Rule, breach: Breach) -> None:
    draft = Draft.of(saga)
    breach.change(draft)

    complaints = list(rule.check(SagaDocument(draft.definition, draft.steps)))

    assert [complaint for complaint in complaints if breach.complaint in complaint], complaints


def test_every_rule_is_broken_by_a_breach() -> None:
    assert [rule.name for rule in RULES if not rule.breaches] == []


@pytest.mark.parametrize("machine", ["order_saga", "reconciliation"])
def test_the_definition_is_valid_amazon_states_language(machine: str, tmp_path: Path) -> None:
    assert VALIDATOR.exists(), "node_modules is missing: `make test` sets it up"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # Node comes from PyPI
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps(read_definition(machine)))

    validation = subprocess.run(  # noqa: S603 - a pinned tool and a file of ours
        [VALIDATOR, "--json-path", definition],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert validation.returncode == 0, validation.stdout + validation.stderr


def test_a_definition_can_be_changed_without_changing_the_next_one() -> None:
    changed = read_definition("order_saga")
    changed["States"]["ChargePayment"]["Retry"][-1]["MaxAttempts"] = 99

    attempts = [read_definition("order_saga"), changed]
    assert [each["States"]["ValidateOrder"]["Retry"][-1]["MaxAttempts"] for each in attempts] == [5, 5]
    assert [each["States"]["ChargePayment"]["Retry"][-1]["MaxAttempts"] for each in attempts] == [5, 99]


def complaints(law: Law, draft: Draft) -> list[str]:
    saga = SagaDocument(draft.definition, draft.steps)
    return [complaint for rule in law.rules for complaint in rule.check(saga)]


@pytest.mark.parametrize("law", [LAW_5, LAW_7, LAW_9], ids=["5", "7", "9"])
@pytest.mark.parametrize(
    ("before", "like"), [("ChargePayment", "ValidateOrder"), ("ReserveInventory", "ChargePayment")]
)
def test_a_step_that_only_checks_needs_no_undo(saga: SagaDocument, law: Law, before: str, like: str) -> None:
    draft = Draft.of(saga)
    draft.add_step(Step("CheckFraud", "check_fraud", Role.FORWARD), before=before, like=like)
    draft.states["CheckFraud"]["Catch"] = draft.catchers(like)[-1:]

    assert complaints(law, draft) == []


def test_a_step_that_changes_something_needs_its_undo_in_the_chain(saga: SagaDocument) -> None:
    draft = Draft.of(saga)
    courier = Step("ReserveCourier", "reserve_courier", Role.FORWARD, "the courier's diary", "ReleaseCourier")
    draft.add_step(courier, before="ReserveInventory", like="ReserveInventory")
    draft.add_step(
        Step("ReleaseCourier", "release_courier", Role.UNDO), before="RefundPayment", like="RefundPayment"
    )

    assert complaints(LAW_5, draft) == []
