import pytest

from lambdas.domain.money import CURRENCIES, MAX_AMOUNT, Money


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


def test_every_currency_is_three_lower_case_letters() -> None:
    assert all(len(code) == 3 and code.isalpha() and code.islower() for code in CURRENCIES)


# What Stripe charges


@pytest.mark.parametrize(
    ("currency", "minimum"),
    [
        *(("usd", 50), ("eur", 50), ("gbp", 30), ("jpy", 50), ("huf", 17_500), ("sek", 300), ("kwd", 10)),
        *(("krw", 50), ("idr", 50), ("zar", 50), ("xcd", 1)),
    ],
)
def test_the_smallest_amount_is_stripes_minimum(currency: str, minimum: int) -> None:
    assert Money(minimum, currency).why_not_chargeable() is None
    assert Money(minimum - 1, currency).why_not_chargeable() is not None


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_an_amount_of_zero_is_never_charged(currency: str) -> None:
    assert Money(0, currency).why_not_chargeable() is not None


@pytest.mark.parametrize(
    ("currency", "most"), [("idr", MAX_AMOUNT), ("jpy", MAX_AMOUNT), ("kwd", 999_999_999_990)]
)
def test_the_largest_amount_has_twelve_digits(currency: str, most: int) -> None:
    assert Money(most, currency).why_not_chargeable() is None
    assert Money(MAX_AMOUNT + 1, currency).why_not_chargeable() is not None


@pytest.mark.parametrize(
    ("currency", "step"),
    [("bhd", 10), ("jod", 10), ("kwd", 10), ("omr", 10), ("tnd", 10), ("isk", 100), ("ugx", 100)],
)
def test_the_last_decimals_of_some_currencies_must_be_zero(currency: str, step: int) -> None:
    assert Money(5 * step, currency).why_not_chargeable() is None
    assert Money(5 * step + step // 2, currency).why_not_chargeable() is not None


@pytest.mark.parametrize(
    ("money", "reason"),
    [
        (Money(49, "usd"), "An order costs at least 0.50 USD; this one costs 0.49 USD."),
        (Money(49, "jpy"), "An order costs at least 50 JPY; this one costs 49 JPY."),
        (
            Money(10**12, "idr"),
            "An order costs at most 9999999999.99 IDR; this one costs 10000000000.00 IDR.",
        ),
        (Money(1_255, "kwd"), "An order costs a multiple of 0.010 KWD; this one costs 1.255 KWD."),
    ],
)
def test_the_customer_reads_why_an_amount_is_not_charged(money: Money, reason: str) -> None:
    assert money.why_not_chargeable() == reason
