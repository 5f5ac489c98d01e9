"""A fault strikes the calls that it is meant for, and no other."""

import pytest

from local.fault_proxy.faults import Fault

CONFIRM = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
UPDATE = "charge_payment: dynamodb UpdateItem orders"


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault(kind="refuse", name=UPDATE), [True, False, False, False]),
        (Fault(kind="refuse", name=UPDATE, n=2), [False, True, False, False]),
        (Fault(kind="refuse", name=UPDATE, n=2, times=2), [False, True, True, False]),
        (Fault(kind="refuse", name=UPDATE, n=3, times=None), [False, False, True, True]),
    ],
)
def test_it_strikes_so_many_calls_from_the_nth_on(fault: Fault, struck: list[bool]) -> None:
    assert [fault.strikes(UPDATE) for _ in struck] == struck


def test_calls_of_another_name_do_not_count() -> None:
    fault = Fault(kind="refuse", name=CONFIRM)

    assert [fault.strikes(UPDATE), fault.strikes(CONFIRM)] == [False, True]


@pytest.mark.parametrize("name", [CONFIRM, "charge_payment: *", "*: stripe POST */confirm", "*"])
def test_a_star_stands_for_any_text(name: str) -> None:
    assert Fault(kind="refuse", name=name).strikes(CONFIRM)


def test_a_fault_that_lasts_strikes_until_its_time_is_over() -> None:
    short, long = (Fault(kind="refuse", name="*", times=None, lasts=lasts) for lasts in (0, 60))

    assert [(short.strikes(UPDATE), long.strikes(UPDATE)) for _ in range(2)][-1] == (False, True)
