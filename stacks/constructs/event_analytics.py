"""The order events in S3, for analysis with SQL: a stream of Firehose, a table of Glue, queries of Athena."""

from typing import Final, cast

from aws_cdk import CfnElement, Duration
from aws_cdk import aws_athena as athena
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from stacks.constructs.bucket import Bucket
from stacks.constructs.build_folder import PROJECT
from stacks.constructs.event_consumers import Subscription
from stacks.constructs.findings import accept
from stacks.constructs.grant import allow
from stacks.constructs.log_group import LogGroup
from stacks.constructs.queue import DeadLetterQueue
from stacks.constructs.stage_stack import StageStack
from stacks.event_table import COLUMNS, EVENT_TABLE, JSON_KEYS, PARTITION
from stacks.settings import StageSettings

QUERIES: Final = {"revenue": "Revenue a day", "failures": "Failure reasons"}
"""The saved queries: the file in `analytics/`, and the name in Athena's console."""

_FIRST_PARTITION: Final = "2026-11-01"

_KEPT_DAYS: Final = 30
_LONGEST_BUFFER: Final = Duration.minutes(15)


class EventAnalytics:
    """Stores every event that a subscription selects in S3, as Parquet, by the day of its arrival.

    Attributes:
        stream: The stream of Firehose that stores the events.
    """

    def __init__(self, stack: StageStack, settings: StageSettings, subscription: Subscription) -> None:
        bucket = _bucket(stack, settings)
        table = _table(stack, settings, bucket)
        self.stream = _stream(stack, settings, bucket, table)
        _deliver(stack, settings, subscription, self.stream)
        _add_queries(stack, settings, bucket, table)
        stack.add_output("AnalyticsBucketName", bucket.bucket_name, "Bucket of the events for analysis")


def _bucket(stack: StageStack, settings: StageSettings) -> Bucket:
    """Add the bucket. Events are kept where data is kept; query results and what was not stored are not."""
    events_expire = {} if settings.keep_data else {f"{EVENT_TABLE}/": _KEPT_DAYS}
    return Bucket(
        stack,
        "Analytics",
        settings,
        kept_days={"results/": _KEPT_DAYS, "errors/": _KEPT_DAYS, **events_expire},
        versioned=settings.keep_data,
        why_not_logged=(
            "Only Firehose writes the bucket, Athena reads it, and CloudTrail records who ran which query."
        ),
    )


def _table(stack: StageStack, settings: StageSettings, bucket: Bucket) -> glue.CfnTable:
    """Add the table. Athena computes its partitions from the parameters, so nobody has to add each day."""
    database = glue.CfnDatabase(
        stack,
        "Database",
        catalog_id=stack.account,
        database_input=glue.CfnDatabase.DatabaseInputProperty(
            name=f"orders_{settings.stage}", description="Orders: events for analysis"
        ),
    )
    location = f"s3://{bucket.bucket_name}/{EVENT_TABLE}/"
    return glue.CfnTable(
        stack,
        "EventTable",
        catalog_id=stack.account,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=EVENT_TABLE,
            description="Every event of every order; an event can be in it more than once",
            table_type="EXTERNAL_TABLE",
            partition_keys=[glue.CfnTable.ColumnProperty(name=PARTITION, type="string")],
            parameters={
                "classification": "parquet",
                "projection.enabled": "true",
                f"projection.{PARTITION}.type": "date",
                f"projection.{PARTITION}.format": "yyyy-MM-dd",
                f"projection.{PARTITION}.range": f"{_FIRST_PARTITION},NOW",
                "storage.location.template": f"{location}{PARTITION}=${{{PARTITION}}}/",
            },
            storage_descriptor=glue.CfnTable.StorageDescriptorProperty(
                columns=[
                    glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in COLUMNS.items()
                ],
                location=location,
                input_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                output_format="org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                serde_info=glue.CfnTable.SerdeInfoProperty(
                    serialization_library="org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
                ),
            ),
        ),
    )


