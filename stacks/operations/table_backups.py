"""Backups of all tables, copied into another account, out of reach of all who can deploy it."""

from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam

from lambdas.domain.vocabulary import SERVICE
from stacks.constructs.findings import accept
from stacks.constructs.stage_stack import StageStack
from stacks.operations.alarm_topic import AlarmTopic
from stacks.settings import StageSettings

BACKUP_HOURS: Final = 6
"""Hours between two backups. They are what can be lost with the account, beside the time of a copy."""

_HERE: Final = Duration.days(3)
_THERE: Final = Duration.days(14)
"""How long backups are kept. Here they are only what is copied: each table can be restored by itself."""

_POLICY: Final = "service-role/AWSBackupServiceRolePolicyForBackup"


class TableBackups:
    """A vault, the plan that fills it and copies each backup, and a notification for each failure.

    The tables are selected by their tags, so the plan also has those that were restored.

    Sources, read in November 2026:
    https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
    https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
    """

    def __init__(self, stack: StageStack, settings: StageSettings, vault_arn: str, topic: AlarmTopic) -> None:
        tables = stack.format_arn(service="dynamodb", resource="table")
        vault = backup.BackupVault(
            stack,
            "Backups",
            backup_vault_name=f"orders-{settings.stage}",
            # Only the plan deletes a backup, when its time has come.
            block_recovery_point_deletion=True,
            # A vault with backups can't be deleted. A first deployment that fails still removes an empty one,
            # because its name would block the next one.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        elsewhere = backup.BackupVault.from_backup_vault_arn(stack, "BackupsElsewhere", vault_arn)
        plan = backup.BackupPlan(
            stack,
            "BackupPlan",
            backup_plan_name=f"orders-{settings.stage}",
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="tables",
                    backup_vault=vault,
                    schedule_expression=events.Schedule.cron(minute="0", hour=f"0/{BACKUP_HOURS}"),
                    start_window=Duration.hours(1),
                    completion_window=Duration.hours(BACKUP_HOURS),
                    delete_after=_HERE,
                    copy_actions=[
                        backup.BackupPlanCopyActionProps(
                            destination_backup_vault=elsewhere, delete_after=_THERE
                        )
                    ],
                )
            ],
        )
        role = iam.Role(
            stack,
            "BackupRole",
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(_POLICY)],
        )
        accept(
            role,
            f"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{_POLICY}]",
            "AWS maintains this policy for AWS Backup, which alone can take the role.",
        )
        backup.CfnBackupSelection(
            stack,
            "BackupSelection",
            backup_plan_id=plan.backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                selection_name="tables",
                iam_role_arn=role.role_arn,
                resources=[f"{tables}/*"],
                conditions={
                    "StringEquals": [
                        {"ConditionKey": f"aws:ResourceTag/{key}", "ConditionValue": value}
                        for key, value in (("service", SERVICE), ("stage", settings.stage))
                    ]
                },
            ),
        )
        events.Rule(
            stack,
            "BackupsFailed",
            description="Backups of the tables, or copies of them, that failed",
            event_pattern=events.EventPattern(
                source=["aws.backup"],
                detail_type=["Backup Job State Change", "Copy Job State Change"],
                detail={
                    "state": ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"],
                    "resourceArn": events.Match.prefix(f"{tables}/orders-{settings.stage}-"),
                },
            ),
            targets=[targets.SnsTopic(topic)],
        )
