import pytest

from cli.money import format_amount, parse_amount
from lambdas.domain.money import CURRENCIES, Money


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_amounts_are_written_as_the_shop_writes_them(currency: str) -> None:
    assert format_amount(123_456, currency) == str(Money(123_456, currency))


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd"])
def test_an_amount_is_read_as_it_is_written(currency: str) -> None:
    # Given
    written = format_amount(123_456, currency).removesuffix(f" {currency.upper()}")

    # Then
    assert parse_amount(written, currency) == 123_456


@pytest.mark.parametrize("text", ["", "much", "1,50", "79.505", "NaN", "Infinity", "1e999999"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        parse_amount(text, "usd")
