"""The tables show the journeys."""

import pytest

from docgen.tables import path_table, payment_table
from proof.journeys import PATH_JOURNEYS
from statemachines.document import SagaDocument


@pytest.fixture(scope="module")
def saga() -> SagaDocument:
    return SagaDocument.load()


def test_the_table_has_a_row_for_every_journey(saga: SagaDocument) -> None:
    rows = path_table(saga, PATH_JOURNEYS).splitlines()

    assert len([row for row in rows if row.startswith("|")]) == 2 + len(PATH_JOURNEYS)
    (declined,) = (row for row in rows if row.startswith("| The card is declined | ValidateOrder →"))
    assert declined.endswith(
        "ChargePayment ✗ → ReleaseInventory → RefundPayment → CloseOrder → NotifyCustomerOfClosure"
        " → OrderClosed | `FAILED` (`payment_declined`), not charged |"
    )


def test_a_step_that_leads_to_a_detour_has_not_failed(saga: SagaDocument) -> None:
    table = path_table(saga, PATH_JOURNEYS)

    assert "ChargePayment → AwaitPayment → ReserveInventory → NotifyCustomer |" in table
    assert "ChargePayment → AwaitPayment ✗ → ReleaseInventory →" in table


def test_the_calls_to_stripe_are_shown_by_kind() -> None:
    happy, *_ = PATH_JOURNEYS

    assert payment_table([happy], {"happy": {"confirm": 1, "create": 2}}).endswith("| 3: confirm, 2 create |")
    assert payment_table([happy], {"happy": {}}).endswith("| none |")
    assert payment_table([happy], {}).endswith("| not counted |")
