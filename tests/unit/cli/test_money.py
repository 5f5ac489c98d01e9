import pytest

from cli.money import format_amount, parse_amount
from lambdas.domain.money import CURRENCIES, Money


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_amounts_are_formatted_as_in_the_shops_mails(currency: str) -> None:
    assert format_amount(123_456, currency) == str(Money(123_456, currency))


@pytest.mark.parametrize("currency", ["usd", "jpy", "kwd"])
def test_a_formatted_amount_is_parsed_to_the_same_value(currency: str) -> None:
    written = format_amount(123_456, currency).removesuffix(f" {currency.upper()}")

    assert parse_amount(written, currency) == 123_456


@pytest.mark.parametrize("text", ["", "much", "1,50", "79.505", "NaN", "Infinity", "1e5000", "1" * 16])
def test_text_that_is_not_an_amount_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        parse_amount(text, "usd")
