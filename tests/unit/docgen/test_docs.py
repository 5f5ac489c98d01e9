"""README.md shows the saga as it is."""

import re
from pathlib import Path

import pytest

from docgen import docs
from proof.journeys import PATH_JOURNEYS
from statemachines.document import SagaDocument

EMPTY_PAYMENTS = """<!-- generated: payments -->
<!-- end -->
"""

EMPTY = """Before.
<!-- generated: saga diagram -->
<!-- end -->
Between.
<!-- generated: paths -->
old
<!-- end -->
After.
"""


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


def test_the_readme_is_up_to_date() -> None:
    text = docs.README.read_text(encoding="utf-8")

    is_stale = docs.with_generated_parts(text) != text

    assert not is_stale, "README.md does not show the saga as it is: run `make docs`"


def test_the_table_of_payments_is_up_to_date() -> None:
    text = docs.PAYMENTS.read_text(encoding="utf-8")

    is_stale = docs.with_payments(text) != text

    assert not is_stale, "docs/payments.md does not show the payments as they are: run `make docs`"


def test_what_is_written_by_hand_stays_as_it_is() -> None:
    written = docs.with_generated_parts(EMPTY)

    by_hand = re.sub(r"(<!-- generated: [a-z ]+ -->).*?(<!-- end -->)", r"\1\2", written, flags=re.DOTALL)
    assert by_hand.splitlines() == [
        "Before.",
        "<!-- generated: saga diagram --><!-- end -->",
        "Between.",
        "<!-- generated: paths --><!-- end -->",
        "After.",
    ]
    assert "old" not in written.splitlines()


def test_a_second_run_changes_nothing() -> None:
    written = docs.with_generated_parts(EMPTY)

    assert docs.with_generated_parts(written) == written


@pytest.fixture
def readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    readme = tmp_path / "README.md"
    monkeypatch.setattr(docs, "README", readme)
    return readme


@pytest.fixture
def payments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    payments = tmp_path / "payments.md"
    payments.write_text(EMPTY_PAYMENTS, encoding="utf-8")
    monkeypatch.setattr(docs, "PAYMENTS", payments)
    return payments


@pytest.fixture
def contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    contract = tmp_path / "openapi.json"
    monkeypatch.setattr(docs, "contract_files", lambda: {contract: "the contract"})
    return contract


def test_the_files_are_written_in_place(readme: Path, payments: Path, contract: Path) -> None:
    readme.write_text(EMPTY, encoding="utf-8")

    assert docs.main() == 0

    assert contract.read_text(encoding="utf-8") == "the contract"
    assert readme.read_text(encoding="utf-8") == docs.with_generated_parts(EMPTY)
    assert payments.read_text(encoding="utf-8") == docs.with_payments(EMPTY_PAYMENTS)


@pytest.mark.usefixtures("payments", "contract")
def test_a_readme_without_a_place_is_refused(readme: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme.write_text("No markers.\n", encoding="utf-8")

    assert docs.main() == 1

    assert "<!-- generated: saga diagram -->" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == "No markers.\n"


def test_the_diagram_shows_every_state_and_every_transition(saga: SagaDocument) -> None:
    drawn = docs.diagram(saga)

    links = set(re.findall(r'^ +(\w+) (?:==>|-->|-\.->)(?:\|".*"\|)? (\w+)$', drawn, flags=re.MULTILINE))
    assert links == {(each.source, each.target) for each in saga.transitions} | {
        (saga.happy_path[-1].name, "OrderIsConfirmed")
    }
    assert set(re.findall(r"^ +(\w+)\S*:::", drawn, flags=re.MULTILINE)) == set(saga.states)


def test_the_diagram_names_the_errors_that_are_caught(saga: SagaDocument) -> None:
    drawn = docs.diagram(saga)

    assert 'OutOfStock<br/>AmountNotChargeable"| CloseOrder' in drawn
    assert 'ValidateOrder -->|"any other error"| ReleaseInventory' in drawn
    assert 'ChargePayment -->|"PaymentActionRequired"| AwaitPayment' in drawn
    assert 'ReserveInventory -->|"any error"| ReleaseInventory' in drawn


def test_a_deadline_is_one_of_the_errors_that_lead_to_the_same_undo(saga: SagaDocument) -> None:
    assert 'AwaitPayment -->|"any error"| RefundPayment' in docs.diagram(saga)


def test_the_table_has_a_row_for_every_journey(saga: SagaDocument) -> None:
    rows = docs.path_table(saga, PATH_JOURNEYS).splitlines()

    assert len([row for row in rows if row.startswith("|")]) == 2 + len(PATH_JOURNEYS)
    assert (
        "| The card is declined | ValidateOrder → ChargePayment ✗ → RefundPayment → CloseOrder"
        " → NotifyCustomerOfClosure → OrderClosed | `FAILED` (`payment_declined`), not charged |"
    ) in rows


def test_a_step_that_asks_for_a_detour_has_not_failed(saga: SagaDocument) -> None:
    table = docs.path_table(saga, PATH_JOURNEYS)

    assert "| ValidateOrder → ChargePayment → AwaitPayment → ReserveInventory → NotifyCustomer |" in table
    assert "| ValidateOrder → ChargePayment → AwaitPayment ✗ → RefundPayment →" in table
