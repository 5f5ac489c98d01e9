"""Law 7 on the definition: how executions end."""

from collections.abc import Iterator

from statemachines.document import SagaDocument
from statemachines.steps import Role
from tests.unit.statemachines.rulebook import Draft, Law

LAW_7 = Law("An execution that ends FAILED means that a human is needed")

FAILED_END = "NeedsAttention"

CAUGHT = "{% $states.errorOutput %}"
"""The value that a catcher assigns if it passes on the error that it caught."""


@LAW_7.rule
def only_one_end_fails_the_execution(saga: SagaDocument) -> Iterator[str]:
    for each in saga.states.values():
        if (each.type == "Fail") is not (each.name == FAILED_END):
            yield f"{each.name} is a {each.type} state"


@only_one_end_fails_the_execution.broken_by("OrderClosed is a Fail state")
def a_closed_order_fails_the_execution(draft: Draft) -> None:
    draft.states["OrderClosed"]["Type"] = "Fail"


@only_one_end_fails_the_execution.broken_by("NeedsAttention is a Succeed state")
def an_order_that_needs_a_human_does_not_fail_the_execution(draft: Draft) -> None:
    draft.states["NeedsAttention"]["Type"] = "Succeed"


@LAW_7.rule
def the_order_is_flagged_before_the_execution_fails(saga: SagaDocument) -> Iterator[str]:
    alarms = {each.name for each in saga.having(Role.ALARM)}
    for transition in saga.transitions:
        if transition.target == FAILED_END and transition.source not in alarms:
            yield f"{transition.source} leads to {FAILED_END}, and the order is not flagged"


@the_order_is_flagged_before_the_execution_fails.broken_by("RefundPayment leads to NeedsAttention")
def a_failed_undo_does_not_flag_the_order(draft: Draft) -> None:
    draft.catchers("RefundPayment")[-1]["Next"] = FAILED_END


@LAW_7.rule
def only_a_failed_undo_capture_or_refund_calls_for_a_human(saga: SagaDocument) -> Iterator[str]:
    alarms = {each.name for each in saga.having(Role.ALARM)}
    undos = {each.name for each in saga.having(Role.UNDO, Role.CLOSE, Role.CAPTURE, Role.REFUND)}
    for transition in saga.transitions:
        if transition.target in alarms and not (transition.errors and transition.source in undos):
            yield (
                f"{transition.source} leads to {transition.target}, but is no undo, capture or refund that"
                " failed"
            )


@only_a_failed_undo_capture_or_refund_calls_for_a_human.broken_by("ReserveInventory leads to FlagForOperator")
def an_order_out_of_stock_calls_for_a_human(draft: Draft) -> None:
    draft.catchers("ReserveInventory")[-1]["Next"] = "FlagForOperator"


@only_a_failed_undo_capture_or_refund_calls_for_a_human.broken_by("CloseOrder leads to FlagForOperator")
def a_closed_order_calls_for_a_human(draft: Draft) -> None:
    draft.states["CloseOrder"]["Next"] = "FlagForOperator"


@LAW_7.rule
def a_call_for_a_human_fails_the_execution(saga: SagaDocument) -> Iterator[str]:
    for alarm in saga.having(Role.ALARM):
        if alarm.targets != {FAILED_END}:
            yield f"{alarm.name} leads to {', '.join(sorted(alarm.targets))}"


@a_call_for_a_human_fails_the_execution.broken_by("FlagForOperator leads to NeedsAttention, OrderClosed")
def a_failed_alarm_is_silent(draft: Draft) -> None:
    draft.catchers("FlagForOperator")[-1]["Next"] = "OrderClosed"


@LAW_7.rule
def an_assigned_error_is_the_one_that_was_caught(saga: SagaDocument) -> Iterator[str]:
    """The customer reads what a function raised, so a function decides what that is."""
    for transition in saga.transitions:
        for variable, error in transition.assigned.items():
            if variable.endswith("error") and error != CAUGHT:
                yield f"{transition.source} sets ${variable} to {error}, not to the error that it caught"


@an_assigned_error_is_the_one_that_was_caught.broken_by("ExpirePayment sets $error to {'Error': 'PaymentExp")
def the_machine_decides_that_a_payment_expired(draft: Draft) -> None:
    draft.catchers("ExpirePayment")[-1]["Assign"]["error"] = {"Error": "PaymentExpired"}
