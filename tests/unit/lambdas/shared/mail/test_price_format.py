import pytest

from lambdas.domain.money import CURRENCIES, Money
from lambdas.shared.mail.price_format import _SYMBOLS, price_text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (137_900, "usd", "$1,379.00"),
        (5, "eur", "€0.05"),
        (1_234_567, "jpy", "¥1,234,567"),
        (1_250, "kwd", "KWD\u00a01.250"),
        (37_900, "chf", "CHF\u00a0379.00"),
        (50_000, "xof", "F\u202fCFA\u00a050,000"),
        (100, "xcg", "Cg.1.00"),
        (150_000, "isk", "ISK\u00a01,500"),
        (150_050, "isk", "ISK\u00a01,500.50"),
    ],
)
def test_an_amount_is_written_as_usual_for_its_currency(amount: int, currency: str, text: str) -> None:
    assert price_text(Money(amount, currency)) == text


def test_no_two_currencies_look_the_same() -> None:
    texts = {price_text(Money(100, currency)).rstrip("01.\u00a0") for currency in CURRENCIES}

    assert len(texts) == len(CURRENCIES)
    assert set(_SYMBOLS) <= set(CURRENCIES)
