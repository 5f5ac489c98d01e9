"""The CDK context: valid keys and values, and the errors for others."""

import runpy
from functools import partial

import aws_cdk as cdk
import pytest

from stacks.constructs.build_folder import PROJECT
from stacks.settings import STAGES, Settings, SettingsError, function_timeout_seconds, read_settings


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
    valid = "stage, sender_email, alarm_email, allowed_origins, stripe_api_base, payment_deadline_seconds"

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


def test_the_context_sets_addresses() -> None:
    settings = read_settings({"sender_email": "shop@example.org", "alarm_email": "oncall@example.org"})

    assert (settings.sender_email, settings.alarm_email) == ("shop@example.org", "oncall@example.org")


@pytest.mark.parametrize("key", ["sender_email", "alarm_email"])
@pytest.mark.parametrize("value", ["", "shop", "shop@", "shop@example", "Shop <shop@example.org>"])
def test_invalid_addresses_are_rejected(key: str, value: str) -> None:
    with pytest.raises(SettingsError, match=rf"{key} is .*; valid is an address like"):
        read_settings({key: value})


@pytest.mark.parametrize("value", [True, 7, {}, None])
def test_values_that_are_no_text_are_rejected(value: object) -> None:
    with pytest.raises(SettingsError, match=r"alarm_email is .*; valid is text"):
        read_settings({"alarm_email": value})


def test_the_local_stage_may_have_a_stand_in_for_stripe() -> None:
    settings = read_settings({"stage": "local", "stripe_api_base": "http://127.0.0.1:8420"})

    assert settings.stripe_api_base == "http://127.0.0.1:8420"


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_cloud_stages_reject_a_stand_in_for_stripe(stage: str) -> None:
    with pytest.raises(SettingsError, match="stripe_api_base is valid for stage local only"):
        read_settings({"stage": stage, "stripe_api_base": "http://127.0.0.1:8420"})


@pytest.mark.parametrize("value", ["", "127.0.0.1:8420", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_invalid_urls_are_rejected(value: str) -> None:
    with pytest.raises(SettingsError, match=r"stripe_api_base is .*; valid is a URL like"):
        read_settings({"stage": "local", "stripe_api_base": value})


@pytest.mark.parametrize(("value", "seconds"), [("1", 1), ("600", 600), ("1800", 1800)])
def test_the_context_sets_the_payment_deadline(value: str, seconds: int) -> None:
    assert read_settings({"payment_deadline_seconds": value}).payment_deadline_seconds == seconds


@pytest.mark.parametrize("value", ["0", "1801", "999999999"])
def test_a_deadline_beyond_the_time_of_the_machine_is_rejected(value: str) -> None:
    with pytest.raises(
        SettingsError, match=f"payment_deadline_seconds is {value}; valid is a number from 1 to 1800"
    ):
        read_settings({"payment_deadline_seconds": value})


@pytest.mark.parametrize("value", ["abc", "", "-1", "1.5", "15m", " 60", "٦٠"])
def test_a_deadline_that_is_no_whole_number_is_rejected(value: str) -> None:
    with pytest.raises(SettingsError, match=r"payment_deadline_seconds is .*; valid is a whole number"):
        read_settings({"payment_deadline_seconds": value})


def test_the_context_sets_allowed_origins() -> None:
    settings = read_settings({"allowed_origins": "https://shop.example,http://localhost:3000"})

    assert settings.allowed_origins == ("https://shop.example", "http://localhost:3000")


@pytest.mark.parametrize(
    "value", ["", "*", "shop.example", "https://shop.example/", "https://shop.example,", "https://*.example"]
)
def test_invalid_origins_are_rejected(value: str) -> None:
    with pytest.raises(SettingsError, match=r"allowed_origins has .*; valid is a list like"):
        read_settings({"allowed_origins": value})


@pytest.mark.parametrize("settings", STAGES.values(), ids=STAGES)
def test_only_prod_keeps_its_data(settings: Settings) -> None:
    assert settings.keep_data == (settings.stage == "prod")


def test_functions_that_call_stripe_have_a_longer_timeout() -> None:
    assert function_timeout_seconds("charge_payment") > function_timeout_seconds("validate_order")


@pytest.mark.xdist_group("stacks")  # where the CDK is loaded already
def test_the_app_ends_with_the_error_as_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "App", partial(cdk.App, context={"stage": "qa"}))

    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")

    assert end.value.code == "error: unknown stage qa; valid are: local, dev, prod"
