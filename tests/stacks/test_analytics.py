"""The events in S3: protected, partitioned by day, and queried by Athena."""

import re
from typing import get_type_hints

import pytest

from lambdas.domain.order_events import (
    FailureDetail,
    ItemDetail,
    LineRefundDetail,
    OrderEventDetail,
    PaymentDetail,
)
from stacks.constructs.build_folder import PROJECT
from stacks.event_table import COLUMNS
from tests.stacks.synthesis import Synthesis, readable

pytestmark = pytest.mark.xdist_group("stacks")

BUCKET, STREAM = "AWS::S3::Bucket", "AWS::KinesisFirehose::DeliveryStream"
NO_PERSONAL_DATA = {"customer_id", "message"}


def test_the_bucket_is_encrypted_and_never_public(stage: Synthesis) -> None:
    bucket = stage.named(BUCKET)["Analytics"]

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_in_the_cloud_the_bucket_needs_tls_1_2_and_outlives_its_stack(cloud: Synthesis) -> None:
    (bucket,) = (each for each in cloud.resources(BUCKET) if each.name == "Analytics")
    statements = cloud.named("AWS::S3::BucketPolicy")["AnalyticsPolicy"]["PolicyDocument"]["Statement"]

    assert bucket.body["DeletionPolicy"] == "Retain"
    assert {str(each["Condition"]) for each in statements if each["Effect"] == "Deny"} == {
        "{'Bool': {'aws:SecureTransport': 'false'}}",
        "{'NumericLessThan': {'s3:TlsVersion': 1.2}}",
    }


def test_only_prod_keeps_events_and_old_versions(stage: Synthesis) -> None:
    bucket = stage.named(BUCKET)["Analytics"]
    days = {each["Prefix"]: each["ExpirationInDays"] for each in bucket["LifecycleConfiguration"]["Rules"]}

    if stage.stage == "prod":
        assert days == {"results/": 30, "errors/": 30}
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    else:
        assert days == {"results/": 30, "errors/": 30, "order_events/": 30}
        assert "VersioningConfiguration" not in bucket


def test_every_event_of_an_order_goes_to_the_stream(stage: Synthesis) -> None:
    rule = stage.named("AWS::Events::Rule")["AnalyticsRule"]

    (target,) = rule["Targets"]
    assert readable(rule["EventBusName"]) == "Bus"
    assert rule["EventPattern"] == {"source": ["orders"]}
    assert readable(target["Arn"]) == "AnalyticsStream.Arn"
    assert readable(target["DeadLetterConfig"]["Arn"]) == "UnstoredEvents.Arn"
    assert "InputTransformer" not in target, "the embedded run does not apply it"


def test_the_rule_may_put_events_into_its_stream_only(stage: Synthesis) -> None:
    policy = stage.named("AWS::IAM::Policy")["AnalyticsStreamEventsRoleDefaultPolicy"]

    (statement,) = policy["PolicyDocument"]["Statement"]
    assert readable(statement["Resource"]) == "AnalyticsStream.Arn"
    assert statement["Action"] == ["firehose:PutRecord", "firehose:PutRecordBatch"]


def test_the_stream_may_not_delete_what_it_stored(stage: Synthesis) -> None:
    role = stage.named("AWS::IAM::Role")["AnalyticsRole"]

    (policy,) = role["Policies"]
    on_bucket = [
        statement["Action"]
        for statement in policy["PolicyDocument"]["Statement"]
        if readable(statement["Resource"]).startswith("Analytics.Arn")
    ]
    assert on_bucket == [
        ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
        ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
    ]


def test_the_table_finds_the_objects_of_the_stream(stage: Synthesis) -> None:
    """A partition of the table is what Athena makes of its template: the folder that Firehose writes into."""
    table = stage.the("AWS::Glue::Table").properties["TableInput"]
    stored = stage.the(STREAM).properties["ExtendedS3DestinationConfiguration"]

    (key,) = (each["Name"] for each in table["PartitionKeys"])
    template = readable(table["Parameters"]["storage.location.template"])
    assert template.replace(f"${{{key}}}", "!{timestamp:yyyy-MM-dd}") == f"s3://Analytics/{stored['Prefix']}"
    assert table["Parameters"][f"projection.{key}.type"] == "date"
    assert stored["DataFormatConversionConfiguration"]["SchemaConfiguration"]["TableName"] == {
        "Ref": "EventTable"
    }


def test_every_column_is_a_field_of_the_events(stage: Synthesis) -> None:
    columns = stage.the("AWS::Glue::Table").properties["TableInput"]["StorageDescriptor"]["Columns"]
    promised = {
        name
        for details in (OrderEventDetail, ItemDetail, PaymentDetail, LineRefundDetail, FailureDetail)
        for name in get_type_hints(details)
    }

    assert {each["Name"]: each["Type"] for each in columns} == COLUMNS
    assert set(re.findall(r"(\w+):", COLUMNS["detail"])) <= promised - NO_PERSONAL_DATA


def test_the_saved_queries_are_those_of_the_folder(cloud: Synthesis) -> None:
    queries = cloud.named("AWS::Athena::NamedQuery").values()

    assert {each["QueryString"] for each in queries} == {
        file.read_text() for file in (PROJECT / "analytics").glob("*.sql")
    }
    assert {(readable(each["WorkGroup"]), readable(each["Database"])) for each in queries} == {
        ("Workgroup", "Database")
    }


def test_the_results_of_queries_are_in_the_bucket(stage: Synthesis) -> None:
    group = stage.the("AWS::Athena::WorkGroup").properties

    settings = group["WorkGroupConfiguration"]
    assert settings["EnforceWorkGroupConfiguration"] is True
    assert readable(settings["ResultConfiguration"]["OutputLocation"]) == "s3://Analytics/results/"
