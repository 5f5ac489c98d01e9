"""The CDK context: valid keys and values, and the errors for others."""

import runpy
from functools import partial

import aws_cdk as cdk
import pytest

from stacks.constructs.build_folder import PROJECT
from stacks.settings import STAGES, SettingsError, function_timeout_seconds, read_settings


def test_the_default_stage_is_dev() -> None:
    assert read_settings({}).stage == "dev"


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_chosen_by_its_name(stage: str) -> None:
    assert read_settings({"stage": stage}) == STAGES[stage]


@pytest.mark.parametrize("stage", ["qa", "", "Prod", 1, ["dev"]])
def test_the_error_for_an_unknown_stage_names_the_stages(stage: object) -> None:
    with pytest.raises(SettingsError, match=r"unknown stage .*; valid are: local, dev, prod"):
        read_settings({"stage": stage})


def test_the_error_for_an_unknown_key_names_the_keys() -> None:
    valid = (
        "stage, sender_email, alarm_email, allowed_origins, stripe_api_base, payment_deadline_seconds,"
        " orders_per_customer_hour"
    )

    with pytest.raises(SettingsError, match=f"unknown context key stgae; valid are: {valid}$"):
        read_settings({"stgae": "prod"})


@pytest.mark.parametrize(
    "key",
    [
        "@aws-cdk/aws-iam:minimizePolicies",
        "aws:cdk:enable-path-metadata",
        "aws:cdk:bundling-stacks",
        "aws-cdk:enableDiffNoFail",
        "acknowledged-issue-numbers",
        "cli-telemetry",
    ],
)
def test_keys_of_the_cdk_are_ignored(key: str) -> None:
    assert read_settings({"stage": "prod", key: True}) == STAGES["prod"]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        *((key, "shop@example.org", "shop@example.org") for key in ("sender_email", "alarm_email")),
        ("stripe_api_base", "http://127.0.0.1:8420", "http://127.0.0.1:8420"),
        *(("payment_deadline_seconds", str(seconds), seconds) for seconds in (1, 600, 1800)),
        *(("orders_per_customer_hour", str(orders), orders) for orders in (1, 50, 100_000)),
        (
            "allowed_origins",
            "https://a.example,http://localhost:3000",
            ("https://a.example", "http://localhost:3000"),
        ),
    ],
)
def test_the_context_sets_a_value(key: str, text: str, value: object) -> None:
    assert getattr(read_settings({"stage": "local", key: text}), key) == value


NO_ADDRESSES = ("", "shop", "shop@", "shop@example", "Shop <shop@example.org>")

INVALID: list[tuple[str, tuple[object, ...]]] = [
    ("sender_email is .*; valid is an address like", NO_ADDRESSES),
    ("alarm_email is .*; valid is an address like", NO_ADDRESSES),
    ("alarm_email is .*; valid is text", (True, 7, {}, None)),
    (
        "stripe_api_base is .*; valid is a URL like",
        ("", "127.0.0.1:8420", "ftp://127.0.0.1", "http://", "http://[::1"),
    ),
    (
        "payment_deadline_seconds is [0-9]+; valid is a number from 1 to 1800",
        ("0", "1801", "999999999"),
    ),
    (
        "payment_deadline_seconds is .*; valid is a whole number",
        ("abc", "", "-1", "1.5", "15m", " 60", "٦٠"),
    ),
    (
        "orders_per_customer_hour is [0-9]+; valid is a number from 1 to 100000",
        ("0", "100001"),
    ),
    ("orders_per_customer_hour is .*; valid is a whole number", ("many", "", "-1")),
    (
        "allowed_origins has .*; valid is a list like",
        ("", "*", "shop.example", "https://shop.example/", "https://shop.example,", "https://*.example"),
    ),
]
"""Errors, each beginning with its key, and the values that cause them."""


@pytest.mark.parametrize(
    ("error", "value"), [(error, value) for error, values in INVALID for value in values]
)
def test_the_error_for_an_invalid_value_names_a_valid_one(error: str, value: object) -> None:
    with pytest.raises(SettingsError, match=error):
        read_settings({"stage": "local", error.partition(" ")[0]: value})


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_cloud_stages_reject_a_stand_in_for_stripe(stage: str) -> None:
    with pytest.raises(SettingsError, match="stripe_api_base is valid for stage local only"):
        read_settings({"stage": stage, "stripe_api_base": "http://127.0.0.1:8420"})


def test_functions_that_call_stripe_have_a_longer_timeout() -> None:
    assert function_timeout_seconds("charge_payment") > function_timeout_seconds("validate_order")


@pytest.mark.xdist_group("stacks")  # where the CDK is loaded already
def test_the_app_ends_with_the_error_as_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "App", partial(cdk.App, context={"stage": "qa"}))

    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")

    assert end.value.code == "error: unknown stage qa; valid are: local, dev, prod"
