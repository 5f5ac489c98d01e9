"""Faults strike the calls that they name, in their order, and no others."""

from typing import Any

import pytest

from local.fault_proxy.faults import Fault, FaultKind, Faults, InjectedFault

CONFIRM = "charge_payment: stripe POST /v1/payment_intents/{id}/confirm"
UPDATE = "charge_payment: dynamodb UpdateItem orders"


def strikes(fault: Fault, *names: str, order_id: str | None = None) -> list[bool]:
    injected = InjectedFault(fault)
    return [injected.strikes(name, order_id) for name in names]


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault("refuse", UPDATE), [True, False, False, False]),
        (Fault("refuse", UPDATE, n=2), [False, True, False, False]),
        (Fault("refuse", UPDATE, n=2, times=2), [False, True, True, False]),
        (Fault("refuse", UPDATE, n=3, times=None), [False, False, True, True]),
    ],
)
def test_a_fault_strikes_a_number_of_calls_from_the_nth_on(fault: Fault, struck: list[bool]) -> None:
    assert strikes(fault, *[UPDATE] * 4) == struck


def test_calls_of_another_name_do_not_count() -> None:
    assert strikes(Fault("refuse", CONFIRM), UPDATE, CONFIRM) == [False, True]


@pytest.mark.parametrize("name", [CONFIRM, "charge_payment: *", "*: stripe POST */confirm", "*"])
def test_a_star_matches_any_text(name: str) -> None:
    assert strikes(Fault("refuse", name), CONFIRM) == [True]


@pytest.mark.parametrize(("order_id", "struck"), [("order-1", True), ("order-2", False), (None, False)])
def test_a_fault_can_strike_the_calls_of_one_order_only(order_id: str | None, *, struck: bool) -> None:
    assert strikes(Fault("refuse", "*", order_id="order-1"), CONFIRM, order_id=order_id) == [struck]


def test_a_fault_that_lasts_strikes_until_its_time_is_over() -> None:
    assert strikes(Fault("refuse", "*", times=None, lasts=60), UPDATE, UPDATE)[-1]
    assert not strikes(Fault("refuse", "*", times=None, lasts=0), UPDATE, UPDATE)[-1]


def test_a_lifted_fault_strikes_no_more() -> None:
    faults, refuse, throttle = Faults(), Fault("refuse", "*", times=None), Fault("throttle", "*", times=None)
    faults.inject(refuse)
    faults.inject(throttle)

    faults.lift(refuse)

    assert [each.fault for each in faults.strike(UPDATE, None)] == [throttle]


@pytest.mark.parametrize(
    "kinds", [("hold", "contend", "refuse", "late"), ("late", "refuse", "contend", "hold")]
)
def test_a_hold_comes_first_then_contention_then_the_latest_fault(kinds: tuple[FaultKind, ...]) -> None:
    faults = Faults()
    for kind in kinds:
        faults.inject(Fault(kind, "*"))

    struck_by = [each.fault.kind for each in faults.strike(UPDATE, None)]

    assert struck_by == ["hold", "contend", *[kind for kind in kinds[::-1] if kind in {"refuse", "late"}]]


@pytest.mark.parametrize(
    ("invalid", "complaint"),
    [
        ({"kind": "earthquake"}, "kind"),
        ({"times": 0}, "times"),
        ({"n": 0}, "n"),
        ({"seconds": -1}, "seconds"),
        ({"kind": "error_before", "name": UPDATE}, "only calls to Stripe"),
    ],
)
def test_an_invalid_fault_is_rejected(invalid: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Fault(**{"kind": "refuse", "name": CONFIRM, **invalid})