def _stream(
    stack: StageStack, settings: StageSettings, bucket: Bucket, table: glue.CfnTable
) -> firehose.DeliveryStream:
    """Add the stream. Each object is made of the events of 15 minutes, or of 128 MB."""
    logs = LogGroup(stack, "AnalyticsLogs", settings, name=f"/aws/kinesisfirehose/orders-{settings.stage}")
    role = _role(stack, bucket, table, logs)
    return firehose.DeliveryStream(
        stack,
        "AnalyticsStream",
        encryption=firehose.StreamEncryption.aws_owned_key(),
        destination=firehose.S3Bucket(
            bucket,
            role=role.without_policy_updates(),  # the CDK would also permit it to delete objects
            buffering_interval=_LONGEST_BUFFER,
            data_output_prefix=f"{EVENT_TABLE}/{PARTITION}=!{{timestamp:yyyy-MM-dd}}/",
            error_output_prefix="errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/",
            logging_config=firehose.EnableLogging(logs),
            data_format_conversion=firehose.DataFormatConversionProps(
                schema_configuration=firehose.SchemaConfiguration.from_cfn_table(table),
                input_format=firehose.OpenXJsonInputFormat(column_to_json_key_mappings=JSON_KEYS),
                output_format=firehose.OutputFormat.PARQUET,
            ),
        ),
    )


def _role(stack: StageStack, bucket: Bucket, table: glue.CfnTable, logs: LogGroup) -> iam.Role:
    """Add the role of the stream.

    Source, read in November 2026: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
    """
    catalog = ("catalog", f"database/{table.database_name}", f"table/{table.database_name}/{table.ref}")
    statements = [
        allow(bucket.bucket_arn, "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
        allow(bucket.arn_for_objects("*"), "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
        allow(logs.log_group_arn, "logs:PutLogEvents"),
        iam.PolicyStatement(
            actions=["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"],
            resources=[stack.format_arn(service="glue", resource=each) for each in catalog],
        ),
    ]
    role = iam.Role(
        stack,
        "AnalyticsRole",
        assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"),
        inline_policies={"Store": iam.PolicyDocument(statements=statements)},
    )
    objects = stack.get_logical_id(cast(CfnElement, bucket.node.default_child))
    accept(
        role,
        f"AwsSolutions-IAM5[Resource::<{objects}.Arn>/*]",
        "Firehose names the objects by the time, so the permission is for all of this bucket.",
    )
    return role


def _deliver(
    stack: StageStack, settings: StageSettings, subscription: Subscription, stream: firehose.DeliveryStream
) -> None:
    """Put the events into the stream; those that EventBridge can't put there become dead letters."""
    rule = events.Rule(
        stack,
        "AnalyticsRule",
        description="Events for analysis",
        event_bus=subscription.bus,
        event_pattern=subscription.pattern,
        targets=[targets.FirehoseDeliveryStream(stream)],
    )
    dead_letters = DeadLetterQueue(stack, "UnstoredEvents", settings)
    dead_letters.grant_send_messages(
        iam.ServicePrincipal(
            "events.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}}
        )
    )
    # The CDK's target has no parameter for it.
    resource = cast(events.CfnRule, rule.node.default_child)
    resource.add_property_override("Targets.0.DeadLetterConfig.Arn", dead_letters.queue_arn)


def _add_queries(stack: StageStack, settings: StageSettings, bucket: Bucket, table: glue.CfnTable) -> None:
    """Add the workgroup, and in the cloud stages the queries: the embedded AWS can't save them."""
    workgroup = athena.CfnWorkGroup(
        stack,
        "Workgroup",
        name=f"orders-{settings.stage}",
        description="Queries about orders",
        recursive_delete_option=True,
        work_group_configuration=athena.CfnWorkGroup.WorkGroupConfigurationProperty(
            enforce_work_group_configuration=True,
            result_configuration=athena.CfnWorkGroup.ResultConfigurationProperty(
                output_location=f"s3://{bucket.bucket_name}/results/",
                encryption_configuration=athena.CfnWorkGroup.EncryptionConfigurationProperty(
                    encryption_option="SSE_S3"
                ),
            ),
        ),
    )
    if settings.embedded:
        return
    for file, name in QUERIES.items():
        athena.CfnNamedQuery(
            stack,
            f"{file.title()}Query",
            name=name,
            database=table.database_name,
            work_group=workgroup.ref,
            query_string=(PROJECT / "analytics" / f"{file}.sql").read_text(encoding="utf-8"),
        )
