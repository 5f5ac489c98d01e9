"""The bucket: the files with orders, and the results."""

import json
from collections.abc import Iterator, Mapping
from shutil import copyfileobj
from typing import IO, TYPE_CHECKING, Any, Final, Self

from botocore.exceptions import ClientError

from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.vocabulary import IMPORT_SUMMARY, ImportFolder
from lambdas.events.import_orders.import_run import ImportRun
from lambdas.shared.aws import error_code, s3, transient_as
from lambdas.shared.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CHUNK_BYTES: Final = 256 * 1024
"""How much of a file is read at once."""


class FileDeleted(Exception):
    """The file is no longer in the bucket."""


class FileReplaced(Exception):
    """The file has another content now, which another run imports."""


class ImportBucket:
    """The bucket of a stage.

    Args:
        client: A client of S3.
        name: Name of the bucket.
    """

    def __init__(self, client: "S3Client", name: str) -> None:
        self._client = client
        self._name = name

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """The bucket that the environment names."""
        return cls(s3(), settings.import_bucket)

    def read(self, run: ImportRun) -> Iterator[bytes]:
        """Read what is left of a file, a chunk at a time.

        Raises:
            FileDeleted: The file is no longer there.
            FileReplaced: Its content is no longer that of the run.
            StoreUnavailable: S3 does not answer.
        """
        key = _file_of(run)
        for start in range(run.progress.offset, run.size, CHUNK_BYTES):
            bytes_wanted = f"bytes={start}-{start + CHUNK_BYTES - 1}"
            with transient_as(StoreUnavailable):
                try:
                    answer = self._client.get_object(
                        Bucket=self._name, Key=key, Range=bytes_wanted, IfMatch=f'"{run.etag}"'
                    )
                    chunk = answer["Body"].read()
                except self._client.exceptions.NoSuchKey as error:
                    raise FileDeleted(key) from error
                except ClientError as error:
                    if error_code(error) == "PreconditionFailed":
                        raise FileReplaced(key) from error
                    raise
            yield chunk

    def load_results(self, run: ImportRun, into: IO[bytes]) -> None:
        """Read the results of the lines that are imported already."""
        if run.progress.lines:
            with transient_as(StoreUnavailable):
                answer = self._client.get_object(Bucket=self._name, Key=_unfinished(run))
                copyfileobj(answer["Body"], into)

    def save_results(self, run: ImportRun, results: IO[bytes]) -> None:
        """Keep the results so far.

        The same lines always have the same results, so a second invocation that does the same work writes
        the same.
        """
        self._put(_unfinished(run), results)

    def has_finished(self, run: ImportRun) -> bool:
        """Whether the run has ended already, so that its message comes again."""
        with transient_as(StoreUnavailable):
            try:
                answer = self._client.get_object(Bucket=self._name, Key=_summary_of(run))
                summary = json.load(answer["Body"])
            except self._client.exceptions.NoSuchKey:
                return False
        return bool(summary["run_id"] == run.run_id)

    def finish(self, run: ImportRun, results: IO[bytes], summary: Mapping[str, Any]) -> None:
        """Write the results, and then the summary, which says that they are complete.

        Raises:
            FileReplaced: The results of this name belong to another content by now.
        """
        self._ensure_not_replaced(run)
        self._put(f"{ImportFolder.RESULTS}{run.name}", results)
        self._put(_summary_of(run), json.dumps(summary, indent=2).encode())

    def _ensure_not_replaced(self, run: ImportRun) -> None:
        """Compare the content once more: it may have changed since its last part was read."""
        key = _file_of(run)
        with transient_as(StoreUnavailable):
            try:
                file = self._client.head_object(Bucket=self._name, Key=key)
            except ClientError as error:
                if error_code(error) == "404":  # an answer to HEAD has no body, so no other code
                    return
                raise
        if file["ETag"].strip('"') != run.etag:
            raise FileReplaced(key)

    def _put(self, key: str, content: IO[bytes] | bytes) -> None:
        if not isinstance(content, bytes):
            content.seek(0)
        with transient_as(StoreUnavailable):
            self._client.put_object(Bucket=self._name, Key=key, Body=content)


def _file_of(run: ImportRun) -> str:
    return f"{ImportFolder.INCOMING}{run.name}"


def _summary_of(run: ImportRun) -> str:
    return f"{ImportFolder.RESULTS}{run.name}{IMPORT_SUMMARY}"


def _unfinished(run: ImportRun) -> str:
    return f"{ImportFolder.UNFINISHED}{run.run_id}/{run.progress.lines}.jsonl"
