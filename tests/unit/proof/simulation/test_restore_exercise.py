"""The exercise of docs/disaster.md: lost tables are restored, and brought together with Stripe again."""

from lambdas.domain.vocabulary import FindingKind
from proof.simulation.restore_exercise import restore_exercise


def test_the_laws_hold_at_the_end_of_the_exercise_and_not_before() -> None:
    exercise = restore_exercise()

    assert len(exercise.breaches_at_first) > 4
    assert exercise.breaches == []


def test_each_order_that_changed_after_the_copy_is_found_by_its_events() -> None:
    assert set(restore_exercise().outdated) == set("BCDEFGHIJKL")


def test_the_reconciliation_finds_what_the_money_shows() -> None:
    """An order that was handed over, or gave its money back and has no record, shows nothing at Stripe."""
    without_money, without_order = FindingKind.ORDER_WITHOUT_MONEY, FindingKind.MONEY_WITHOUT_ORDER

    assert dict(restore_exercise().findings) == {
        **dict.fromkeys("BC", without_money),
        **dict.fromkeys("HIK", without_order),
    }


def test_an_unpaid_payment_of_a_lost_order_is_cancelled_by_the_reconciliation() -> None:
    exercise = restore_exercise()

    assert "cancels its payment" in exercise.outdated["L"].advice
    assert exercise.unpaid_at_the_end == []
