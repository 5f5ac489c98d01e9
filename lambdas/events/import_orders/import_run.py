"""The import of one file, as a message of the queue describes it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from lambdas.domain.vocabulary import IMPORT_SUMMARY, ImportFolder


class Outcome(StrEnum):
    """What became of a line."""

    NEW = "new"
    """It made an order."""
    REPLAYED = "replayed"
    """Its order existed already."""
    REJECTED = "rejected"
    BLANK = "blank"


@dataclass(slots=True)
class Progress:
    """How far a file is imported: what the next invocation goes on with.

    Attributes:
        offset: Where the first line that is left begins, in bytes.
        lines: How many lines are before it.
        counts: How many of them had each outcome.
    """

    offset: int = 0
    lines: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))


@dataclass(frozen=True, slots=True)
class ImportRun:
    """The import of one file that was put into the bucket.

    Attributes:
        run_id: Id of S3's event: each time that a file is put into the bucket has its own.
        name: The file's name, without its folder.
        etag: Names the content of the file.
        size: In bytes.
        started_at: When the file was put into the bucket. UTC, ISO 8601.
        progress: How far it is imported.
    """

    run_id: str
    name: str
    etag: str
    size: int
    started_at: str
    progress: Progress

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """Read a message: S3's event, to which a message that continues a run adds `progress`."""
        file = message["detail"]["object"]
        return cls(
            run_id=message["id"],
            name=file["key"].removeprefix(ImportFolder.INCOMING),
            etag=file["etag"],
            size=file["size"],
            started_at=message["time"],
            progress=Progress(**message.get("progress", {})),
        )

    @property
    def can_have_results(self) -> bool:
        """Whether the file has a name, unlike a folder that is made by hand, and not that of a summary."""
        return bool(self.name) and not self.name.endswith(IMPORT_SUMMARY)

    def continued(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The message that continues the run."""
        return {**message, "progress": asdict(self.progress)}

    def request_id(self, line: int) -> str:
        """Names the run and the line on the timeline of the order that the line makes.

        It tells a line that is repeated after an interruption, and whose order is thus its own, from one
        whose order another line, another run or a request to the API has made.
        """
        return f"{self.run_id}/{line}"
