"""The laws of the saga hold in its document; and if one did not, it would be found."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import REPOSITORY
from statemachines.definition import read_definition
from statemachines.document import SagaDocument
from tests.unit.statemachines.law_5_undo import LAW_5
from tests.unit.statemachines.law_7_ends import LAW_7
from tests.unit.statemachines.law_9_retries import LAW_9
from tests.unit.statemachines.rulebook import Breach, Rule
from tests.unit.statemachines.the_file import THE_FILE

LAWS = (LAW_5, LAW_7, LAW_9, THE_FILE)
RULES = [rule for law in LAWS for rule in law.rules]
BREACHES = [breach for law in LAWS for breach in law.breaches]

VALIDATOR = REPOSITORY / "node_modules" / ".bin" / "asl-validator"


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_document_keeps_the_rule(saga: SagaDocument, rule: Rule) -> None:
    assert list(rule(saga)) == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.change.__name__)
def test_a_breach_is_found(saga: SagaDocument, breach: Breach) -> None:
    document = copy.deepcopy(dict(saga.definition))
    breach.change(document)

    complaints = list(breach.rule(SagaDocument(document)))

    assert [complaint for complaint in complaints if breach.complaint in complaint], complaints


def test_every_rule_is_broken_by_something() -> None:
    assert {rule.__name__ for rule in RULES} == {breach.rule.__name__ for breach in BREACHES}


@pytest.mark.parametrize("machine", ["order_saga", "reconciliation"])
def test_the_definition_is_valid_amazon_states_language(machine: str, tmp_path: Path) -> None:
    definition = tmp_path / "definition.json"
    definition.write_text(json.dumps(read_definition(machine)))
    assert VALIDATOR.exists(), "node_modules is missing: `make test` sets it up"
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # Node comes from PyPI

    validation = subprocess.run(  # noqa: S603 - a pinned tool and a file of ours
        [VALIDATOR, "--json-path", definition],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )

    assert validation.returncode == 0, validation.stdout + validation.stderr
