"""A crowd waits for its turn, in simulated time, and Stripe limits nobody."""

from lambdas.saga.charge_payment.charge_slots import BURST
from proof.sale import Sale, simulated_sale


def test_no_order_of_a_crowd_is_refused_for_stripes_limit() -> None:
    result = simulated_sale(Sale(orders=60, units=60, stripe_rate=25, charge_rate=20))

    assert result.is_as_promised, result
    assert result.queued > 0


def test_a_crowd_for_few_units_is_charged_for_few_units() -> None:
    result = simulated_sale(Sale(orders=60, units=5, stripe_rate=25, charge_rate=20))

    assert result.is_as_promised, result
    assert result.refunds == result.charges - 5 <= BURST


def test_without_turns_a_crowd_meets_stripes_limit() -> None:
    result = simulated_sale(Sale(orders=40, units=40, stripe_rate=10, charge_rate=1_000))

    assert result.limited > 0
    assert not result.is_as_promised
