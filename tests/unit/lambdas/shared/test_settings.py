import re
from datetime import timedelta

import pytest

from lambdas.shared.settings import SettingError, Settings

REQUIRED = {
    "orders_table": "ORDERS_TABLE",
    "inventory_table": "INVENTORY_TABLE",
    "idempotency_table": "IDEMPOTENCY_TABLE",
    "audit_table": "AUDIT_TABLE",
    "event_bus_name": "EVENT_BUS_NAME",
    "state_machine_arn": "STATE_MACHINE_ARN",
    "sender_email": "SENDER_EMAIL",
    "stripe_secret_id": "STRIPE_SECRET_ID",
    "stripe_webhook_secret_id": "STRIPE_WEBHOOK_SECRET_ID",
}


@pytest.mark.parametrize(("setting", "variable"), REQUIRED.items())
@pytest.mark.parametrize("value", [None, ""], ids=["missing", "empty"])
def test_a_missing_variable_is_named(setting: str, variable: str, value: str | None) -> None:
    settings = Settings({} if value is None else {variable: value})

    with pytest.raises(SettingError, match=re.escape(f"{variable} is not set")):
        getattr(settings, setting)


def test_a_value_is_read_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()

    monkeypatch.setenv("ORDERS_TABLE", "orders-of-today")

    assert settings.orders_table == "orders-of-today"


def test_stripe_is_stripe_itself_unless_the_local_stage_says_otherwise() -> None:
    assert Settings({}).stripe_api_base is None
    assert Settings({"STRIPE_API_BASE": "http://localhost:8420"}).stripe_api_base == "http://localhost:8420"


def test_idle_is_a_number_of_seconds() -> None:
    assert Settings({"STALE_AFTER_SECONDS": "1800"}).stale_after == timedelta(minutes=30)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "1.5"])
def test_idle_is_nothing_else(value: str) -> None:
    with pytest.raises(SettingError, match="STALE_AFTER_SECONDS"):
        _ = Settings({"STALE_AFTER_SECONDS": value}).stale_after
