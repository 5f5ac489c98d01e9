"""Files with orders, in the bucket from which they are imported."""

import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cli.errors import WrongUsage
from cli.shapes import ImportedLineJson, ImportSummaryJson

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_INCOMING: Final = "incoming/"
_RESULTS: Final = "results/"
_SUMMARY: Final = ".summary.json"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")
"""Characters that tools and consoles can write in different ways, or not at all."""


class OrderFiles:
    """The bucket of a stage.

    Args:
        client: A client of S3.
        bucket: Its name.
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, file: Path) -> str:
        """Put a file into the bucket, under a name of its own, so that it replaces no other.

        Returns:
            The name.

        Raises:
            WrongUsage: The file can't be read.
        """
        stem = _NOT_IN_NAMES.sub("_", file.stem)
        name = f"{stem}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}.jsonl"
        try:
            with file.open("rb") as content:
                self._client.put_object(Bucket=self._bucket, Key=f"{_INCOMING}{name}", Body=content)
        except OSError as error:
            raise WrongUsage(f"{file} can't be read", error.strerror or "") from error
        return name

    def results_url(self, name: str) -> str:
        """Where the results of a file are."""
        return f"s3://{self._bucket}/{_RESULTS}{name}"

    def summary(self, name: str) -> ImportSummaryJson | None:
        """What became of a file; None if its import has not ended."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=f"{_RESULTS}{name}{_SUMMARY}")
        except self._client.exceptions.NoSuchKey:
            return None
        summary: ImportSummaryJson = json.load(answer["Body"])
        return summary

    def rejected(self, name: str) -> Iterator[ImportedLineJson]:
        """The lines of a file that made no order."""
        answer = self._client.get_object(Bucket=self._bucket, Key=f"{_RESULTS}{name}")
        for text in answer["Body"].iter_lines():
            line: Any = json.loads(text)
            if line["outcome"] == "rejected":
                yield line
