"""Which limit breaks at how many orders a second."""

import pytest

from proof.scale.limits import ACCOUNTS, LARGE, NEW, RATES, USUAL, Account, broken, limits_of


def orders_of(account: Account) -> dict[str, float]:
    return {limit.name: limit.orders for limit in limits_of(account)}


def test_a_limit_allows_its_quota_divided_by_what_an_order_uses() -> None:
    orders = orders_of(USUAL)

    assert orders["Stripe: all calls"] == 100 / 2
    assert orders["Step Functions: state transitions"] == 800 / 4
    assert orders["SES: mails a day"] == pytest.approx(50_000 / 86_400)


def test_the_limit_that_breaks_first_is_at_the_top() -> None:
    for account in ACCOUNTS:
        allowed = [limit.orders for limit in limits_of(account)]
        assert allowed == sorted(allowed)


def test_a_higher_rate_breaks_at_least_as_many_limits() -> None:
    for account in ACCOUNTS:
        counts = [len(broken(account, rate)) for rate in RATES]
        assert counts == sorted(counts)
        assert counts[-1] > counts[0]


def test_a_limit_holds_at_the_very_rate_that_it_allows() -> None:
    names = [limit.name for limit in broken(USUAL, 14)]

    assert "SES: mails a day" in names
    assert "SES: mails a second" not in names


def test_a_new_account_allows_no_more_than_an_old_one() -> None:
    for smaller, larger in ((NEW, USUAL), (USUAL, LARGE)):
        of_larger = orders_of(larger)
        assert all(orders <= of_larger[name] for name, orders in orders_of(smaller).items())


def test_charge_slots_break_before_any_limit_of_stripe() -> None:
    for account in ACCOUNTS:
        orders = orders_of(account)
        assert orders["This app: charge slots (`charge_rate`)"] < orders["Stripe: calls of one endpoint"]
        assert orders["This app: charge slots (`charge_rate`)"] < orders["Stripe: all calls"]
