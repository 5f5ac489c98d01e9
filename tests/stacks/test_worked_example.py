"""The consumer of docs/extending.md is built as its text says, with all that the text promises."""

import shutil

import pytest

import app
from stacks.constructs import python_function
from stacks.constructs.build_folder import PROJECT
from tests.stacks.alarm_definitions import alarms_of
from tests.stacks.synthesis import Synthesis, readable, synthesize
from tests.stacks.test_events import QUEUE, RULE, may_send, source_of
from tests.stacks.test_permissions import DO_ONCE, RECEIVE, permissions
from tests.worked_example import NAME, example

pytestmark = pytest.mark.xdist_group("stacks")

STACK = PROJECT / "stacks" / "events_stack.py"


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Synthesis:
    """The stage `dev` with the example's handler, and its lines in the stack."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT / "lambdas", project / "lambdas", ignore=shutil.ignore_patterns("__pycache__"))
    handler = project / "lambdas" / "events" / NAME / "handler.py"
    handler.parent.mkdir()
    handler.write_text(example("handler"))

    module: dict[str, object] = {"__name__": "stacks.events_stack"}
    exec(with_lines(STACK.read_text(), *filter(None, example("stack").splitlines())), module)  # noqa: S102 - our own code
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_function, "PROJECT", project)
        patch.setattr(app, "EventsStack", module["EventsStack"])
        return synthesize("dev", tmp_path_factory.mktemp("extended"))


def with_lines(stack: str, import_line: str, consumer_line: str) -> str:
    """The source of the stack with the example's lines: an import, and one behind the other consumers."""
    head, outputs, rest = stack.partition('\n        self.add_output("EventBusName"')
    assert outputs
    docstring, imports = head.split("\n\n", 1)
    return f"{docstring}\n\n{import_line}\n{imports}        {consumer_line}\n{outputs}{rest}"


def test_the_consumer_gets_the_events_that_it_asks_for(extended: Synthesis) -> None:
    rule = extended.named(RULE)["CountSalesRule"]

    assert rule["EventPattern"] == {"source": ["orders"], "detail-type": ["OrderConfirmed"]}
    assert readable(rule["EventBusName"]) == "Bus"
    assert may_send(extended, "CountSalesRule") == {"CountSalesQueue", "CountSalesDeadLetters"}


def test_a_failing_event_comes_five_times_and_is_a_dead_letter(extended: Synthesis) -> None:
    source, queue = source_of(extended, "CountSales"), extended.named(QUEUE)["CountSalesQueue"]

    assert readable(source["EventSourceArn"]) == "CountSalesQueue.Arn"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert readable(queue["RedrivePolicy"]["deadLetterTargetArn"]) == "CountSalesDeadLetters.Arn"
    assert {"CountSalesQueueUrl", "CountSalesDeadLettersQueueUrl"} <= extended.outputs()


def test_one_dead_letter_raises_an_alarm(extended: Synthesis) -> None:
    alarm = extended.named("AWS::CloudWatch::Alarm")["CountSalesDeadLettersNotEmpty"]

    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
    assert {"CountSalesDeadLettersNotEmpty", "CountSalesQueueLate"} <= alarms_of(extended).notifying


def test_the_consumer_may_only_receive_and_act_once(extended: Synthesis) -> None:
    may = permissions(extended, "CountSalesRole")

    assert {name: may[name] for name in may if name not in {"CountSalesLogs.Arn", "*"}} == {
        "CountSalesQueue.Arn": RECEIVE,
        "Idempotency.Arn": DO_ONCE,
    }
