"""Law 5 on the definition: what was done is undone. And law 6: after the pivot nothing is undone."""

import re
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

from lambdas.domain import errors
from statemachines.document import ANY_ERROR, CAUGHT_BY_NOTHING, SagaDocument, State
from statemachines.steps import Role, Step
from tests.unit.statemachines.error_names import (
    CAPTURE_ASKED,
    CONFIRMED_AFTER_ALL,
    CUSTOMER_ASKED,
    DEADLINE,
    LATER,
    OUR_REJECTIONS,
    REFUND_ASKED,
)
from tests.unit.statemachines.rulebook import Draft, Law

LAW_5 = Law(
    "Every failure up to the pivot that can be caught enters the undo chain at its top; undos run in reverse "
    "order. An error that nothing catches is left to the recovery"
)

TABLE = "statemachines/steps.py"

VERB = re.compile(r"^[A-Z][a-z]+")
"""The first word of a state's name: `Charge` in `ChargePayment`, and `Refund` in `RefundPayment`."""

REFUND_ID = "{% $refund_id %}"
ASKED_ID = "{% $parse($states.errorOutput.Cause).errorMessage %}"
"""The message of the error that says that a refund is due."""

NO_ID = "{% null %}"

NOTHING_WAS_DONE = OUR_REJECTIONS - {
    errors.OrderCancelled.__name__,
    errors.UndoAlreadyBegun.__name__,
    errors.PaymentDeclined.__name__,
    errors.PaymentExpired.__name__,
}
"""Rejections of an order without a price. The first step raises them: nothing has been done for the order."""


