"""What a stage needs for a disaster: backups elsewhere, restored tables, an address of its own."""

from pathlib import Path
from typing import Any

import pytest
from cdk_nag import AwsSolutionsChecks
from cfnlint.api import ManualArgs, lint_by_config  # type: ignore[import-untyped]  # it ships no types

from lambdas.domain.vocabulary import SERVICE
from stacks.constructs.build_folder import PROJECT
from stacks.settings import TABLES, SettingsError, read_settings
from tests.stacks.synthesis import Synthesis, readable, synthesize

pytestmark = pytest.mark.xdist_group("stacks")

CERTIFICATE = "arn:aws:acm:eu-central-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
DOMAIN = f'api_domain = "api.shop.example"\napi_certificate = "{CERTIFICATE}"\n'
VAULT = "arn:aws:backup:eu-west-1:210987654321:backup-vault:orders"
RESTORED = "orders-prod-Orders-20261127T1000Z"
FILE = (
    f'{DOMAIN}backup_vault = "{VAULT}"\nrestored_tables = ["{RESTORED}"]\nconsole = true\n'
    + (PROJECT / "stages" / "prod.example.toml").read_text()
)
TABLE = "AWS::DynamoDB::GlobalTable"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The stage `prod` with all of this."""
    file = tmp_path_factory.mktemp("stage") / "prod.toml"
    file.write_text(FILE)
    return synthesize("prod", tmp_path_factory.mktemp("prod"), stage_file=file)


def the(prepared: Synthesis, resource_type: str) -> dict[str, Any]:
    return prepared.the(resource_type).properties


def test_its_templates_keep_all_rules(prepared: Synthesis) -> None:
    templates = [str(file) for file in prepared.folder.glob("*.template.json")]
    report = AwsSolutionsChecks(prepared.app).validate_scope(prepared.app)

    assert [violation.rule_name for violation in report.violations] == []
    assert lint_by_config(ManualArgs(templates=templates, ignore_checks=["W3005", "W7001"])) == []


# The address of the API


def test_the_api_keeps_its_address_when_it_is_replaced(prepared: Synthesis) -> None:
    domain, mapping = (
        the(prepared, "AWS::ApiGateway::DomainName"),
        the(prepared, "AWS::ApiGateway::BasePathMapping"),
    )
    outputs = prepared.templates()["orders-prod-api"]["Outputs"]

    assert (domain["DomainName"], domain["RegionalCertificateArn"]) == ("api.shop.example", CERTIFICATE)
    assert (domain["SecurityPolicy"], domain["EndpointConfiguration"]) == ("TLS_1_2", {"Types": ["REGIONAL"]})
    assert (mapping["BasePath"], readable(mapping["Stage"])) == ("v1", "ApiDeploymentStagev1")
    assert outputs["ApiUrl"]["Value"] == "https://api.shop.example/v1"
    assert readable(outputs["ApiDomainTarget"]["Value"]) == "ApiDomain.RegionalDomainName"


def test_with_a_domain_name_the_other_address_is_closed(prepared: Synthesis, prod: Synthesis) -> None:
    assert the(prepared, "AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] is True
    assert the(prod, "AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] is False
    assert not prod.resources("AWS::ApiGateway::DomainName")


def test_the_console_calls_the_api_at_its_domain_name(prepared: Synthesis) -> None:
    origins = the(prepared, "AWS::CloudFront::Distribution")["DistributionConfig"]["Origins"]

    assert "api.shop.example" in [each["DomainName"] for each in origins]
    assert not [each for each in origins if "execute-api" in readable(each["DomainName"])]


# Backups in another account


def test_backups_are_copied_to_the_other_account_every_six_hours(prepared: Synthesis) -> None:
    (rule,) = the(prepared, "AWS::Backup::BackupPlan")["BackupPlan"]["BackupPlanRule"]

    assert rule["ScheduleExpression"] == "cron(0 0/6 * * ? *)"
    assert rule["Lifecycle"] == {"DeleteAfterDays": 3}
    assert rule["CopyActions"] == [{"DestinationBackupVaultArn": VAULT, "Lifecycle": {"DeleteAfterDays": 14}}]


def test_all_tables_of_the_stage_are_backed_up(prepared: Synthesis) -> None:
    """Restored ones, too: the selection is by tags, and names no table."""
    selection = the(prepared, "AWS::Backup::BackupSelection")["BackupSelection"]
    wanted = {
        each["ConditionKey"].removeprefix("aws:ResourceTag/"): each["ConditionValue"]
        for each in selection["Conditions"]["StringEquals"]
    }

    assert wanted == {"service": SERVICE, "stage": "prod"}
    assert readable(selection["Resources"][0]).endswith(":table/*")
    for table in prepared.named(TABLE).values():
        (replica,) = table["Replicas"]
        assert {tag["Key"]: tag["Value"] for tag in replica["Tags"]} == wanted


def test_nobody_can_delete_a_backup_before_its_time(prepared: Synthesis) -> None:
    vault = prepared.the("AWS::Backup::BackupVault")

    (statement,) = vault.properties["AccessPolicy"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    assert "backup:DeleteRecoveryPoint" in statement["Action"]


def test_a_vault_outlives_its_stack_but_no_deployment_that_fails(prepared: Synthesis) -> None:
    vault = prepared.the("AWS::Backup::BackupVault")

    assert vault.body["DeletionPolicy"] == "RetainExceptOnCreate"
    assert vault.body["UpdateReplacePolicy"] == "Retain"


def test_a_backup_that_fails_is_reported_like_an_alarm(prepared: Synthesis) -> None:
    rule = prepared.named("AWS::Events::Rule")["BackupsFailed"]
    (topic,) = rule["Targets"]
    key = the(prepared, "AWS::KMS::Key")["KeyPolicy"]["Statement"]

    assert rule["EventPattern"]["source"] == ["aws.backup"]
    assert "FAILED" in rule["EventPattern"]["detail"]["state"]
    assert readable(topic["Arn"]) == "AlarmTopic"
    assert [each for each in key if each["Principal"].get("Service") == "events.amazonaws.com"]


def test_without_the_setting_there_is_no_backup_plan(stage: Synthesis) -> None:
    assert not stage.resources("AWS::Backup::BackupPlan")


# Restored tables


def test_a_restored_table_takes_the_place_of_the_stages_own(prepared: Synthesis) -> None:
    """CloudFormation adopts a table only if it has a fixed name and is retained."""
    names = {each.name: each.properties.get("TableName") for each in prepared.resources(TABLE)}
    table = next(each for each in prepared.resources(TABLE) if each.name == "Orders20261127T1000Z")
    variables = prepared.named("AWS::Lambda::Function")["SubmitOrder"]["Environment"]["Variables"]

    assert names == {
        "Orders20261127T1000Z": RESTORED,
        **dict.fromkeys(("Inventory", "Idempotency", "Audit", "Picks")),
    }
    assert (table.body["DeletionPolicy"], table.body["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert readable(variables["ORDERS_TABLE"]) == "Orders20261127T1000Z"


def test_a_restored_table_differs_from_the_stages_own_in_its_name_only(
    prepared: Synthesis, prod: Synthesis
) -> None:
    restored, own = prepared.named(TABLE)["Orders20261127T1000Z"], prod.named(TABLE)["Orders"]

    assert restored == own | {"TableName": RESTORED}


def test_the_tables_that_can_be_restored_are_all_tables(prod: Synthesis) -> None:
    assert set(prod.named(TABLE)) == set(TABLES)


def test_a_restore_or_the_command_line_sets_every_property_of_a_table(prod: Synthesis) -> None:
    """CloudFormation adopts a table as it is: what neither sets would be missing."""
    restored = {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "SSESpecification",
    }
    set_again = {"StreamSpecification", "TimeToLiveSpecification"}
    of_replica = {"DeletionProtectionEnabled", "PointInTimeRecoverySpecification", "Region", "Tags"}

    for table in prod.named(TABLE).values():
        (replica,) = table.pop("Replicas")
        assert set(table) <= restored | set_again
        assert set(replica) - {"GlobalSecondaryIndexes"} <= of_replica


@pytest.mark.parametrize(
    ("stage", "content", "message"),
    [
        ("dev", 'api_domain = "api.shop.example"', "api_domain and api_certificate need each other"),
        ("dev", DOMAIN.replace("api.shop.example", "https://x"), "a domain name like"),
        ("dev", 'region = "eu-west-1"\n' + DOMAIN, "must be in eu-west-1"),
        ("local", DOMAIN, "valid for cloud stages only"),
        ("local", f'backup_vault = "{VAULT}"', "valid for cloud stages only"),
        ("dev", 'backup_vault = "orders"', "the ARN of a backup vault"),
        ("dev", f'restored_tables = ["{RESTORED}"]', "orders-dev-Orders-20261127"),
        ("dev", 'restored_tables = ["orders-dev-Order-1"]', "orders-dev-Orders-20261127"),
        ("dev", 'restored_tables = ["orders-dev-Orders-1", "orders-dev-Orders-2"]', "for each table"),
    ],
)
def test_settings_that_do_not_fit_are_refused(stage: str, content: str, message: str, tmp_path: Path) -> None:
    (tmp_path / f"{stage}.toml").write_text(content)

    with pytest.raises(SettingsError, match=message):
        read_settings({"stage": stage}, tmp_path)
