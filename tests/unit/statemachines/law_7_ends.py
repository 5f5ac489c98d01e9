"""Law 7 on the definition: how executions end."""

import json
from collections.abc import Iterator

from statemachines.document import SagaDocument
from statemachines.steps import Role
from tests.unit.statemachines.error_names import DEADLINE, EXPIRED, OUR_REJECTIONS
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
def only_a_failed_undo_calls_for_a_human(saga: SagaDocument) -> Iterator[str]:
    alarms = {each.name for each in saga.having(Role.ALARM)}
    undos = {each.name for each in saga.having(Role.UNDO, Role.CLOSE)}
    for transition in saga.transitions:
        if transition.target in alarms and not (transition.errors and transition.source in undos):
            yield f"{transition.source} leads to {transition.target}, but is not an undo that failed"


@only_a_failed_undo_calls_for_a_human.broken_by("ReserveInventory leads to FlagForOperator")
def an_order_out_of_stock_calls_for_a_human(draft: Draft) -> None:
    draft.catchers("ReserveInventory")[-1]["Next"] = "FlagForOperator"


@only_a_failed_undo_calls_for_a_human.broken_by("CloseOrder leads to FlagForOperator")
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
def an_assigned_error_is_a_rejection(saga: SagaDocument) -> Iterator[str]:
    """It has the form of an error that a function raised, so that the customer gets its code and message."""
    for transition in saga.transitions:
        for variable, error in transition.assigned.items():
            if error == CAUGHT:
                continue
            made = error if isinstance(error, dict) else {}
            name = made.get("Error")
            if name not in OUR_REJECTIONS:
                yield f"{transition.source} sets ${variable} to {name}, which is not a rejection"
            if not _message(made):
                yield f"{transition.source} sets ${variable} to {name} without a message for the customer"


def _message(error: dict[str, str]) -> str | None:
    """The message for the customer, where `lambdas.domain.failure` reads it."""
    try:
        return str(json.loads(error["Cause"])["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return None


@an_assigned_error_is_a_rejection.broken_by("$error to PaymentProviderUnavailable, which is not a rejection")
def an_expired_payment_is_an_internal_error(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentProviderUnavailable"


@an_assigned_error_is_a_rejection.broken_by("sets $error to PaymentTimedOut, which is not a rejection")
def an_assigned_error_has_no_class(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentTimedOut"


@an_assigned_error_is_a_rejection.broken_by("AwaitPayment sets $error to PaymentExpired without a message")
def the_cause_is_not_json(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"]["Cause"] = "The payment was not approved."


@an_assigned_error_is_a_rejection.broken_by("AwaitPayment sets $error to PaymentExpired without a message")
def the_cause_has_no_error_message(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"]["Cause"] = '{"message": "Too late."}'


@an_assigned_error_is_a_rejection.broken_by("AwaitPayment sets $error to None, which is not a rejection")
def an_error_is_only_a_name(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"] = "PaymentExpired"


@LAW_7.rule
def a_deadline_that_passed_has_its_own_error(saga: SagaDocument) -> Iterator[str]:
    for transition in saga.transitions:
        error = transition.assigned.get("error")
        if transition.errors == (DEADLINE,) and (not isinstance(error, dict) or error["Error"] != EXPIRED):
            yield f"{transition.source} catches its deadline and does not set $error to {EXPIRED}"


@a_deadline_that_passed_has_its_own_error.broken_by("AwaitPayment catches its deadline and does not")
def an_expired_payment_is_reported_as_a_timeout(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"] = CAUGHT


@a_deadline_that_passed_has_its_own_error.broken_by("AwaitPayment catches its deadline and does not")
def an_expired_payment_is_reported_as_declined(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentDeclined"
