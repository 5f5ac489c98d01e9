"""The import of orders: the bucket for the files, its events, and who may use it."""

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam

from lambdas.domain.vocabulary import ImportFolder
from stacks.constructs.bucket import Bucket
from stacks.constructs.event_consumers import Subscription
from stacks.constructs.findings import accept
from stacks.constructs.grant import Grant, allow
from stacks.constructs.stage_stack import StageStack
from stacks.settings import StageSettings

FILES_AT_ONCE = 2
"""AWS's minimum for the calls that one queue makes at the same time."""


class OrderImport:
    """A bucket whose files with orders are imported."""

    def __init__(self, stack: StageStack, settings: StageSettings) -> None:
        self._settings = settings
        self._bucket = Bucket(
            stack,
            "Import",
            settings,
            # Files can have the addresses of customers; results have none. The results of an unfinished file
            # are kept for longer than the dead letter that continues it.
            kept_days={ImportFolder.INCOMING: 7, ImportFolder.UNFINISHED: 30, ImportFolder.RESULTS: 30},
            why_not_logged="CloudTrail can record who puts files and reads results, if the account lets it.",
        )
        self._bucket.announce_objects()
        policy = self._policy_for_people(stack)
        stack.add_output("ImportBucketName", self._bucket.bucket_name, "Bucket for files with orders")
        stack.add_output("ImportPolicyArn", policy.managed_policy_arn, "Lets people import files with orders")

    def files(self) -> Subscription:
        """Receive an event for each file that is put into the bucket."""
        return Subscription(
            events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._bucket.bucket_name]},
                    "object": {"key": [{"prefix": ImportFolder.INCOMING.value}]},
                },
            )
        )

    def grants(self, users: cognito.UserPool) -> list[Grant]:
        """Read files, write results, and look up customers in the pool."""
        lookups = allow(users.user_pool_arn, "cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser")
        submission = {"IMPORT_RATE": str(self._settings.import_rate), "CAPTURE": self._settings.capture}
        return [
            self._bucket.read(*ImportFolder),
            self._bucket.add(ImportFolder.UNFINISHED, ImportFolder.RESULTS),
            Grant({"USER_POOL_ID": users.user_pool_id, **submission}, [lookups]),
        ]

    def _policy_for_people(self, stack: StageStack) -> iam.ManagedPolicy:
        """Add the policy that the account's administrators attach to the role of those who import files."""
        grants = self._bucket.add(ImportFolder.INCOMING), self._bucket.read(ImportFolder.RESULTS)
        policy = iam.ManagedPolicy(
            stack,
            "ImportPolicy",
            description="Put files with orders into the bucket, and read what became of them",
            statements=[permission for grant in grants for permission in grant.permissions],
        )
        for grant in grants:
            for finding, reason in grant.accepted.items():
                accept(policy, finding, reason)
        return policy
