"""What else the document promises its readers: the console's, the deployment's and the next rule's."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import lambdas
from statemachines.document import Role, SagaDocument, State
from tests.unit.statemachines.error_names import KNOWN
from tests.unit.statemachines.rulebook import Document, Law, catchers, rename, state

THE_FILE = Law("The document reads in the order of the saga, and names only what exists")

HAPPY_PATH_STATES = 4

WHAT_WAKES_IT = "{% $states.context.Task.Token %}"

FUNCTIONS = frozenset(
    "".join(word.capitalize() for word in handler.parent.name.split("_"))
    for handler in Path(next(iter(lambdas.__path__))).glob("*/*/handler.py")
)
"""The functions by the names that the document has for them: `ValidateOrder`."""


@THE_FILE.rule
def the_happy_path_has_four_states(saga: SagaDocument) -> Iterator[str]:
    """Each is paid for with every order."""
    if len(saga.happy_path) != HAPPY_PATH_STATES:
        yield f"the happy path is {' -> '.join(each.name for each in saga.happy_path)}"


@THE_FILE.breach(the_happy_path_has_four_states, "NotifyCustomer -> OrderClosed")
def a_happy_order_pays_a_fifth_transition(document: Document) -> None:
    state(document, "NotifyCustomer")["Next"] = "OrderClosed"


@THE_FILE.rule
def nobody_is_waited_for_on_the_happy_path(saga: SagaDocument) -> Iterator[str]:
    for each in saga.happy_path:
        if each.waits:
            yield f"{each.name} is on the happy path and waits for a call back"


@THE_FILE.breach(nobody_is_waited_for_on_the_happy_path, "AwaitPayment is on the happy path")
def a_happy_order_waits_like_any_other(document: Document) -> None:
    state(document, "ChargePayment")["Next"] = "AwaitPayment"


@THE_FILE.rule
def whoever_waits_hands_over_what_wakes_it(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        token = task.body.get("Arguments", {}).get("Payload", {}).get("task_token")
        if task.waits is not (token == WHAT_WAKES_IT):
            yield f"{task.name} {'waits' if task.waits else 'does not wait'}: task_token is {token}"


@THE_FILE.breach(whoever_waits_hands_over_what_wakes_it, "AwaitPayment waits: task_token is None")
def nobody_can_wake_the_execution(document: Document) -> None:
    del state(document, "AwaitPayment")["Arguments"]["Payload"]["task_token"]


@THE_FILE.breach(
    whoever_waits_hands_over_what_wakes_it, "AwaitPayment does not wait: task_token is {% $states"
)
def the_execution_goes_on_before_the_customer_answers(document: Document) -> None:
    state(document, "AwaitPayment")["Resource"] = "arn:aws:states:::lambda:invoke"


@THE_FILE.rule
def every_comment_begins_with_its_states_role(saga: SagaDocument) -> Iterator[str]:
    for each in saga.states.values():
        if each.role is None:
            yield f"{each.name}'s comment does not begin with its role"
        elif (each.role is Role.END) is each.is_task:
            yield f"{each.name} is a {each.type} state, not: {each.role}"
        elif (each.role is Role.FORWARD and not each.is_detour) is not (each in saga.happy_path):
            yield f"{each.name} is not: {', '.join(filter(None, [each.role, each.place]))}"
        elif each.undoes is not None and each.undoes not in saga.states:
            yield f"{each.name} undoes {each.undoes}, which does not exist"


@THE_FILE.breach(every_comment_begins_with_its_states_role, "CloseOrder's comment does not begin")
def a_comment_says_nothing_of_the_role(document: Document) -> None:
    state(document, "CloseOrder")["Comment"] = "Closes the order."


@THE_FILE.breach(every_comment_begins_with_its_states_role, "OrderClosed's comment does not begin")
def a_state_has_no_comment(document: Document) -> None:
    del state(document, "OrderClosed")["Comment"]


@THE_FILE.breach(every_comment_begins_with_its_states_role, "RefundPayment is not: Forward")
def an_undo_says_that_it_goes_forward(document: Document) -> None:
    state(document, "RefundPayment")["Comment"] = "Forward. Gives the money back."


@THE_FILE.breach(every_comment_begins_with_its_states_role, "AwaitPayment is not: Forward")
def a_detour_says_that_everybody_makes_it(document: Document) -> None:
    state(document, "AwaitPayment")["Comment"] = "Forward. Waits for the customer."


@THE_FILE.breach(
    every_comment_begins_with_its_states_role, "ChargePayment is not: Forward, only when money is needed"
)
def a_step_says_that_it_is_a_detour(document: Document) -> None:
    state(document, "ChargePayment")["Comment"] = "Forward, only when money is needed. Charges."


@THE_FILE.breach(every_comment_begins_with_its_states_role, "CloseOrder is a Task state, not: End")
def a_task_says_that_it_is_an_end(document: Document) -> None:
    state(document, "CloseOrder")["Comment"] = "End. Closes the order."


@THE_FILE.breach(every_comment_begins_with_its_states_role, "undoes TakePayment, which does not exist")
def an_undo_of_nothing(document: Document) -> None:
    state(document, "RefundPayment")["Comment"] = "Undo of TakePayment."


@THE_FILE.rule
def one_state_is_the_pivot_and_one_the_last_undo(saga: SagaDocument) -> Iterator[str]:
    for place in ("the pivot", "its last step"):
        names = [each.name for each in saga.states.values() if each.place == place]
        if len(names) != 1:
            yield f"{place} is {names}"
    if saga.pivot and saga.pivot not in saga.happy_path:
        yield f"the pivot {saga.pivot.name} is not on the happy path"


@THE_FILE.breach(one_state_is_the_pivot_and_one_the_last_undo, "the pivot is []")
def nothing_is_the_pivot(document: Document) -> None:
    state(document, "ReserveInventory")["Comment"] = "Forward. Takes the stock."


@THE_FILE.rule
def the_file_has_forward_states_first_then_undos_then_ends(saga: SagaDocument) -> Iterator[str]:
    names = list(saga.states)
    expected = sorted(names, key=lambda name: _position(saga, saga.states[name]))
    if names != expected:
        yield f"the order is {', '.join(names)}; it should be {', '.join(expected)}"


def _position(saga: SagaDocument, each: State) -> tuple[int, int, bool]:
    """By role, then along the way; a detour stands behind the step that it begins at."""
    chain = [*saga.happy_path, *saga.way_back]
    place = (saga.left_at(each) or each) if each.is_detour else each
    role = list(Role).index(each.role) if each.role else len(Role)
    return role, chain.index(place) if place in chain and each.is_task else 0, each.is_detour


@THE_FILE.breach(
    the_file_has_forward_states_first_then_undos_then_ends,
    "it should be ValidateOrder, ChargePayment, AwaitPayment, ReserveInventory",
)
def a_forward_state_stands_behind_the_undos(document: Document) -> None:
    document["States"]["ChargePayment"] = document["States"].pop("ChargePayment")


@THE_FILE.breach(
    the_file_has_forward_states_first_then_undos_then_ends,
    "it should be ValidateOrder, ChargePayment, AwaitPayment, ReserveInventory",
)
def a_detour_stands_behind_the_steps(document: Document) -> None:
    names = list(document["States"])
    names.insert(names.index("NotifyCustomer"), names.pop(names.index("AwaitPayment")))
    document["States"] = {name: document["States"][name] for name in names}


@THE_FILE.breach(the_file_has_forward_states_first_then_undos_then_ends, "it should be")
def undos_stand_in_forward_order(document: Document) -> None:
    names = list(document["States"])
    one, other = names.index("ReleaseInventory"), names.index("RefundPayment")
    names[one], names[other] = names[other], names[one]
    document["States"] = {name: document["States"][name] for name in names}


@THE_FILE.rule
def every_error_that_is_named_exists(saga: SagaDocument) -> Iterator[str]:
    for each in saga.states.values():
        caught = [transition.errors for transition in each.failures]
        for error in sorted({*sum(caught, ()), *sum((one.errors for one in each.retriers), ())} - KNOWN):
            yield f"{each.name} names the error {error}, which nothing raises"


@THE_FILE.breach(every_error_that_is_named_exists, "ValidateOrder names the error SkuUnknown")
def an_error_is_misspelt_where_it_is_caught(document: Document) -> None:
    catchers(document, "ValidateOrder")[0]["ErrorEquals"][0] = "SkuUnknown"


@THE_FILE.breach(every_error_that_is_named_exists, "CloseOrder names the error Lambda.Throttled")
def an_error_is_misspelt_where_it_is_retried(document: Document) -> None:
    state(document, "CloseOrder")["Retry"][0]["ErrorEquals"].append("Lambda.Throttled")


@THE_FILE.rule
def every_placeholder_is_the_arn_of_a_function(saga: SagaDocument) -> Iterator[str]:
    for name in sorted({*saga.placeholders} - {f"{function}Arn" for function in FUNCTIONS}):
        yield f"${{{name}}} is nothing that the deployment can fill in"
    for key in _keys(saga.definition):
        if "${" in key:
            yield f"{key} is a placeholder in place of a key"


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from value
        for each in value.values():
            yield from _keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each)


@THE_FILE.breach(every_placeholder_is_the_arn_of_a_function, "${ChargeCardArn} is nothing")
def a_placeholder_is_misspelt(document: Document) -> None:
    state(document, "ChargePayment")["Arguments"]["FunctionName"] = "${ChargeCardArn}"


@THE_FILE.breach(
    every_placeholder_is_the_arn_of_a_function, "${ChargePaymentArn} is a placeholder in place of a key"
)
def a_placeholder_is_no_text(document: Document) -> None:
    state(document, "ChargePayment")["Arguments"] = {"${ChargePaymentArn}": {}}


@THE_FILE.rule
def every_task_calls_the_function_that_it_is_named_after(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        called = str(task.body.get("Arguments", {}).get("FunctionName"))
        if called not in {f"${{{name}Arn}}" for name in FUNCTIONS if task.name.startswith(name)}:
            yield f"{task.name} calls {called}"


@THE_FILE.breach(
    every_task_calls_the_function_that_it_is_named_after, "RefundPayment calls ${ChargePaymentArn}"
)
def an_undo_charges_once_more(document: Document) -> None:
    state(document, "RefundPayment")["Arguments"]["FunctionName"] = "${ChargePaymentArn}"


@THE_FILE.breach(
    every_task_calls_the_function_that_it_is_named_after, "GiveBack calls ${ReleaseInventoryArn}"
)
def a_task_is_named_after_no_function(document: Document) -> None:
    rename(document, "ReleaseInventory", "GiveBack")


@THE_FILE.rule
def every_variable_is_assigned_before_it_is_used(saga: SagaDocument) -> Iterator[str]:
    """On every way into the state: a missing variable fails the execution where nothing catches it."""
    for target, ways in _ways_into(saga).items():
        known = frozenset.intersection(*ways)
        for variable in sorted(saga.states[target].variables - known):
            yield f"{target} uses ${variable}, which is not assigned on every way there"
        for failure in saga.states[target].failures:
            for variable in sorted(failure.used - known):
                yield f"{target} uses ${variable} on its way to {failure.target}"


def _ways_into(saga: SagaDocument) -> dict[str, list[frozenset[str]]]:
    """For every state, the variables that are assigned when it is entered: once for every way there."""
    assigned: dict[str, list[frozenset[str]]] = {saga.start: [frozenset()]}
    waiting: list[tuple[str, frozenset[str]]] = [(saga.start, frozenset())]
    while waiting:
        name, before = waiting.pop()
        for transition in saga.states[name].transitions:
            known = before.union(transition.assigned)
            if transition.target in saga.states and known not in assigned.setdefault(transition.target, []):
                assigned[transition.target].append(known)
                waiting.append((transition.target, known))
    return assigned


@THE_FILE.breach(every_variable_is_assigned_before_it_is_used, "CloseOrder uses $error")
def a_catcher_forgets_what_it_caught(document: Document) -> None:
    del catchers(document, "ValidateOrder")[0]["Assign"]


@THE_FILE.breach(every_variable_is_assigned_before_it_is_used, "FlagForOperator uses $undo_error")
def an_undo_forgets_why_it_failed(document: Document) -> None:
    del catchers(document, "CloseOrder")[-1]["Assign"]


@THE_FILE.breach(
    every_variable_is_assigned_before_it_is_used, "ChargePayment uses $error on its way to RefundPayment"
)
def a_catcher_reads_what_nobody_wrote(document: Document) -> None:
    catchers(document, "ChargePayment")[-1]["Assign"] = {"error": "{% $error %}"}
