"""The saved queries over the events of all orders, run by Athena."""

import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cli.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_athena.type_defs import RowTypeDef

Row = dict[str, str | int]

_FOLDER: Final = Path(__file__).parent.parent / "analytics"
_NUMBER: Final = re.compile(r"-?[0-9]+")
_PAUSE_SECONDS: Final = 0.3


class SavedQuery(StrEnum):
    """The queries, by the names of their files."""

    REVENUE = "revenue"
    FAILURES = "failures"


@dataclass(frozen=True)
class Analytics:
    """Runs queries over the events of a stage.

    Attributes:
        client: A client of Athena.
        stage: Name of the stage.
    """

    client: "AthenaClient"
    stage: str

    def run(self, query: SavedQuery) -> list[Row]:
        """Run a saved query; amounts are in minor units.

        Raises:
            Unavailable: Athena could not run it.
        """
        return self.rows((_FOLDER / f"{query}.sql").read_text(encoding="utf-8"))

    def rows(self, sql: str) -> list[Row]:
        """Run any query.

        Raises:
            Unavailable: Athena could not run it.
        """
        execution = self.client.start_query_execution(
            QueryString=sql,
            WorkGroup=f"orders-{self.stage}",
            QueryExecutionContext={"Database": f"orders_{self.stage}"},
        )["QueryExecutionId"]
        self._await_end(execution)
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution)
        names, *rows = [_cells(row) for page in pages for row in page["ResultSet"]["Rows"]]
        return [
            {
                name: int(cell) if _NUMBER.fullmatch(cell) else cell
                for name, cell in zip(names, row, strict=True)
            }
            for row in rows
        ]

    def _await_end(self, execution: str) -> None:
        while True:
            found = self.client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
            if found["State"] == "SUCCEEDED":
                return
            if found["State"] in {"FAILED", "CANCELLED"}:
                raise Unavailable("The query failed", found.get("StateChangeReason", ""))
            time.sleep(_PAUSE_SECONDS)


def _cells(row: "RowTypeDef") -> list[str]:
    return [cell.get("VarCharValue", "") for cell in row["Data"]]
