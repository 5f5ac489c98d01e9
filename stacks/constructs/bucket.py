"""S3 buckets: their common properties, and the grants for them."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_s3 as s3

from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant, allow
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings


class Bucket(s3.Bucket):
    """A private, encrypted bucket that deletes what is in its folders after some days."""

    def __init__(
        self,
        scope: StageStack,
        construct_id: str,
        settings: StageSettings,
        *,
        kept_days: Mapping[str, int],
        versioned: bool = False,
        why_not_logged: str,
    ) -> None:
        """Add a bucket to a stack; functions know its name as `CONSTRUCT_ID_BUCKET`.

        Args:
            scope: The stack.
            construct_id: Such as `Import`.
            settings: The settings of the stage.
            kept_days: How long the objects of each folder, such as `incoming/`, are kept; those of others are
                kept for good.
            versioned: Whether objects that are replaced or deleted can be restored, for as long.
            why_not_logged: Why S3 does not log each access; a sentence.
        """
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            # The embedded AWS has no TLS: a policy that demands it would refuse every call.
            enforce_ssl=not settings.embedded,
            minimum_tls_version=None if settings.embedded else 1.2,
            versioned=versioned,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id=f"Expire-{folder.rstrip('/')}",
                    prefix=folder,
                    expiration=Duration.days(days),
                    noncurrent_version_expiration=Duration.days(days) if versioned else None,
                    abort_incomplete_multipart_upload_after=Duration.days(1),
                )
                for folder, days in kept_days.items()
            ],
            # CloudFormation deletes no bucket that has objects.
            removal_policy=RemovalPolicy.DESTROY if settings.embedded else RemovalPolicy.RETAIN,
        )
        self._variables = {f"{construct_id.upper()}_BUCKET": self.bucket_name}
        accept(self, "AwsSolutions-S1", why_not_logged)
        if settings.embedded:
            accept(
                self,
                "AwsSolutions-S10",
                "The embedded AWS has no TLS, and its traffic does not leave the machine.",
            )

    def announce_objects(self) -> None:
        """Let S3 put an event on the account's default bus for each object that is added.

        The construct's own switch would deploy a function to set it; the bucket's property needs none.
        """
        cast(
            "s3.CfnBucket", self.node.default_child
        ).notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(
                event_bridge_enabled=True
            )
        )

    def read(self, *folders: str) -> Grant:
        """Get the objects of folders, and tell one that does not exist from one that may not be read.

        Without the permission to list the bucket, S3 answers 403 for both
        (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, November 2026).
        """
        objects = self._objects("s3:GetObject", *folders)
        return Grant(
            objects.variables,
            [allow(self.bucket_arn, "s3:ListBucket"), *objects.permissions],
            objects.accepted,
        )

    def add(self, *folders: str) -> Grant:
        """Put objects into folders."""
        return self._objects("s3:PutObject", *folders)

    def _objects(self, action: str, *folders: str) -> Grant:
        bucket = self.stack.get_logical_id(cast("s3.CfnBucket", self.node.default_child))
        return Grant(
            self._variables,
            [allow(self.arn_for_objects(f"{folder}*"), action) for folder in folders],
            {
                f"AwsSolutions-IAM5[Resource::<{bucket}.Arn>/{folder}*]": (
                    "The wildcard matches the objects of one folder of one bucket only."
                )
                for folder in folders
            },
        )
