"""Runs MiniStack with what it lacks to store events in S3, to query them, and to adopt restored tables.

MiniStack has streams of Firehose, and its EventBridge accepts one as a target of a rule. But it drops the
events. Its Athena takes a nested column for text as long as a table is empty. Its CloudFormation can adopt a
table, but not a global one: it creates it again, and empty. It does the same if a global table with a
name of its own is updated, such as by one more index.
"""

import base64
import json
from typing import Any, Final

from ministack.app import main  # type: ignore[import-untyped]  # it ships no types
from ministack.core.concurrency import spawn_background  # type: ignore[import-untyped]  # it ships no types
from ministack.services import athena, eventbridge, firehose  # type: ignore[import-untyped]  # it ships no types
from ministack.services.cloudformation import (  # type: ignore[import-untyped]  # it ships no types
    changesets,
    provisioners,
)

# ruff: noqa: SLF001 - MiniStack has no hooks for this

_TABLE, _GLOBAL_TABLE = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"
_STREAM_ARN: Final = "arn:aws:firehose:"

_invoke_other_target = eventbridge._invoke_target


def _invoke_target(target: dict[str, Any], event: dict[str, Any], rule: object, view: Any = None) -> None:  # noqa: ANN401 - MiniStack's own type
    """Put the whole event into the stream, as on AWS; a transformer of the target is not applied."""
    if not target["Arn"].startswith(_STREAM_ARN):
        _invoke_other_target(target, event, rule, view)
        return
    view = view or eventbridge._pattern_event_view(event)
    record = base64.b64encode(json.dumps(view.event_with_detail()).encode()).decode()
    # In a thread, because the conversion to Parquet takes some milliseconds.
    spawn_background(
        firehose._put_record,
        {"DeliveryStreamName": target["Arn"].rpartition("/")[2], "Record": {"Data": record}},
        thread_name="firehose-target",
    )


def _duckdb_type(column: dict[str, str]) -> str:
    """The type of a column in DuckDB, nested types included."""
    return str(firehose._hive_to_duckdb_type(column["Type"]))


_update_global_table = provisioners._ddb_global_table_update


def _update_in_place(name: str, before: dict[str, Any], after: dict[str, Any], stack: str) -> object:
    """Update a global table, and not another one: MiniStack derives a new name from the table's own name."""
    named = {"TableName": name}
    return _update_global_table(name, {**named, **before}, {**named, **after}, stack)


if __name__ == "__main__":
    eventbridge._invoke_target = _invoke_target
    athena._duckdb_type = _duckdb_type
    changesets._IMPORT_LOOKUPS[_GLOBAL_TABLE] = changesets._IMPORT_LOOKUPS[_TABLE]
    handlers = provisioners._RESOURCE_HANDLERS
    handlers[_GLOBAL_TABLE]["update"] = _update_in_place
    handlers[_GLOBAL_TABLE]["import"] = handlers[_TABLE]["import"]
    main()
