"""The settings of a stage: its file, the CDK context, and the errors for invalid ones."""

import runpy
from functools import partial
from pathlib import Path

import aws_cdk as cdk
import pytest

from lambdas.domain.vocabulary import Capture
from stacks.constructs.build_folder import PROJECT
from stacks.settings import (
    FILE_KEYS,
    STAGES,
    SettingsError,
    StageSettings,
    read_settings,
)
from stacks.timeouts import function_timeout_seconds

PROD = (PROJECT / "stages" / "prod.example.toml").read_text()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder without stage files."""
    return tmp_path


def settings_of(stage: str, content: str, files: Path) -> StageSettings:
    """Read the settings of a stage whose file has this content."""
    (files / f"{stage}.toml").write_text(content)
    return read_settings({"stage": stage}, files)


def test_the_default_stage_is_dev(files: Path) -> None:
    assert read_settings({}, files).stage == "dev"


@pytest.mark.parametrize("stage", ["local", "dev"])
def test_a_stage_is_chosen_by_its_name(stage: str, files: Path) -> None:
    assert read_settings({"stage": stage}, files) == STAGES[stage]


def test_dev_needs_no_change_of_its_file() -> None:
    assert read_settings({"stage": "dev"}) == STAGES["dev"]


@pytest.mark.parametrize("stage", ["qa", "", "Prod", 1, ["dev"]])
def test_the_error_for_an_unknown_stage_names_the_stages(stage: object) -> None:
    with pytest.raises(SettingsError, match=r"unknown stage .*; valid are: local, dev, prod"):
        read_settings({"stage": stage})


def test_the_error_for_an_unknown_key_names_the_keys() -> None:
    with pytest.raises(SettingsError, match=r"unknown context key stgae; valid are: stage, stage_file$"):
        read_settings({"stgae": "prod"})


def test_a_setting_in_the_context_is_an_error_that_names_the_file() -> None:
    """Otherwise the next deployment could forget it."""
    with pytest.raises(
        SettingsError, match=r"unknown context key alarm_email \(write it in the stage's file"
    ):
        read_settings({"alarm_email": "oncall@example.org"})


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
def test_keys_of_the_cdk_are_ignored(key: str, files: Path) -> None:
    assert read_settings({"stage": "dev", key: True}, files) == STAGES["dev"]


# Stage files


def test_prod_without_a_file_says_what_to_write_where(files: Path) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"stage": "prod"}, files)

    assert str(error.value) == (
        f"stage prod needs account, region, sender_email, alarm_email: write them in {files}/prod.toml,"
        " as in stages/prod.example.toml"
    )


@pytest.mark.parametrize("key", ["account", "region", "sender_email", "alarm_email"])
def test_prod_needs_each_of_four_settings(key: str, files: Path) -> None:
    without = "\n".join(line for line in PROD.splitlines() if not line.startswith(f"{key} "))

    with pytest.raises(SettingsError, match=f"stage prod needs {key}: write it in .*prod.toml"):
        settings_of("prod", without, files)


def test_the_example_of_prod_is_complete(files: Path) -> None:
    settings = settings_of("prod", PROD, files)

    assert (settings.account, settings.region) == ("123456789012", "eu-central-1")
    assert settings.allowed_origins == ("https://shop.example.org", "https://admin.example.org")


def test_a_stage_file_can_be_elsewhere(files: Path) -> None:
    (files / "other.toml").write_text('sender_email = "shop@example.org"')

    settings = read_settings({"stage_file": str(files / "other.toml")})

    assert (settings.stage, settings.sender_email) == ("dev", "shop@example.org")


def test_a_stage_file_that_is_named_must_exist(files: Path) -> None:
    with pytest.raises(SettingsError, match=r"can't read .*other.toml"):
        read_settings({"stage_file": str(files / "other.toml")})


@pytest.mark.parametrize("content", ["sender_email", "sender_email = orders", "\0"])
def test_the_error_for_a_malformed_file_names_it(content: str, files: Path) -> None:
    with pytest.raises(SettingsError, match=r"can't read .*dev.toml"):
        settings_of("dev", content, files)


def test_the_error_for_an_unknown_setting_names_the_settings(files: Path) -> None:
    with pytest.raises(SettingsError, match=f"unknown key sender; valid are: {', '.join(FILE_KEYS)}$"):
        settings_of("dev", 'sender = "shop@example.org"', files)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("account", '"123456789012"', "123456789012"),
        *(("region", f'"{region}"', region) for region in ("eu-central-1", "us-gov-west-1")),
        *((key, '"shop@example.org"', "shop@example.org") for key in ("sender_email", "alarm_email")),
        ("user_mail_by_ses", "true", True),
        ("self_sign_up", "false", False),
        *((f"{calls}_rate", "100", 100) for calls in ("api", "submit", "webhook")),
        *((f"{calls}_burst", "200", 200) for calls in ("api", "submit", "webhook")),
        ("stripe_api_base", '"http://127.0.0.1:8420"', "http://127.0.0.1:8420"),
        *(("payment_deadline_seconds", str(seconds), seconds) for seconds in (1, 600, 1800)),
        *(("orders_per_customer_hour", str(orders), orders) for orders in (1, 50, 100_000)),
        *(("capture", f'"{capture}"', capture) for capture in Capture),
        ("canary_minutes", "0", 0),
        (
            "allowed_origins",
            '["https://a.example", "http://localhost:3000"]',
            ("https://a.example", "http://localhost:3000"),
        ),
    ],
)
def test_a_stage_file_sets_a_value(key: str, text: str, value: object, files: Path) -> None:
    assert getattr(settings_of("local", f"{key} = {text}", files), key) == value


NO_ADDRESSES = ('""', '"shop"', '"shop@"', '"shop@example"', '"Shop <shop@example.org>"')

INVALID: list[tuple[str, tuple[str, ...]]] = [
    ("account is .*; valid is an account id of 12 digits", ('"1234"', '"12345678901a"')),
    ("account is .*; valid is text", ("123456789012",)),
    ("region is .*; valid is a region like", ('""', '"Frankfurt"', '"eu-central"')),
    ("sender_email is .*; valid is an address like", NO_ADDRESSES),
    ("alarm_email is .*; valid is an address like", NO_ADDRESSES),
    ("alarm_email is .*; valid is text", ("true", "7", "{}", '["oncall@example.org"]')),
    (
        "stripe_api_base is .*; valid is a URL like",
        ('""', '"127.0.0.1:8420"', '"ftp://127.0.0.1"', '"http://"', '"http://[::1"'),
    ),
    ("payment_deadline_seconds is .*; valid is a number from 1 to 1800", ("0", "-1", "1801", "999999999")),
    ("payment_deadline_seconds is .*; valid is a whole number", ('"60"', "1.5", "true")),
    ("capture is .*; valid is one of: at_order, at_fulfilment", ('""', '"at_shipment"')),
    ("user_mail_by_ses is .*; valid is true or false", ('"yes"', "1", "[]")),
    ("self_sign_up is valid for cloud stages only", ("true",)),
    ("orders_per_customer_hour is .*; valid is a number from 1 to 100000", ("0", "100001")),
    ("orders_per_customer_hour is .*; valid is a whole number", ('"many"', "[]")),
    ("canary_minutes is .*; valid is a number from 0 to 15", ("-1", "16")),
    ("canary_minutes is valid for cloud stages only", ("1", "15")),
    (
        "allowed_origins has .*; valid is a list like",
        ('[""]', '["*"]', '["shop.example"]', '["https://shop.example/"]', '["https://*.example"]'),
    ),
    ("allowed_origins is .*; valid is a list of texts", ('"https://shop.example"', "[1]")),
]
"""Errors, each beginning with its key, and the values that cause them."""


@pytest.mark.parametrize(
    ("error", "value"), [(error, value) for error, values in INVALID for value in values]
)
def test_the_error_for_an_invalid_value_names_a_valid_one(error: str, value: str, files: Path) -> None:
    with pytest.raises(SettingsError, match=f"local.toml: {error}"):
        settings_of("local", f"{error.partition(' ')[0]} = {value}", files)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_cloud_stages_reject_a_stand_in_for_stripe(stage: str, files: Path) -> None:
    with pytest.raises(SettingsError, match="stripe_api_base is valid for stage local only"):
        settings_of(stage, f'{PROD}\nstripe_api_base = "http://127.0.0.1:8420"', files)


def test_functions_that_call_stripe_have_a_longer_timeout() -> None:
    assert function_timeout_seconds("charge_payment") > function_timeout_seconds("validate_order")


@pytest.mark.xdist_group("stacks")  # where the CDK is loaded already
def test_the_app_ends_with_the_error_as_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "App", partial(cdk.App, context={"stage": "qa"}))

    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")

    assert end.value.code == "error: unknown stage qa; valid are: local, dev, prod"
