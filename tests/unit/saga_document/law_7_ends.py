"""Law 7 on the document: how executions end."""

from collections.abc import Iterator

from local.saga_document import Role, Saga
from tests.unit.saga_document.rulebook import Document, Law, catchers, state

LAW_7 = Law("An execution that ends FAILED means that a human is needed")

THE_FAILED_END = "NeedsAttention"


@LAW_7.rule
def only_one_end_fails_the_execution(saga: Saga) -> Iterator[str]:
    for each in saga.states.values():
        if (each.type == "Fail") is not (each.name == THE_FAILED_END):
            yield f"{each.name} is a {each.type} state"


@LAW_7.breach(only_one_end_fails_the_execution, "OrderClosed is a Fail state")
def business_as_usual_fails_the_execution(document: Document) -> None:
    state(document, "OrderClosed")["Type"] = "Fail"


@LAW_7.breach(only_one_end_fails_the_execution, "NeedsAttention is a Succeed state")
def nobody_is_called(document: Document) -> None:
    state(document, "NeedsAttention")["Type"] = "Succeed"


@LAW_7.rule
def the_order_is_flagged_before_the_execution_fails(saga: Saga) -> Iterator[str]:
    flagging = {each.name for each in saga.having(Role.ALARM)}
    for transition in saga.transitions:
        if transition.target == THE_FAILED_END and transition.source not in flagging:
            yield f"{transition.source} leads to {THE_FAILED_END}, and the order is not flagged"


@LAW_7.breach(the_order_is_flagged_before_the_execution_fails, "RefundPayment leads to NeedsAttention")
def an_undo_fails_without_a_flag(document: Document) -> None:
    catchers(document, "RefundPayment")[-1]["Next"] = THE_FAILED_END


@LAW_7.rule
def only_an_undo_that_failed_calls_for_a_human(saga: Saga) -> Iterator[str]:
    flagging = {each.name for each in saga.having(Role.ALARM)}
    for transition in saga.transitions:
        source = saga.states[transition.source]
        if transition.target in flagging and not (transition.errors and source.role is Role.UNDO):
            yield f"{source.name} leads to {transition.target}, but is no undo that failed"


@LAW_7.breach(only_an_undo_that_failed_calls_for_a_human, "ReserveInventory leads to FlagForOperator")
def an_empty_shelf_calls_for_a_human(document: Document) -> None:
    catchers(document, "ReserveInventory")[-1]["Next"] = "FlagForOperator"


@LAW_7.breach(only_an_undo_that_failed_calls_for_a_human, "CloseOrder leads to FlagForOperator")
def a_closed_order_calls_for_a_human(document: Document) -> None:
    state(document, "CloseOrder")["Next"] = "FlagForOperator"


@LAW_7.rule
def whoever_calls_for_a_human_always_fails_the_execution(saga: Saga) -> Iterator[str]:
    for flagging in saga.having(Role.ALARM):
        targets = {transition.target for transition in flagging.transitions}
        if targets != {THE_FAILED_END}:
            yield f"{flagging.name} leads to {', '.join(sorted(targets))}"


@LAW_7.breach(
    whoever_calls_for_a_human_always_fails_the_execution,
    "FlagForOperator leads to NeedsAttention, OrderClosed",
)
def the_alarm_stays_silent(document: Document) -> None:
    catchers(document, "FlagForOperator")[-1]["Next"] = "OrderClosed"
