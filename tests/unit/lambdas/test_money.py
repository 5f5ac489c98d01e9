import pytest

from lambdas.shared.money import CURRENCIES, Money


@pytest.mark.parametrize(
    ("money", "written"),
    [
        (Money(37_900, "usd"), "379.00 USD"),
        (Money(5, "eur"), "0.05 EUR"),
        (Money(500, "jpy"), "500 JPY"),
        (Money(1_250, "kwd"), "1.250 KWD"),
        (Money(0, "usd"), "0.00 USD"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(money: Money, written: str) -> None:
    assert str(money) == written


def test_every_currency_is_three_small_letters() -> None:
    assert all(len(code) == 3 and code.isalpha() and code.islower() for code in CURRENCIES)
