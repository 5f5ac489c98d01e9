"""What the model of a flash sale predicts for sales that are small enough to check by hand."""

from dataclasses import replace

import pytest

from proof.scale.flash_sale import Sale, play
from proof.scale.limits import USUAL, Account

ROOMY = replace(
    USUAL,
    quotas=replace(
        USUAL.quotas,
        concurrent_calls=10_000,
        executions=10_000,
        executions_at_once=10_000,
        transitions=10_000,
        transitions_at_once=10_000,
    ),
)
"""An account without a limit that a small sale meets."""


def crowd(orders: int, *, charge_rate: float = 1_000, mails: float = 1_000, account: Account = ROOMY) -> Sale:
    """A sale in which all orders arrive at once, and no two orders want the same stock."""
    return Sale(
        account=account,
        charge_rate=charge_rate,
        mails=mails,
        transaction_seconds=1e-9,
        orders=orders,
        seconds=0,
    )


def with_quotas(**quotas: int) -> Account:
    return replace(ROOMY, quotas=replace(ROOMY.quotas, **quotas))


def test_an_order_alone_visits_the_four_states() -> None:
    result = play(crowd(1))

    assert list(result.orders[0].visits) == [
        "ValidateOrder",
        "ChargePayment",
        "ReserveInventory",
        "NotifyCustomer",
    ]
    assert result.transitions == 4


def test_orders_beyond_the_burst_and_two_seconds_wait_in_a_state() -> None:
    """Slots at 0, 0, 0, 0, 1, 2, 3, 4, ... seconds: those up to 2 s ahead are waited for in the function."""
    result = play(crowd(10, charge_rate=1))
    by_slot = sorted(result.orders, key=lambda order: order.slot)

    assert [order.has_waited for order in by_slot] == [False] * 6 + [True] * 4


def test_waiting_for_a_slot_costs_two_transitions() -> None:
    result = play(crowd(10, charge_rate=1))
    last = max(result.orders, key=lambda order: order.slot)

    assert last.visits == {
        "ValidateOrder": 1,
        "ChargePayment": 2,
        "WaitForSlot": 1,
        "ReserveInventory": 1,
        "NotifyCustomer": 1,
    }
    assert result.transitions == (6 * 4 + 4 * 6) / 10


def test_no_charge_begins_before_its_slot() -> None:
    result = play(crowd(50, charge_rate=5))

    assert all(order.charged_at >= order.slot for order in result.orders)


def test_a_crowd_of_any_size_is_charged_at_the_rate() -> None:
    result = play(crowd(1_000, charge_rate=20))

    assert result.undone == 0
    assert result.most_charges_in_a_second <= 20 + 4
    assert result.last_confirmed_at == pytest.approx((1_000 - 4) / 20, abs=2)


def test_executions_beyond_their_quota_start_later() -> None:
    result = play(crowd(30, account=with_quotas(executions=10, executions_at_once=10)))

    assert result.undone == 0
    assert result.last_confirmed_at == pytest.approx(20 / 10, abs=2)


def test_transitions_beyond_their_quota_are_delayed_and_not_refused() -> None:
    result = play(crowd(100, account=with_quotas(transitions=40, transitions_at_once=40)))

    assert result.undone == 0
    assert result.transitions == 4


def test_refused_calls_of_functions_are_retried() -> None:
    readers = 2 * 4 * ROOMY.stage.stream_parallelization
    result = play(crowd(20, account=with_quotas(concurrent_calls=readers + 4)))

    assert result.undone == 0
    assert result.transitions > 4


def test_an_order_is_undone_when_a_step_is_out_of_retries() -> None:
    readers = 2 * 4 * ROOMY.stage.stream_parallelization
    result = play(crowd(2, account=with_quotas(concurrent_calls=readers)))

    assert result.undone == 2
    assert result.seconds_to_confirm == []


def test_orders_for_the_same_stock_conflict_and_are_retried() -> None:
    result = play(replace(crowd(50), stock_items=1, transaction_seconds=0.01))

    assert result.undone == 0
    assert result.transitions > 4


def test_conflicts_undo_orders_that_come_faster_than_transactions() -> None:
    sale = replace(crowd(2_000, charge_rate=100), stock_items=1)

    assert play(replace(sale, transaction_seconds=0.001)).undone == 0
    assert play(replace(sale, transaction_seconds=0.05)).undone > 0


def test_a_mail_that_is_given_up_undoes_no_order() -> None:
    result = play(crowd(500, mails=1))

    assert result.undone == 0
    assert 0 < result.not_mailed < 500


def test_the_queue_is_what_is_accepted_and_not_confirmed() -> None:
    result = play(crowd(100, charge_rate=10))

    assert result.waiting([0, result.last_confirmed_at]) == [100, 0]


def test_an_order_that_is_undone_leaves_the_queue() -> None:
    readers = 2 * 4 * ROOMY.stage.stream_parallelization
    result = play(crowd(2, account=with_quotas(concurrent_calls=readers)))

    assert result.waiting([0, 600]) == [2, 0]


def test_the_same_sale_goes_the_same_way_each_time() -> None:
    sale = crowd(300, charge_rate=100, mails=5)

    assert play(sale) == play(sale)
