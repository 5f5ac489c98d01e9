"""Files with orders: every line has its result, and no order is placed twice."""

import codecs
import json
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pytest
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError

from lambdas.api.submit_order.handler import handler as submit_order
from lambdas.domain.errors import StoreUnavailable
from lambdas.domain.vocabulary import MAX_BODY_BYTES, Capture
from lambdas.events.import_orders import customers, logic, pace
from lambdas.events.import_orders.handler import RESERVED_MS, handler
from lambdas.events.import_orders.import_bucket import CHUNK_BYTES
from lambdas.events.import_orders.lines import split_lines
from lambdas.events.import_orders.pace import Pace
from lambdas.shared import aws
from lambdas.shared.store.orders import OrderTable
from lambdas.shared.submission.logic import submit_order as accept
from tests.unit.lambdas.builders import ARMCHAIR, EMAIL, LAMP
from tests.unit.lambdas.conftest import Log
from tests.unit.lambdas.invocations import CONTEXT, Context, api_event, sqs_event
from tests.unit.lambdas.shop import ORDERS_TABLE, Shop

BUCKET: Final = "files"
NAME: Final = "monday.jsonl"
POOL: Final = "pool-1"
NOBODY: Final = "00000000-0000-4000-8000-000000000000"


class Time(Context):
    """The context of invocations that end after this many lines each."""

    def __init__(self, lines: int) -> None:
        self.lines = self._left = lines

    def get_remaining_time_in_millis(self) -> int:  # type: ignore[override] # Powertools declares it static
        self._left -= 1
        if self._left:
            return RESERVED_MS + 1
        self._left = self.lines
        return RESERVED_MS


