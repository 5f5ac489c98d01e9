import re
from typing import Final

import pytest

from lambdas.shared.settings import SettingError, Settings

OPTIONAL: Final[dict[str, object]] = {"stripe_api_base": None, "allowed_origins": frozenset()}
REQUIRED = {name for name in vars(Settings) if not name.startswith("_") and name not in OPTIONAL}


@pytest.mark.parametrize("setting", sorted(REQUIRED))
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_the_error_names_the_missing_variable(setting: str, value: str | None) -> None:
    variable = setting.upper()
    settings = Settings({} if value is None else {variable: value})

    with pytest.raises(SettingError, match=re.escape(f"{variable} is not set")):
        getattr(settings, setting)


def test_a_setting_is_read_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()

    monkeypatch.setenv("ORDERS_TABLE", "orders-of-today")

    assert settings.orders_table == "orders-of-today"


@pytest.mark.parametrize(("setting", "default"), OPTIONAL.items())
def test_an_optional_setting_has_a_default(setting: str, default: object) -> None:
    assert getattr(Settings({}), setting) == default


def test_values_are_converted() -> None:
    settings = Settings(
        {
            "STRIPE_API_BASE": "http://localhost:8420",
            "ALLOWED_ORIGINS": "https://shop.example https://admin.example",
            "STALE_AFTER_SECONDS": "1800",
            "ORDERS_PER_CUSTOMER_HOUR": "20",
            "CHARGE_RATE": "25",
            "RECOVERY_PAUSES_SECONDS": "10,60,300",
        }
    )

    assert settings.stripe_api_base == "http://localhost:8420"
    assert settings.allowed_origins == {"https://shop.example", "https://admin.example"}
    assert settings.stale_after_seconds == 1800
    assert settings.orders_per_customer_hour == 20
    assert settings.charge_rate == 25
    assert settings.recovery_pauses_seconds == (10, 60, 300)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        *(("stale_after_seconds", value) for value in ("0", "-1", "soon", "1.5")),
        *(("orders_per_customer_hour", value) for value in ("0", "-1", "many")),
        *(("recovery_pauses_seconds", value) for value in ("10,", "-1", "soon", "10 60")),
    ],
)
def test_a_malformed_value_is_rejected(setting: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{setting.upper()} is {value!r}"):
        getattr(Settings({setting.upper(): value}), setting)