@LAW_5.rule
def every_task_catches_any_error_last(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        if not task.failures or task.failures[-1].errors != (ANY_ERROR,):
            yield f"{task.name} does not catch {ANY_ERROR} last: end its Catch with such a catcher"


@every_task_catches_any_error_last.broken_by("ChargePayment does not catch States.ALL last")
def only_the_expected_error_is_caught(draft: Draft) -> None:
    draft.catchers("ChargePayment")[-1]["ErrorEquals"] = ["PaymentDeclined"]


@every_task_catches_any_error_last.broken_by("ValidateOrder does not catch States.ALL last")
def the_last_catcher_is_deleted(draft: Draft) -> None:
    draft.catchers("ValidateOrder").pop()


@every_task_catches_any_error_last.broken_by("NotifyCustomerOfClosure does not catch States.ALL last")
def a_lost_email_fails_the_execution(draft: Draft) -> None:
    del draft.states["NotifyCustomerOfClosure"]["Catch"]


@LAW_5.rule
def an_error_that_nothing_catches_is_left_to_the_recovery(saga: SagaDocument) -> Iterator[str]:
    """`States.Runtime` can't be caught. Another execution continues from the order record after both."""
    for task in saga.tasks:
        retried = {error for retrier in task.retriers for error in retrier.errors}
        caught = {error for failure in task.failures for error in failure.errors}
        for error in sorted((retried | caught) & CAUGHT_BY_NOTHING):
            yield f"{task.name} names {error}, after which the recovery runs the saga again"


@an_error_that_nothing_catches_is_left_to_the_recovery.broken_by(
    "ChargePayment names States.DataLimitExceeded"
)
def an_output_that_is_too_large_is_undone(draft: Draft) -> None:
    too_large = {"ErrorEquals": ["States.DataLimitExceeded"], "Next": "ReleaseInventory"}
    draft.catchers("ChargePayment").insert(0, too_large)


@LAW_5.rule
def every_step_that_changes_something_has_an_undo(saga: SagaDocument) -> Iterator[str]:
    undos = {step.state for step in saga.steps if step.role is Role.UNDO}
    for step in saga.undoable:
        if step.changes and step.undo is None:
            yield f"{step.state} changes {step.changes}, and nothing undoes it: name its undo in {TABLE}"
        elif step.undo and not step.changes:
            yield f"{step.state} only checks, and {step.undo} undoes it: say in {TABLE} what it changes"
        elif step.undo and step.undo not in undos:
            yield f"{step.state} is undone by {step.undo}: add a row for it to {TABLE}, with Role.UNDO"


@every_step_that_changes_something_has_an_undo.broken_by("BookCourier changes the courier's diary")
def a_step_is_added_without_an_undo(draft: Draft) -> None:
    courier = Step("BookCourier", "book_courier", Role.FORWARD, changes="the courier's diary")
    draft.add_step(courier, before="ReserveInventory", like="ChargePayment")


@every_step_that_changes_something_has_an_undo.broken_by("ChargePayment only checks, and RefundPayment")
def a_step_that_has_an_undo_says_that_it_only_checks(draft: Draft) -> None:
    draft.change_row("ChargePayment", changes=None)


@every_step_that_changes_something_has_an_undo.broken_by("ChargePayment is undone by ReturnMoney: add a row")
def an_undo_has_no_row_in_the_table(draft: Draft) -> None:
    draft.change_row("ChargePayment", undo="ReturnMoney")


@LAW_5.rule
def an_undo_is_named_after_its_step(saga: SagaDocument) -> Iterator[str]:
    for step in saga.undoable:
        noun = VERB.sub("", step.state)
        if step.undo and VERB.sub("", step.undo) != noun:
            yield f"{step.undo} undoes {step.state}, so its name should be a verb and {noun}"


@an_undo_is_named_after_its_step.broken_by("ReturnMoney undoes ChargePayment, so its name should be a verb")
def an_undo_is_not_named_after_its_step(draft: Draft) -> None:
    draft.rename("RefundPayment", "ReturnMoney")


@LAW_5.rule
def undos_are_one_chain_in_reverse_order(saga: SagaDocument) -> Iterator[str]:
    expected = saga.undos_of(saga.undoable)
    chain = [state.name for state in saga.way_back if state.role in {Role.UNDO, Role.CLOSE}]
    if chain != expected:
        yield f"the undo chain is {_path(chain)}; it should be {_path(expected)}, by their Next"
    for undo in saga.having(Role.UNDO):
        if undo.name not in expected:
            yield f"{undo.name} undoes no step: name it in the step's row in {TABLE}"


def _path(names: Iterable[str]) -> str:
    return " -> ".join(names)


@undos_are_one_chain_in_reverse_order.broken_by("the undo chain is ReleaseInventory -> CloseOrder; it should")
def an_undo_leaves_out_the_next_one(draft: Draft) -> None:
    draft.states["ReleaseInventory"]["Next"] = "CloseOrder"


@undos_are_one_chain_in_reverse_order.broken_by("the undo chain is ReleaseInventory -> CloseOrder; it should")
def undos_are_in_forward_order(draft: Draft) -> None:
    draft.states["RefundPayment"]["Next"] = "ReleaseInventory"
    draft.states["ReleaseInventory"]["Next"] = "CloseOrder"


@undos_are_one_chain_in_reverse_order.broken_by("ReturnParcel undoes no step")
def an_undo_belongs_to_no_step(draft: Draft) -> None:
    draft.states["ReturnParcel"] = {**draft.states["ReleaseInventory"], "Next": "OrderClosed"}
    draft.steps.append(Step("ReturnParcel", "return_parcel", Role.UNDO))
    draft.catchers("NotifyCustomer")[-1]["Next"] = "ReturnParcel"


@LAW_5.rule
def every_failure_enters_the_first_undo(saga: SagaDocument) -> Iterator[str]:
    """Where the undo begins follows from what the order holds, not from the step that failed.

    Another execution may have gone further than this one, and the undos find what it did. The way into a
    detour is no failure.
    """
    top, *_, close = saga.undos_of(saga.undoable)
    detours = {each.name for each in saga.having(Role.DETOUR)}
    for step in saga.having(Role.FORWARD, Role.DETOUR, Role.PIVOT):
        asked = {(REFUND_ASKED,), (CAPTURE_ASKED,)}
        for failure in (each for each in step.failures if each.errors not in asked):
            skips = step.name == saga.start and NOTHING_WAS_DONE.issuperset(failure.errors)
            allowed = [top, close] if skips else [top]
            if failure.target not in {*allowed, *detours}:
                yield (
                    f"{step.name} fails with {', '.join(failure.errors)} and enters {failure.target};"
                    f" it should enter {' or '.join(allowed)}"
                )


@every_failure_enters_the_first_undo.broken_by("ReserveInventory fails with States.ALL and enters Refund")
def a_failed_reservation_is_not_released(draft: Draft) -> None:
    draft.catchers("ReserveInventory")[-1]["Next"] = "RefundPayment"


@every_failure_enters_the_first_undo.broken_by("ChargePayment fails with States.ALL and enters Refund")
def a_failed_charge_forgets_the_stock_of_another_execution(draft: Draft) -> None:
    draft.catchers("ChargePayment")[-1]["Next"] = "RefundPayment"


@every_failure_enters_the_first_undo.broken_by("AwaitPayment fails with States.Timeout and enters Close")
def an_expired_payment_can_still_be_captured(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Next"] = "CloseOrder"


@every_failure_enters_the_first_undo.broken_by("States.Timeout and enters ReserveInventory")
def an_expired_payment_counts_as_paid(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Next"] = "ReserveInventory"


@every_failure_enters_the_first_undo.broken_by("with PaymentDeclined and enters ReserveInventory")
def a_declined_charge_counts_as_paid(draft: Draft) -> None:
    declined = {"ErrorEquals": ["PaymentDeclined"], "Next": "ReserveInventory"}
    draft.catchers("ChargePayment").insert(0, declined)


@every_failure_enters_the_first_undo.broken_by("OrderCancelled and enters CloseOrder")
def a_cancelled_order_keeps_its_stock_and_money(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[1]["ErrorEquals"].append("OrderCancelled")


@every_failure_enters_the_first_undo.broken_by("PaymentDeclined and enters CloseOrder")
def an_order_that_was_refunded_outside_is_only_closed(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[1]["ErrorEquals"].append("PaymentDeclined")


@every_failure_enters_the_first_undo.broken_by("ValidateOrder fails with States.ALL and enters Close")
def a_crash_of_the_first_step_is_taken_for_a_rejection(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[-1]["Next"] = "CloseOrder"


@every_failure_enters_the_first_undo.broken_by("CheckFraud fails with UnknownSku, CurrencyMismatch")
def a_rejection_of_another_step_is_taken_for_one_of_a_new_order(draft: Draft) -> None:
    check = Step("CheckFraud", "check_fraud", Role.FORWARD, changes=None)
    draft.add_step(check, before="ChargePayment", like="ValidateOrder")


@LAW_5.rule
def a_detour_is_entered_on_request_and_returns(saga: SagaDocument) -> Iterator[str]:
    """A step asks for a wait, and a deadline ends it: the detour after it may ask for the same wait again.

    A pause returns to the step that asked for it, any other detour to the state after that step.
    """
    for detour in saga.having(Role.DETOUR):
        step = saga.start_of(detour)
        if step is None or detour.next != (step.name if detour.pauses_execution else step.next):
            yield f"{detour.name} returns to {detour.next}, not to the state after the step that leads to it"
        for entry in saga.transitions:
            source = saga.states[entry.source]
            if detour.pauses_execution:
                is_right = entry.errors == (LATER,) and source == step
            elif detour.waits:
                asks = source == step or source.role is Role.DETOUR
                is_right = entry.errors == (CUSTOMER_ASKED,) and asks
            else:
                is_right = entry.errors == (DEADLINE,) and source.waits
            if entry.target == detour.name and not is_right:
                yield f"{entry.source} leads to {detour.name} on {', '.join(entry.errors) or 'success'}"


@a_detour_is_entered_on_request_and_returns.broken_by("AwaitPayment returns to NotifyCustomer, not")
def an_approved_payment_skips_the_pivot(draft: Draft) -> None:
    draft.states["AwaitPayment"]["Next"] = "NotifyCustomer"


@a_detour_is_entered_on_request_and_returns.broken_by("AwaitPayment on PaymentActionRequired, PaymentInFlux")
def a_failed_charge_waits_for_a_customer_who_was_not_asked(draft: Draft) -> None:
    draft.catchers("ChargePayment")[1]["ErrorEquals"].append("PaymentInFlux")


@a_detour_is_entered_on_request_and_returns.broken_by("ChargePayment leads to AwaitPayment on success")
def every_charge_waits_for_its_customer(draft: Draft) -> None:
    draft.states["ChargePayment"]["Next"] = "AwaitPayment"


@a_detour_is_entered_on_request_and_returns.broken_by("RefundPayment leads to AwaitPayment on States.ALL")
def a_failed_undo_waits_for_the_customer(draft: Draft) -> None:
    draft.catchers("RefundPayment")[-1]["Next"] = "AwaitPayment"


@a_detour_is_entered_on_request_and_returns.broken_by("ChargePayment leads to WaitForSlot on ChargeSch")
def a_declined_order_waits_for_another_slot(draft: Draft) -> None:
    draft.catchers("ChargePayment")[0]["ErrorEquals"].append("PaymentDeclined")


@a_detour_is_entered_on_request_and_returns.broken_by("WaitForSlot returns to ReserveInventory, not to")
def an_order_skips_its_charge_after_its_wait(draft: Draft) -> None:
    draft.states["WaitForSlot"]["Next"] = "ReserveInventory"


@a_detour_is_entered_on_request_and_returns.broken_by("ExpirePayment returns to ReleaseInventory, not to")
def an_approval_that_nobody_reported_is_refunded(draft: Draft) -> None:
    draft.states["ExpirePayment"]["Next"] = "ReleaseInventory"


@a_detour_is_entered_on_request_and_returns.broken_by("AwaitPayment leads to ExpirePayment on States.ALL")
def a_declined_payment_is_taken_for_an_expired_one(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[-1]["Next"] = "ExpirePayment"


@LAW_5.rule
def a_payment_is_captured_on_request_only(saga: SagaDocument) -> Iterator[str]:
    """Only an operator can ask for that, after the pivot. If it fails, an operator is needed."""
    [capture], alarms = saga.having(Role.CAPTURE), {each.name for each in saga.having(Role.ALARM)}
    for entry in saga.transitions:
        is_asked = (entry.source, entry.errors) == (saga.start, (CAPTURE_ASKED,))
        if is_asked is not (entry.target == capture.name):
            yield f"{entry.source} leads to {entry.target} on {', '.join(entry.errors) or 'success'}"
    for failure in capture.failures:
        if failure.target not in alarms:
            yield f"{capture.name} fails with {', '.join(failure.errors)} and leads to {failure.target}"


@a_payment_is_captured_on_request_only.broken_by("ValidateOrder leads to ChargePayment on CaptureDue")
def an_order_is_charged_instead_of_captured(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[2]["Next"] = "ChargePayment"


@a_payment_is_captured_on_request_only.broken_by("NotifyCustomer leads to CapturePayment on States.ALL")
def a_lost_email_captures_the_payment(draft: Draft) -> None:
    draft.catchers("NotifyCustomer")[-1]["Next"] = "CapturePayment"


@a_payment_is_captured_on_request_only.broken_by("CapturePayment fails with States.ALL and leads to Capture")
def a_capture_that_failed_is_taken_for_made(draft: Draft) -> None:
    draft.catchers("CapturePayment")[-1]["Next"] = "CaptureEnded"


@LAW_5.rule
def lines_are_refunded_on_request_only(saga: SagaDocument) -> Iterator[str]:
    """Only an operator can ask for that, after the pivot. If it fails, an operator is needed."""
    refunds = saga.having(Role.REFUND)
    names, alarms = [each.name for each in refunds], {each.name for each in saga.having(Role.ALARM)}
    for entry in saga.transitions:
        asked = (entry.source, entry.errors) == (saga.start, (REFUND_ASKED,))
        if REFUND_ASKED in entry.errors and entry.target != names[0]:
            yield f"{entry.source} leads to {entry.target} when a refund is asked for"
        if entry.target in names and entry.source not in names and not asked:
            yield f"{entry.source} leads to {entry.target} although no refund is asked for"
    for refund in refunds:
        for failure in refund.failures:
            if failure.target not in alarms:
                yield f"{refund.name} fails with {', '.join(failure.errors)} and leads to {failure.target}"


@lines_are_refunded_on_request_only.broken_by(
    "ValidateOrder leads to RestockLines when a refund is asked for"
)
def units_go_back_without_their_refund(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[0]["Next"] = "RestockLines"


@lines_are_refunded_on_request_only.broken_by(
    "NotifyCustomer leads to RefundLines although no refund is asked"
)
def a_lost_email_refunds_lines(draft: Draft) -> None:
    draft.catchers("NotifyCustomer")[-1]["Next"] = "RefundLines"


@lines_are_refunded_on_request_only.broken_by("RefundLines fails with States.ALL and leads to LinesRefunded")
def a_refund_that_failed_is_taken_for_made(draft: Draft) -> None:
    draft.catchers("RefundLines")[-1]["Next"] = "LinesRefunded"


@LAW_5.rule
def a_refund_that_fails_is_the_one_that_was_asked_for(saga: SagaDocument) -> Iterator[str]:
    """By then another refund may be due, which has its own execution. A failed undo fails no refund."""
    refunds, alarms = saga.having(Role.REFUND), saga.having(Role.ALARM)
    for task in (*refunds, *alarms):
        if task.body["Arguments"]["Payload"].get("refund_id") != REFUND_ID:
            yield f"{task.name} does not get the id of the refund that was asked for"
    for entry in saga.transitions:
        if entry.errors == (REFUND_ASKED,):
            expected = {"refund_id": ASKED_ID}
        elif entry.target in {each.name for each in alarms} and saga.states[entry.source] not in refunds:
            expected = {"refund_id": NO_ID}
        else:
            expected = {}
        if {name: value for name, value in entry.assigned.items() if name == "refund_id"} != expected:
            yield f"{entry.source} sets refund_id on its way to {entry.target} otherwise than to {expected}"


@a_refund_that_fails_is_the_one_that_was_asked_for.broken_by("RestockLines does not get the id of the refund")
def units_of_any_refund_go_back(draft: Draft) -> None:
    del draft.states["RestockLines"]["Arguments"]["Payload"]["refund_id"]


@a_refund_that_fails_is_the_one_that_was_asked_for.broken_by("ValidateOrder sets refund_id on its way to Ref")
def an_execution_keeps_another_id(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[0]["Assign"] = {"refund_id": "{% $states.errorOutput.Cause %}"}


@a_refund_that_fails_is_the_one_that_was_asked_for.broken_by("RefundLines sets refund_id on its way to Flag")
def a_failed_refund_is_forgotten(draft: Draft) -> None:
    draft.catchers("RefundLines")[-1]["Assign"]["refund_id"] = NO_ID


@a_refund_that_fails_is_the_one_that_was_asked_for.broken_by("CloseOrder sets refund_id on its way to Flag")
def a_failed_undo_fails_a_refund(draft: Draft) -> None:
    del draft.catchers("CloseOrder")[-1]["Assign"]["refund_id"]


@LAW_5.rule
def nothing_is_undone_at_a_deadline(saga: SagaDocument) -> Iterator[str]:
    """A deadline says nothing about the payment, because a webhook can be late or lost: a detour asks."""
    detours = {each.name for each in saga.having(Role.DETOUR)}
    for each in saga.transitions:
        if each.errors == (DEADLINE,) and each.target not in detours:
            yield f"{each.source} leads to {each.target} at its deadline"


@nothing_is_undone_at_a_deadline.broken_by("AwaitPayment leads to ReleaseInventory at its deadline")
def a_lost_webhook_refunds_the_customer(draft: Draft) -> None:
    draft.catchers("AwaitPayment")[0]["Next"] = "ReleaseInventory"


@LAW_5.rule
def a_failed_undo_goes_to_a_human(saga: SagaDocument) -> Iterator[str]:
    """Unless it fails because the order is confirmed."""
    alarms = {alarm.name for alarm in saga.having(Role.ALARM)}
    for undo in saga.having(Role.UNDO, Role.CLOSE):
        for failure in undo.failures:
            if failure.errors != (CONFIRMED_AFTER_ALL,) and failure.target not in alarms:
                yield f"{undo.name} fails with {', '.join(failure.errors)} and leads to {failure.target}"


@a_failed_undo_goes_to_a_human.broken_by("CloseOrder fails with States.ALL and leads to OrderClosed")
def an_order_that_did_not_close_is_taken_for_closed(draft: Draft) -> None:
    draft.catchers("CloseOrder")[-1]["Next"] = "OrderClosed"


@a_failed_undo_goes_to_a_human.broken_by("ReleaseInventory fails with States.ALL and leads to CloseOrder")
def a_failed_undo_skips_the_next_one(draft: Draft) -> None:
    draft.catchers("ReleaseInventory")[-1]["Next"] = "CloseOrder"


@LAW_5.rule
def the_first_undo_of_a_confirmed_order_goes_forward(saga: SagaDocument) -> Iterator[str]:
    """Once the first undo has recorded that the order is undone, no execution can confirm it."""
    top, after = saga.undos_of(saga.undoable)[0], saga.pivot.next if saga.pivot else None
    for state in saga.states.values():
        back = [each.target for each in state.failures if CONFIRMED_AFTER_ALL in each.errors]
        if back != ([after] if state.name == top else []):
            yield f"{state.name} leads to {back} on {CONFIRMED_AFTER_ALL}; only {top} should, to {after}"


@the_first_undo_of_a_confirmed_order_goes_forward.broken_by(
    "ReleaseInventory leads to [] on OrderAlreadyConfirmed"
)
def a_confirmed_order_calls_for_a_human(draft: Draft) -> None:
    draft.catchers("ReleaseInventory").pop(0)


@the_first_undo_of_a_confirmed_order_goes_forward.broken_by("ReleaseInventory leads to ['ReserveInventory']")
def a_confirmed_order_is_reserved_again(draft: Draft) -> None:
    draft.catchers("ReleaseInventory")[0]["Next"] = "ReserveInventory"


@the_first_undo_of_a_confirmed_order_goes_forward.broken_by("RefundPayment leads to ['NotifyCustomer']")
def a_later_undo_goes_forward(draft: Draft) -> None:
    draft.catchers("RefundPayment").insert(0, draft.catchers("ReleaseInventory")[0])


@LAW_5.rule
def only_a_confirmed_order_goes_forward_again(saga: SagaDocument) -> Iterator[str]:
    forward = {state.name for state in saga.forward}
    for transition in saga.transitions:
        returns = transition.source not in forward and transition.target in forward
        if returns and transition.errors != (CONFIRMED_AFTER_ALL,):
            yield f"{transition.source} goes forward to {transition.target}"


@only_a_confirmed_order_goes_forward_again.broken_by("RefundPayment goes forward to NotifyCustomer")
def an_order_that_was_not_refunded_is_confirmed(draft: Draft) -> None:
    draft.catchers("RefundPayment")[-1]["Next"] = "NotifyCustomer"


@LAW_5.rule
def after_the_pivot_nothing_is_undone(saga: SagaDocument) -> Iterator[str]:
    if saga.pivot not in saga.happy_path:
        yield "no state of the happy path is the pivot"
        return
    for after in saga.happy_path[saga.happy_path.index(saga.pivot) + 1 :]:
        for way in saga.ways_from(after.name):
            for transition in way:
                target = saga.states.get(transition.target)
                if target is None or target.type != "Succeed":
                    yield f"{transition.source} is after the pivot and leads to {transition.target}"


@after_the_pivot_nothing_is_undone.broken_by("NotifyCustomer is after the pivot and leads to RefundPayment")
def a_lost_email_refunds_the_customer(draft: Draft) -> None:
    draft.catchers("NotifyCustomer")[-1]["Next"] = "RefundPayment"


@after_the_pivot_nothing_is_undone.broken_by("no state of the happy path is the pivot")
def no_step_is_the_pivot(draft: Draft) -> None:
    draft.change_row("ReserveInventory", role=Role.FORWARD)


@LAW_5.rule
def every_way_leads_to_an_end(saga: SagaDocument) -> Iterator[str]:
    """No missing target, no state that nothing leads to, and no cycle but a wait that is repeated."""
    reached = [saga.start]
    for name in reached:  # grows meanwhile
        if name in saga.states:
            reached += saga.states[name].targets.difference(reached)
        else:
            yield f"{name} does not exist"
    for name in saga.states.keys() - reached:
        yield f"nothing leads to {name}"
    try:
        TopologicalSorter({state.name: _onward(state) for state in saga.states.values()}).prepare()
    except CycleError as error:
        yield f"{_path(reversed(error.args[1]))} is a cycle"


def _onward(state: State) -> set[str]:
    """The states that can follow, without the waits that the budget limits: pauses and repeated detours."""
    if state.pauses_execution:
        return set()
    again = (CUSTOMER_ASKED,) if state.role is Role.DETOUR else ()
    return {each.target for each in state.transitions if not again or each.errors != again}


@every_way_leads_to_an_end.broken_by("CloseOrder -> ReleaseInventory")
def the_undo_chain_is_a_cycle(draft: Draft) -> None:
    draft.catchers("CloseOrder")[-1]["Next"] = "ReleaseInventory"


@every_way_leads_to_an_end.broken_by("CloseTheOrder does not exist")
def the_next_state_does_not_exist(draft: Draft) -> None:
    draft.states["RefundPayment"]["Next"] = "CloseTheOrder"


@every_way_leads_to_an_end.broken_by("nothing leads to AwaitPayment")
def a_payment_that_needs_approval_is_refunded(draft: Draft) -> None:
    draft.catchers("ChargePayment").pop(1)


@every_way_leads_to_an_end.broken_by("nothing leads to ConfirmedNotNotified")
def a_state_is_never_entered(draft: Draft) -> None:
    draft.catchers("NotifyCustomer")[-1]["Next"] = "OrderClosed"
