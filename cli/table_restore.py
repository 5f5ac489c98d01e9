"""Restores tables of a stage into new tables, with all that a restore leaves out.

DynamoDB restores items, indexes and encryption. Stream, time to live, continuous backups, protection from
deletion and tags must be set again, and before CloudFormation adopts the table: other stacks read the ARN of
the stream
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/pointintimerecovery_restores.html, November
2026).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cli.errors import NotFound

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_POLL_SECONDS: Final = 5.0


@dataclass(frozen=True)
class TableSettings:
    """What a restore leaves out.

    Attributes:
        stream: Which images of an item the stream has; None for no stream.
        time_to_live: The attribute with the time at which an item expires; None if items do not expire.
        is_protected: Whether the table is protected from deletion.
    """

    stream: Any
    time_to_live: str | None
    is_protected: bool


class TableRestore:
    """The tables of a stage, and what was restored from them.

    Args:
        client: A client of DynamoDB.
        stage: Name of the stage.
        names: The present name of each table, by its name in the code.
        sleep: Waits for some seconds.

    Attributes:
        stage: Name of the stage.
        tables: The tables, by their names in the code.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        stage: str,
        names: Mapping[str, str],
        sleep: Callable[[float], None],
    ) -> None:
        self.stage = stage
        self.tables = set(names)
        self._client = client
        self._names = names
        self._sleep = sleep

    def latest(self, tables: list[str]) -> datetime | None:
        """The last second to which all of these tables can be restored; None if none of them exists.

        Raises:
            NotFound: A table exists without continuous backups.
        """
        moments = []
        for table in filter(self._exists, (self._names[table] for table in tables)):
            backups = self._client.describe_continuous_backups(TableName=table)
            description = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
            if "LatestRestorableDateTime" not in description:
                raise NotFound(f"{table} has no continuous backups")
            moments.append(description["LatestRestorableDateTime"])
        return min(moments, default=None)

    def restore(self, moment: datetime | None, targets: Mapping[str, str]) -> Iterator[str]:
        """Restore tables into new ones, all at the same time; continue those that exist already.

        A table that was deleted is restored from its last backup: DynamoDB makes one at the deletion of a
        table that has continuous backups, and keeps it for 35 days.

        Args:
            moment: The second to go back to.
            targets: The name of each new table, by the name of its table in the code.

        Yields:
            The progress.

        Raises:
            NotFound: A table was deleted, and there is no backup of it.
        """
        settings = {}
        for table, target in targets.items():
            source = self._names[table]
            backup = None if self._exists(source) else self._last_backup(source)
            settings[target] = self._settings_of(source) if backup is None else self._settings_in(backup)
            if self._exists(target):
                continue
            if backup is None and moment is not None:
                yield f"{source} as of {moment:%F %T} UTC is restored into {target}"
                self._client.restore_table_to_point_in_time(
                    SourceTableName=source, TargetTableName=target, RestoreDateTime=moment
                )
            elif backup is not None:
                created = backup["BackupDetails"]["BackupCreationDateTime"]
                yield f"{source} does not exist: its backup of {created:%F %T} UTC is restored into {target}"
                self._client.restore_table_from_backup(
                    BackupArn=backup["BackupDetails"]["BackupArn"], TargetTableName=target
                )
        for target, wanted in settings.items():
            self._await_active(target)
            yield f"{target} is restored: its settings are set"
            self._set(target, wanted)

    def _exists(self, name: str) -> bool:
        try:
            self._client.describe_table(TableName=name)
        except self._client.exceptions.ResourceNotFoundException:
            return False
        return True

    def _last_backup(self, source: str) -> Any:  # noqa: ANN401 - a type of boto3's stubs
        pages = self._client.get_paginator("list_backups").paginate(TableName=source, BackupType="ALL")
        found = [each for page in pages for each in page["BackupSummaries"] if each["TableName"] == source]
        if not found:
            raise NotFound(f"{source} does not exist, and there is no backup of it")
        newest = max(found, key=lambda each: each["BackupCreationDateTime"])
        return self._client.describe_backup(BackupArn=newest["BackupArn"])["BackupDescription"]

    def _settings_of(self, source: str) -> TableSettings:
        table = self._client.describe_table(TableName=source)["Table"]
        expiry = self._client.describe_time_to_live(TableName=source)["TimeToLiveDescription"]
        return TableSettings(
            table.get("StreamSpecification", {}).get("StreamViewType"),
            expiry.get("AttributeName"),
            table.get("DeletionProtectionEnabled", False),
        )

    @staticmethod
    def _settings_in(backup: Mapping[str, Any]) -> TableSettings:
        """The settings that a table had; a backup does not say whether it was protected, so this one is."""
        details = backup.get("SourceTableFeatureDetails", {})
        stream, expiry = details.get("StreamDescription") or {}, details.get("TimeToLiveDescription") or {}
        return TableSettings(stream.get("StreamViewType"), expiry.get("AttributeName"), is_protected=True)

    def _set(self, target: str, settings: TableSettings) -> None:
        """Set what is not set yet."""
        table = self._client.describe_table(TableName=target)["Table"]
        if settings.stream and not table.get("StreamSpecification", {}).get("StreamEnabled"):
            self._client.update_table(
                TableName=target,
                StreamSpecification={"StreamEnabled": True, "StreamViewType": settings.stream},
            )
            self._await_active(target)
        if settings.is_protected and not table.get("DeletionProtectionEnabled"):
            self._client.update_table(TableName=target, DeletionProtectionEnabled=True)
            self._await_active(target)
        expiry = self._client.describe_time_to_live(TableName=target)["TimeToLiveDescription"]
        if settings.time_to_live and "AttributeName" not in expiry:
            self._client.update_time_to_live(
                TableName=target,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": settings.time_to_live},
            )
        self._turn_on_continuous_backups(target)
        self._client.tag_resource(
            ResourceArn=table["TableArn"],
            Tags=[{"Key": "service", "Value": "orders"}, {"Key": "stage", "Value": self.stage}],
        )

    def _turn_on_continuous_backups(self, name: str) -> None:
        """Turn them on. DynamoDB refuses it for some minutes after a table became active."""
        while True:
            try:
                self._client.update_continuous_backups(
                    TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
                )
            except self._client.exceptions.ContinuousBackupsUnavailableException:
                self._sleep(_POLL_SECONDS)
            else:
                return

    def _await_active(self, name: str) -> None:
        """Wait until a table can be used. A restore takes minutes to hours."""
        while self._client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            self._sleep(_POLL_SECONDS)
