"""Law 7 on the document: how executions end."""

import json
from collections.abc import Iterator

from statemachines.document import Role, SagaDocument
from tests.unit.statemachines.error_names import DEADLINE, EXPIRED, OUR_REJECTIONS
from tests.unit.statemachines.rulebook import Document, Law, catchers, state

LAW_7 = Law("An execution that ends FAILED means that a human is needed")

THE_FAILED_END = "NeedsAttention"


@LAW_7.rule
def only_one_end_fails_the_execution(saga: SagaDocument) -> Iterator[str]:
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
def the_order_is_flagged_before_the_execution_fails(saga: SagaDocument) -> Iterator[str]:
    flagging = {each.name for each in saga.having(Role.ALARM)}
    for transition in saga.transitions:
        if transition.target == THE_FAILED_END and transition.source not in flagging:
            yield f"{transition.source} leads to {THE_FAILED_END}, and the order is not flagged"


@LAW_7.breach(the_order_is_flagged_before_the_execution_fails, "RefundPayment leads to NeedsAttention")
def an_undo_fails_without_a_flag(document: Document) -> None:
    catchers(document, "RefundPayment")[-1]["Next"] = THE_FAILED_END


@LAW_7.rule
def only_an_undo_that_failed_calls_for_a_human(saga: SagaDocument) -> Iterator[str]:
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
def whoever_calls_for_a_human_always_fails_the_execution(saga: SagaDocument) -> Iterator[str]:
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


CAUGHT = "{% $states.errorOutput %}"
"""What a catcher hands on if it does not make an error of its own."""


@LAW_7.rule
def an_error_that_the_machine_makes_is_business_as_usual(saga: SagaDocument) -> Iterator[str]:
    """It looks like one that a function raised, so that the customer is told the code and the sentence."""
    for transition in saga.transitions:
        for variable, error in transition.assigned.items():
            if error == CAUGHT:
                continue
            made = error if isinstance(error, dict) else {}
            name = made.get("Error")
            if name not in OUR_REJECTIONS:
                yield f"{transition.source} makes the {variable} {name}, which is no rejection"
            if not _sentence(made):
                yield f"{transition.source} makes the {variable} {name} without a sentence for the customer"


def _sentence(error: dict[str, str]) -> str | None:
    """What the customer is told, where `lambdas.domain.failure` looks for it."""
    try:
        return str(json.loads(error["Cause"])["errorMessage"])
    except (KeyError, TypeError, ValueError):
        return None


@LAW_7.breach(
    an_error_that_the_machine_makes_is_business_as_usual,
    "AwaitPayment makes the error PaymentProviderUnavailable, which is no rejection",
)
def an_abandoned_payment_is_an_internal_error(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentProviderUnavailable"


@LAW_7.breach(
    an_error_that_the_machine_makes_is_business_as_usual,
    "AwaitPayment makes the error PaymentTimedOut, which is no rejection",
)
def an_error_that_the_machine_makes_has_no_class(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentTimedOut"


@LAW_7.breach(
    an_error_that_the_machine_makes_is_business_as_usual,
    "AwaitPayment makes the error PaymentExpired without a sentence",
)
def the_customer_is_told_in_plain_text(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"]["Cause"] = "The payment was not approved."


@LAW_7.breach(
    an_error_that_the_machine_makes_is_business_as_usual,
    "AwaitPayment makes the error PaymentExpired without a sentence",
)
def the_customer_is_told_nothing(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"]["Cause"] = '{"message": "Too late."}'


@LAW_7.breach(
    an_error_that_the_machine_makes_is_business_as_usual,
    "AwaitPayment makes the error None, which is no rejection",
)
def an_error_is_only_a_name(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"] = "PaymentExpired"


@LAW_7.rule
def a_deadline_that_passed_has_its_own_name(saga: SagaDocument) -> Iterator[str]:
    for transition in saga.transitions:
        error = transition.assigned.get("error")
        if transition.errors == (DEADLINE,) and (not isinstance(error, dict) or error["Error"] != EXPIRED):
            yield f"{transition.source} lets its deadline pass and does not say {EXPIRED}"


@LAW_7.breach(a_deadline_that_passed_has_its_own_name, "AwaitPayment lets its deadline pass")
def an_abandoned_payment_is_only_a_timeout(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"] = CAUGHT


@LAW_7.breach(a_deadline_that_passed_has_its_own_name, "AwaitPayment lets its deadline pass")
def an_abandoned_payment_is_taken_for_a_declined_one(document: Document) -> None:
    catchers(document, "AwaitPayment")[0]["Assign"]["error"]["Error"] = "PaymentDeclined"
