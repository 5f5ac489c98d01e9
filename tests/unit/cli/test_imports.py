"""`orders import`: a file is put into the bucket, and its result is shown."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from cli import aws
from cli.commands.imports import MOST_SHOWN
from cli.order_files import OrderFiles
from cli.shapes import ImportSummaryJson
from tests.unit.cli.conftest import FakeShop, Run

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STAGE = ("--stage", "dev")
BUCKET = "files"
CONTENT = b'{"currency": "usd"}\n'


class Bucket:
    """The bucket of a stage, in an account in memory, and the function behind it."""

    def __init__(self) -> None:
        self.s3: S3Client = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def incoming(self) -> dict[str, bytes]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="incoming/").get("Contents", [])
        return {
            each["Key"]: self.s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in listed
        }

    def answer(self, *lines: Mapping[str, Any], stopped: str | None = None) -> None:
        """Write the results of the only file."""
        (key,) = self.incoming()
        name = key.removeprefix("incoming/")
        rejected = sum(line["outcome"] == "rejected" for line in lines)
        counts = {"new": len(lines) - rejected, "replayed": 0, "rejected": rejected, "blank": 0}
        summary = {"file": name, "lines": len(lines), "stopped": stopped, **counts}
        results = "".join(f"{json.dumps(line)}\n" for line in lines)
        self.s3.put_object(Bucket=BUCKET, Key=f"results/{name}", Body=results.encode())
        self.s3.put_object(
            Bucket=BUCKET, Key=f"results/{name}.summary.json", Body=json.dumps(summary).encode()
        )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    options: dict[str, Any] = {}
    monkeypatch.setattr(aws, "_deployed", lambda _stage, _run: (options, {"ImportBucketName": BUCKET}))
    with mock_aws():
        yield Bucket()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "monday.jsonl"
    path.write_bytes(CONTENT)
    return path


def rejected(number: int) -> dict[str, Any]:
    return {"line": number, "outcome": "rejected", "problem": {"detail": f"No good reason {number}."}}


NEW = {"line": 1, "outcome": "new", "order_id": "o-1"}


Answer = Callable[[Callable[[], None]], None]


@pytest.fixture
def answered_later(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Lets something happen as soon as the command has looked for a result in vain."""

    def later(act: Callable[[], None]) -> None:
        look = OrderFiles.summary

        def look_first(files: OrderFiles, name: str) -> ImportSummaryJson | None:
            found = look(files, name)
            if found is None:
                act()
            return found

        monkeypatch.setattr(OrderFiles, "summary", look_first)

    return later


def test_each_file_gets_a_name_of_its_own(orders: Run, bucket: Bucket, file: Path) -> None:
    first = json.loads(orders("import", str(file), *STAGE, "--json").stdout)
    second = json.loads(orders("import", str(file), *STAGE, "--json").stdout)

    assert first["file"] != second["file"]
    assert bucket.incoming() == {f"incoming/{each['file']}": CONTENT for each in (first, second)}
    assert first["results"] == f"s3://{BUCKET}/results/{first['file']}"


@pytest.mark.parametrize("name", ["a b+c%20ä.jsonl", "two\nlines\x1b[2J.jsonl", "\udcff.jsonl"])
def test_any_name_of_a_file_becomes_one_that_all_tools_can_write(
    orders: Run, bucket: Bucket, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(CONTENT)

    result = orders("import", str(path), *STAGE)

    assert result.exit_code == 0
    [key] = bucket.incoming()
    assert re.fullmatch(r"incoming/[A-Za-z0-9._-]+\.jsonl", key)


def test_the_result_is_waited_for(
    shop: FakeShop, orders: Run, bucket: Bucket, file: Path, answered_later: Answer
) -> None:
    answered_later(lambda: bucket.answer(NEW))

    result = orders("import", str(file), *STAGE, "--wait")

    assert result.exit_code == 0
    assert "1 lines: 1 new, 0 replayed, 0 rejected, 0 blank" in result.stdout
    assert len(shop.pauses) == 1


def test_rejected_lines_are_shown_and_the_command_fails(
    orders: Run, bucket: Bucket, file: Path, answered_later: Answer
) -> None:
    lines = [rejected(number) for number in range(1, MOST_SHOWN + 2)]
    answered_later(lambda: bucket.answer(*lines))

    result = orders("import", str(file), *STAGE, "--wait")

    assert result.exit_code == 1
    assert f"No good reason {MOST_SHOWN}." in result.stdout
    assert f"No good reason {MOST_SHOWN + 1}." not in result.stdout


def test_a_file_that_was_not_read_to_its_end_fails(
    orders: Run, bucket: Bucket, file: Path, answered_later: Answer
) -> None:
    answered_later(lambda: bucket.answer(stopped="The file was deleted."))

    result = orders("import", str(file), *STAGE, "--wait")

    assert result.exit_code == 1
    assert "The file was deleted." in result.stdout


@pytest.mark.usefixtures("bucket")
def test_a_file_that_does_not_exist_is_reported(orders: Run, tmp_path: Path) -> None:
    result = orders("import", str(tmp_path / "none.jsonl"), *STAGE)

    assert result.exit_code == 2
    assert "No such file" in result.stderr