class FakeCognito:
    """The user pool; moto's needs one more package."""

    class exceptions:  # noqa: N801 - boto3's name
        class UserNotFoundException(Exception):
            pass

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, str | None] = {}
        self.looked_up: list[str] = []

    def admin_get_user(self, *, UserPoolId: str, Username: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert UserPoolId == POOL
        self.looked_up.append(Username)
        if Username not in self.users:
            raise self.exceptions.UserNotFoundException
        return self.users[Username]

    def admin_list_groups_for_user(self, *, UserPoolId: str, Username: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert UserPoolId == POOL
        group = self.groups[Username]
        return {"Groups": [{"GroupName": group}] if group else []}


@dataclass
class Office:
    """Puts files into the bucket, and lets the function import them."""

    queue_url: str
    cognito: FakeCognito
    drops: int = 0

    def user(
        self,
        email: str = EMAIL,
        *,
        group: str | None = "customers",
        verified: bool = True,
        enabled: bool = True,
    ) -> str:
        """Add a user; returns the user's id."""
        attributes = {"email": email, "email_verified": "true" if verified else "false"}
        user_id = f"00000000-0000-4000-8000-{len(self.cognito.users) + 1:012}"
        self.cognito.users[user_id] = {
            "Enabled": enabled,
            "UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()],
        }
        self.cognito.groups[user_id] = group
        return user_id

    def drop(self, content: bytes, name: str = NAME) -> dict[str, Any]:
        """Put a file into the bucket; returns S3's event."""
        key = f"incoming/{name}"
        etag = aws.s3().put_object(Bucket=BUCKET, Key=key, Body=content)["ETag"].strip('"')
        self.drops += 1
        return {
            "id": f"drop-{self.drops}",
            "source": "aws.s3",
            "detail-type": "Object Created",
            "time": "2026-03-01T12:00:00Z",
            "detail": {
                "bucket": {"name": BUCKET},
                "object": {"key": key, "size": len(content), "etag": etag},
            },
        }

    def deliver(self, message: Mapping[str, Any], *, lines: int = 1_000_000) -> list[dict[str, Any]]:
        """Deliver a message; returns those that the function sends itself."""
        answer = handler(sqs_event(json.dumps(message)), Time(lines))
        assert answer == {"batchItemFailures": []}
        received = aws.sqs().receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)
        messages = received.get("Messages", [])
        for each in messages:
            aws.sqs().delete_message(QueueUrl=self.queue_url, ReceiptHandle=each["ReceiptHandle"])
        return [json.loads(each["Body"]) for each in messages]

    def import_file(self, content: bytes, *, lines: int = 1_000_000) -> "Imported":
        """Put a file into the bucket, and deliver messages until it is imported."""
        messages = [self.drop(content)]
        while messages:
            messages = self.deliver(messages[0], lines=lines)
        return imported()


@dataclass(frozen=True)
class Imported:
    """What the function wrote about a file."""

    results: list[dict[str, Any]]
    summary: dict[str, Any]

    @property
    def outcomes(self) -> list[str]:
        return [each["outcome"] for each in self.results]

    @property
    def details(self) -> list[str]:
        """What is wrong with the rejected lines."""
        return [each["problem"]["detail"] for each in self.results if "problem" in each]

    @property
    def order_ids(self) -> list[str | None]:
        return [each.get("order_id") for each in self.results]


def text_of(key: str) -> str:
    return aws.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read().decode()


def imported(name: str = NAME) -> Imported:
    lines = text_of(f"results/{name}").splitlines()
    return Imported(list(map(json.loads, lines)), json.loads(text_of(f"results/{name}.summary.json")))


def results_written() -> list[str]:
    answer = aws.s3().list_objects_v2(Bucket=BUCKET, Prefix="results/")
    return [each["Key"] for each in answer.get("Contents", [])]


@pytest.fixture
def office(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Office:  # noqa: ARG001 - holds the tables
    aws.s3().create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    cognito = FakeCognito()
    monkeypatch.setattr(customers, "cognito", lambda: cognito)
    queue_url = aws.sqs().create_queue(QueueName="import")["QueueUrl"]
    for name, value in {
        "IMPORT_BUCKET": BUCKET,
        "USER_POOL_ID": POOL,
        "QUEUE_URL": queue_url,
        "IMPORT_RATE": "999999",
    }.items():
        monkeypatch.setenv(name, value)
    return Office(queue_url, cognito)


@pytest.fixture
def customer(office: Office) -> str:
    return office.user()


def an_order(customer: str, key: str = "key-1", **changes: object) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "idempotency_key": key,
        "currency": "usd",
        "items": [{"sku": ARMCHAIR.sku, "quantity": 2}],
        "payment_method": "pm_card_visa",
        **changes,
    }


def a_line(customer: str, key: str = "key-1", **changes: object) -> bytes:
    return json.dumps(an_order(customer, key, **changes)).encode()


def a_file(*lines: bytes) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def api_submission(customer: str) -> dict[str, Any]:
    """The request to the API that says the same as `a_line`."""
    body = an_order(customer)
    headers = {"Idempotency-Key": body.pop("idempotency_key")}
    del body["customer_id"]
    return submit_order(api_event("POST", "/orders", body, headers=headers, customer=customer), CONTEXT)


# New orders and replays


def test_each_line_places_the_order_of_its_customer(shop: Shop, office: Office, customer: str) -> None:
    other = office.user("sally@example.com")

    done = office.import_file(a_file(a_line(customer), a_line(other)))

    assert done.outcomes == ["new", "new"]
    first, second = (shop.order(str(order_id)) for order_id in done.order_ids)
    assert (first.customer_id, first.email) == (customer, EMAIL)
    assert (second.customer_id, second.email) == (other, "sally@example.com")
    assert (first.request_id, second.request_id) == ("drop-1/1", "drop-1/2")


def test_an_imported_order_keeps_when_its_money_is_taken(
    shop: Shop, office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTURE", "at_fulfilment")

    done = office.import_file(a_file(a_line(customer)))

    assert shop.order(str(done.order_ids[0])).capture is Capture.AT_FULFILMENT


def test_the_summary_counts_the_lines(office: Office, customer: str) -> None:
    line = a_line(customer)

    done = office.import_file(a_file(line, b"", b"no JSON", line))

    assert done.summary.pop("ended_at").startswith("2026-03-01T12:")
    assert done.summary == {
        "file": NAME,
        "run_id": "drop-1",
        "stopped": None,
        "lines": 4,
        "new": 1,
        "replayed": 1,
        "rejected": 1,
        "blank": 1,
        "started_at": "2026-03-01T12:00:00Z",
    }
    assert [each["line"] for each in done.results] == [1, 3, 4]


def test_the_same_file_again_places_no_order_twice(shop: Shop, office: Office, customer: str) -> None:
    file = a_file(a_line(customer, "a"), b"no JSON", a_line(customer, "b"))
    first = office.import_file(file)

    second = office.import_file(file)

    assert (first.outcomes, second.outcomes) == (
        ["new", "rejected", "new"],
        ["replayed", "rejected", "replayed"],
    )
    assert first.order_ids == second.order_ids
    assert len(shop.all_items(ORDERS_TABLE)) == 2


def test_a_file_repeats_an_order_of_the_api(shop: Shop, office: Office, customer: str) -> None:
    accepted = json.loads(api_submission(customer)["body"])

    done = office.import_file(a_file(a_line(customer)))

    assert (done.outcomes, done.order_ids) == (["replayed"], [accepted["order_id"]])
    assert len(shop.all_items(ORDERS_TABLE)) == 1


def test_the_api_repeats_an_order_of_a_file(shop: Shop, office: Office, customer: str) -> None:
    done = office.import_file(a_file(a_line(customer)))

    answer = api_submission(customer)

    assert answer["headers"]["Idempotent-Replayed"] == "true"
    assert json.loads(answer["body"])["order_id"] == done.order_ids[0]
    assert len(shop.all_items(ORDERS_TABLE)) == 1


def test_a_key_twice_in_a_file_is_a_replay_or_a_conflict(shop: Shop, office: Office, customer: str) -> None:
    same = a_line(customer)
    other = a_line(customer, items=[{"sku": LAMP.sku, "quantity": 1}])

    done = office.import_file(a_file(same, same, other))

    assert done.outcomes == ["new", "replayed", "rejected"]
    assert done.results[2]["problem"] == {
        "type": "urn:problem-type:order-saga:idempotency-key-reused",
        "detail": "Send a new Idempotency-Key with a new request.",
        "errors": [{"field": "Idempotency-Key", "message": "was used with a different request"}],
    }
    assert len(shop.all_items(ORDERS_TABLE)) == 1


# The form of a file


@pytest.mark.parametrize(
    ("before", "end"),
    [(b"", b"\n"), (codecs.BOM_UTF8, b"\n"), (b"", b"\r\n"), (b"\n \t\n", b"\r\n\r\n")],
    ids=["plain", "byte-order mark", "CRLF", "blank lines"],
)
@pytest.mark.parametrize("last", [b"", b"\n"], ids=["no line feed at the end", "line feed at the end"])
def test_files_of_other_systems_are_read(
    office: Office, customer: str, before: bytes, end: bytes, last: bytes
) -> None:
    lines = [a_line(customer, "a"), a_line(customer, "b")]

    done = office.import_file(before + end.join(lines) + last)

    assert done.outcomes == ["new", "new"]
    assert done.summary["lines"] == done.summary["blank"] + 2


BAD_LINES: Final = {
    b'{"customer_id": ': "body: Invalid JSON: EOF while parsing a value at line 1 column 16",
    b'{"currency": "\xff"}': "body: must be text in UTF-8",
    b'"text"': "body: must be a JSON object",
    b"[]": "body: must be a JSON object",
    b"null": "body: must be a JSON object",
    b"\0\0": "body: Invalid JSON: expected value at line 1 column 1",
    b'{"currency": "u\0d"}': (
        "body: Invalid JSON: control character (\\u0000-\\u001F) found while parsing a string"
        " at line 1 column 16"
    ),
    b"[" * 10_000: "body: Invalid JSON: recursion limit exceeded at line 1 column 202",
    b" " * MAX_BODY_BYTES + b"{}": f"A line has at most {MAX_BODY_BYTES} bytes.",
}


@pytest.mark.parametrize(("bad", "detail"), BAD_LINES.items(), ids=range(len(BAD_LINES)))
def test_a_bad_line_says_why_and_harms_no_other(
    office: Office, customer: str, bad: bytes, detail: str
) -> None:
    done = office.import_file(a_file(a_line(customer, "a"), bad, a_line(customer, "b")))

    assert done.outcomes == ["new", "rejected", "new"]
    assert done.details == [detail]


def test_a_half_written_last_line_is_rejected(office: Office, customer: str) -> None:
    line = a_line(customer)

    done = office.import_file(a_file(line) + line[:-1])

    assert done.outcomes == ["new", "rejected"]


def test_an_order_is_checked_as_by_the_api(office: Office, customer: str) -> None:
    done = office.import_file(
        a_file(a_line(customer, currency="nok!", items=[{"sku": "chair", "quantity": 0}], price=1))
    )

    (result,) = done.results
    assert {error["field"] for error in result["problem"]["errors"]} == {
        *("currency", "items.0.sku", "items.0.quantity", "price")
    }


def test_only_the_first_errors_of_a_line_are_written(office: Office, customer: str) -> None:
    unknown: dict[str, Any] = {f"field{number}": 1 for number in range(50)}

    done = office.import_file(a_file(a_line(customer, **unknown)))

    (result,) = done.results
    assert len(result["problem"]["errors"]) == logic.MOST_ERRORS
    assert result["problem"]["detail"].endswith("(and 49 more)")


@pytest.mark.parametrize("changes", [{"idempotency_key": "with blank"}, {"idempotency_key": None}])
def test_a_line_needs_an_idempotency_key(office: Office, customer: str, changes: dict[str, Any]) -> None:
    done = office.import_file(a_file(a_line(customer, **changes)))

    assert done.outcomes == ["rejected"]
    assert done.details[0].startswith("idempotency_key: ")


def test_an_empty_file_has_an_empty_result(office: Office) -> None:
    done = office.import_file(b"")

    assert (done.results, done.summary["lines"], done.summary["stopped"]) == ([], 0, None)


def test_a_folder_that_is_made_by_hand_is_ignored(office: Office) -> None:
    assert office.deliver(office.drop(b"", name="")) == []

    assert results_written() == []


def test_a_file_with_the_name_of_a_summary_replaces_none(office: Office, customer: str) -> None:
    done = office.import_file(a_file(a_line(customer)))

    assert office.deliver(office.drop(a_file(a_line(customer)), name=f"{NAME}.summary.json")) == []

    assert imported() == done


# Customers


def test_an_unknown_customer_is_rejected(office: Office) -> None:
    done = office.import_file(a_file(a_line(NOBODY), a_line("harry")))

    assert done.details == [
        "customer_id: there is no such customer",
        "customer_id: must be the id of a customer (`sub`), a UUID in lower case",
    ]


@pytest.mark.parametrize(
    ("user", "detail"),
    [
        ({"group": "operators"}, "Only customers may do this."),
        ({"group": None}, "Your account is neither a customer's nor an operator's yet."),
        (
            {"verified": False},
            "Your e-mail address is not verified. Verify it, sign in again, and then order.",
        ),
        ({"enabled": False}, "customer_id: the account of this customer is disabled"),
    ],
)
def test_nobody_is_ordered_for_who_could_not_order(
    shop: Shop, office: Office, user: dict[str, Any], detail: str
) -> None:
    done = office.import_file(a_file(a_line(office.user(**user))))

    assert done.details == [detail]
    assert shop.all_items(ORDERS_TABLE) == []


def test_mail_goes_to_the_customers_own_address_only(office: Office, customer: str) -> None:
    done = office.import_file(
        a_file(a_line(customer, "a", email=EMAIL), a_line(customer, "b", email="victim@example.com"))
    )

    assert done.outcomes == ["new", "rejected"]
    assert done.details == ["email: must be the address that you signed in with"]


def test_no_address_is_logged_or_written(office: Office, customer: str, log: Log) -> None:
    office.import_file(a_file(a_line(customer, email=EMAIL), a_line(customer, email="victim@example.com")))

    written = "".join(map(text_of, results_written()))
    assert [line["message"] for line in log.lines] == ["order accepted", "file imported"]
    assert "@example.com" not in log.text + written


def test_a_customer_is_looked_up_once(office: Office, customer: str) -> None:
    office.import_file(a_file(a_line(customer, "a"), a_line(customer, "b")))

    assert office.cognito.looked_up == [customer]


# Files that take more than one invocation


def test_a_long_file_is_continued_where_the_time_ended(shop: Shop, office: Office, customer: str) -> None:
    lines = [a_line(customer, str(number)) for number in range(5)]

    done = office.import_file(a_file(*lines[:2], b"", b"bad", *lines[2:]), lines=2)

    assert done.outcomes == ["new", "new", "rejected", "new", "new", "new"]
    assert [each["line"] for each in done.results] == [1, 2, 4, 5, 6, 7]
    assert done.summary["lines"] == 7
    assert len(shop.all_items(ORDERS_TABLE)) == 5


def test_a_continuation_begins_at_the_byte_behind_the_last_line(office: Office, customer: str) -> None:
    first, second = a_line(customer, "ä"), a_line(customer, "b")

    (message,) = office.deliver(office.drop(a_file(first, second)), lines=1)

    assert message["progress"] == {
        "offset": len(first) + 1,
        "lines": 1,
        "counts": {"new": 0, "replayed": 0, "rejected": 1, "blank": 0},
    }


def test_a_message_that_comes_again_gives_the_same_results(shop: Shop, office: Office, customer: str) -> None:
    dropped = office.drop(a_file(*(a_line(customer, key) for key in "abcd")))
    (continued,) = office.deliver(dropped, lines=2)

    # The first message again, as after a timeout: it ends elsewhere, and its own continuation follows.
    (again,) = office.deliver(dropped, lines=3)
    for message in (again, continued):
        office.deliver(message)

        assert imported().outcomes == ["new"] * 4
        assert imported().summary["new"] == 4
    assert len(shop.all_items(ORDERS_TABLE)) == 4


def test_a_failure_of_aws_loses_and_repeats_nothing(
    shop: Shop, office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dropped = office.drop(a_file(a_line(customer, "a"), a_line(customer, "b")))
    create, orders = OrderTable.create, []

    def fail_after_the_second(table: OrderTable, order: Any) -> Any:  # noqa: ANN401 - as `create`
        created = create(table, order)
        orders.append(order)
        if len(orders) == 2:
            raise StoreUnavailable("PutItem: no answer")
        return created

    with monkeypatch.context() as patch:
        patch.setattr(OrderTable, "create", fail_after_the_second)
        with pytest.raises(BatchProcessingError):
            office.deliver(dropped)
    assert results_written() == []

    office.deliver(dropped)

    assert imported().outcomes == ["new", "new"]
    assert len(shop.all_items(ORDERS_TABLE)) == 2


def test_a_line_that_breaks_the_function_harms_no_other(
    office: Office, customer: str, monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    def break_one(caller: Any, key: str, *rest: Any) -> Any:  # noqa: ANN401 - as `submit_order`
        if key == "bad":
            raise ZeroDivisionError
        return accept(caller, key, *rest)

    monkeypatch.setattr(logic, "submit_order", break_one)

    done = office.import_file(a_file(a_line(customer, "a"), a_line(customer, "bad"), a_line(customer, "b")))

    assert done.outcomes == ["new", "rejected", "new"]
    assert done.details == ["An unexpected error occurred. It has been logged."]
    assert [line["line"] for line in log.lines if line["message"] == "a line failed"] == [2]


# Files that change, and limits


def test_a_file_that_is_deleted_before_it_is_read_says_so(office: Office, customer: str) -> None:
    dropped = office.drop(a_file(a_line(customer)))
    aws.s3().delete_object(Bucket=BUCKET, Key=f"incoming/{NAME}")

    assert office.deliver(dropped) == []

    done = imported()
    assert (done.results, done.summary["stopped"]) == ([], "The file was deleted.")


def test_a_file_that_is_deleted_meanwhile_keeps_its_results(office: Office, customer: str) -> None:
    (continued,) = office.deliver(office.drop(a_file(a_line(customer, "a"), a_line(customer, "b"))), lines=1)
    aws.s3().delete_object(Bucket=BUCKET, Key=f"incoming/{NAME}")

    office.deliver(continued)

    done = imported()
    assert (done.outcomes, done.summary["stopped"]) == (["new"], "The file was deleted.")


def test_a_file_that_is_replaced_leaves_the_result_to_its_new_content(
    shop: Shop, office: Office, customer: str
) -> None:
    (continued,) = office.deliver(office.drop(a_file(a_line(customer, "a"), a_line(customer, "b"))), lines=1)
    newer = office.drop(a_file(a_line(customer, "c")))
    office.deliver(newer)

    assert office.deliver(continued) == []

    assert imported().summary["run_id"] == "drop-2"
    assert len(shop.all_items(ORDERS_TABLE)) == 2


def test_a_small_file_that_is_replaced_leaves_the_result_to_its_new_content(
    office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it is read at once, before it is replaced."""
    create = OrderTable.create

    def create_while_the_file_is_replaced(table: OrderTable, order: Any) -> Any:  # noqa: ANN401 - as `create`
        monkeypatch.setattr(OrderTable, "create", create)
        office.deliver(office.drop(a_file(a_line(customer, "b"), a_line(customer, "c"))))
        return create(table, order)

    monkeypatch.setattr(OrderTable, "create", create_while_the_file_is_replaced)

    assert office.deliver(office.drop(a_file(a_line(customer, "a")))) == []

    assert (imported().summary["run_id"], imported().outcomes) == ("drop-2", ["new", "new"])


def test_a_message_that_comes_after_the_end_changes_no_result(office: Office, customer: str) -> None:
    dropped = office.drop(a_file(a_line(customer)))
    office.deliver(dropped)
    done = imported()
    aws.s3().delete_object(Bucket=BUCKET, Key=f"incoming/{NAME}")

    assert office.deliver(dropped) == []

    assert imported() == done


def test_the_same_file_that_is_put_again_meanwhile_is_imported_twice(
    shop: Shop, office: Office, customer: str
) -> None:
    file = a_file(a_line(customer, "a"), a_line(customer, "b"))
    (continued,) = office.deliver(office.drop(file), lines=1)
    office.deliver(office.drop(file))
    assert imported().outcomes == ["replayed", "new"]

    office.deliver(continued)

    assert imported().outcomes == ["new", "replayed"]
    assert len(shop.all_items(ORDERS_TABLE)) == 2


def test_a_file_that_is_too_large_is_not_read(
    office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = a_file(a_line(customer))
    monkeypatch.setattr(logic, "MAX_FILE_BYTES", len(file) - 1)

    done = office.import_file(file)

    assert (done.results, done.summary["stopped"]) == ([], f"A file has at most {len(file) - 1} bytes.")


def test_a_file_with_too_many_lines_is_imported_up_to_the_limit(
    office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logic, "MAX_LINES", 1)

    done = office.import_file(a_file(a_line(customer, "a"), a_line(customer, "b")))

    assert (done.outcomes, done.summary["stopped"]) == (["new"], "A file has at most 1 lines.")


def test_ten_megabytes_are_read_in_small_pieces(
    office: Office, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = a_line(customer, return_url="https://shop.example/".ljust(2_000, "x"), currency="none")
    good = a_line(customer)
    get, lengths = aws.s3().get_object, []

    def note(**call: Any) -> Any:  # noqa: ANN401 - as `get_object`
        answer = get(**call)
        if call["Key"].startswith("incoming/"):
            lengths.append(answer["ContentLength"])
        return answer

    monkeypatch.setattr(aws.s3(), "get_object", note)

    done = office.import_file(a_file(*[line] * 5_000, good))

    assert done.summary["rejected"] == 5_000
    assert done.outcomes[-1] == "new"
    assert sum(lengths) > 10_000_000
    assert max(lengths) == CHUNK_BYTES


@pytest.mark.parametrize("line", [b"x" * 1_000 + b"\n", b"x" * CHUNK_BYTES], ids=["many lines", "one line"])
def test_the_memory_for_a_file_does_not_grow_with_it(line: bytes) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(10_000_000 // CHUNK_BYTES):
            yield (line * (CHUNK_BYTES // len(line) + 1))[:CHUNK_BYTES]

    tracemalloc.start()
    count = sum(1 for _ in split_lines(chunks(), offset=0, number=0))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count > 0
    assert peak < 5 * CHUNK_BYTES


@pytest.mark.parametrize("size", [1, 2, 7, 1_000])
def test_lines_do_not_depend_on_the_pieces_in_which_they_are_read(size: int) -> None:
    content = codecs.BOM_UTF8 + "ä\n\r\nzwei\nlast".encode()
    pieces = [content[start : start + size] for start in range(0, len(content), size)]

    lines = list(split_lines(pieces, offset=0, number=0))

    assert [(line.number, line.text) for line in lines] == [
        *((1, "ä".encode()), (2, b"\r"), (3, b"zwei"), (4, b"last"))
    ]
    for line in lines:
        rest = [content[line.end :]]
        assert list(split_lines(rest, offset=line.end, number=line.number)) == lines[line.number :]


# The rate


def test_orders_are_submitted_at_the_rate_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(round(seconds, 3))
        now[0] += seconds

    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    monkeypatch.setattr(pace, "sleep", sleep)
    turns = Pace(per_second=4)

    for _ in range(3):
        turns.wait()
    now[0] += 10  # a slow line saves no turns
    turns.wait()
    turns.wait()

    assert slept == [0.25, 0.25, 0.25]
