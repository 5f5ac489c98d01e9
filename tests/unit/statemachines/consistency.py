"""The definition agrees with the table of steps, the functions and the errors, and can run."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import lambdas
from statemachines.document import SagaDocument
from statemachines.steps import HAPPY_PATH_STATES, Role, Step
from tests.unit.statemachines.error_names import KNOWN
from tests.unit.statemachines.rulebook import Draft, Law

CONSISTENCY = Law("The definition, the table of steps, the functions and the errors agree")

TABLE = "statemachines/steps.py"

TASK_TOKEN = "{% $states.context.Task.Token %}"  # noqa: S105 - the expression for one
RETRY_COUNT = "{% $states.context.State.RetryCount %}"

KEY_WITH_PLACEHOLDER = re.compile(r'"([^"]*\$\{[^"]*)":')

FUNCTIONS = {handler.parent.name for handler in Path(*lambdas.__path__).glob("*/*/handler.py")}


@CONSISTENCY.rule
def the_happy_path_has_four_states(saga: SagaDocument) -> Iterator[str]:
    """Every order pays for each of them."""
    if len(saga.happy_path) != HAPPY_PATH_STATES:
        yield f"the happy path is {' -> '.join(each.name for each in saga.happy_path)}"


@the_happy_path_has_four_states.broken_by("NotifyCustomer -> OrderClosed")
def the_happy_path_gets_a_fifth_state(draft: Draft) -> None:
    draft.states["NotifyCustomer"]["Next"] = "OrderClosed"


@CONSISTENCY.rule
def no_state_of_the_happy_path_waits_for_a_token(saga: SagaDocument) -> Iterator[str]:
    for each in saga.happy_path:
        if each.waits:
            yield f"{each.name} is on the happy path and waits for its task token"


@no_state_of_the_happy_path_waits_for_a_token.broken_by("AwaitPayment is on the happy path")
def every_order_waits_for_an_approval(draft: Draft) -> None:
    draft.states["ChargePayment"]["Next"] = "AwaitPayment"


@CONSISTENCY.rule
def a_task_that_waits_and_no_other_gets_its_token(saga: SagaDocument) -> Iterator[str]:
    for task in saga.tasks:
        token = task.body.get("Arguments", {}).get("Payload", {}).get("task_token")
        if task.waits is not (token == TASK_TOKEN):
            yield f"{task.name} {'waits' if task.waits else 'does not wait'}: its task_token is {token}"


@a_task_that_waits_and_no_other_gets_its_token.broken_by("AwaitPayment waits: its task_token is None")
def nobody_gets_the_task_token(draft: Draft) -> None:
    del draft.states["AwaitPayment"]["Arguments"]["Payload"]["task_token"]


@a_task_that_waits_and_no_other_gets_its_token.broken_by("AwaitPayment does not wait: its task_token is {%")
def the_execution_goes_on_before_the_customer_answers(draft: Draft) -> None:
    draft.states["AwaitPayment"]["Resource"] = "arn:aws:states:::lambda:invoke"


@CONSISTENCY.rule
def every_function_gets_the_number_of_its_retries(saga: SagaDocument) -> Iterator[str]:
    """Each attempt of a refund has its own idempotency key, and a metric counts the retries of each step."""
    for task in saga.tasks:
        attempt = task.body.get("Arguments", {}).get("Payload", {}).get("attempt")
        if attempt != RETRY_COUNT:
            yield f"{task.name} does not know its retries: its attempt is {attempt}"


@every_function_gets_the_number_of_its_retries.broken_by("AwaitPayment does not know its retries")
def a_payload_has_no_attempt(draft: Draft) -> None:
    del draft.states["AwaitPayment"]["Arguments"]["Payload"]["attempt"]


@CONSISTENCY.rule
def states_and_rows_of_the_table_stand_in_the_same_order(saga: SagaDocument) -> Iterator[str]:
    """The file reads like the table: forward steps, undos, ends."""
    rows = [step.state for step in saga.steps]
    for task in saga.tasks:
        if task.name not in rows:
            yield f"{task.name} has no row in {TABLE}: say there what it changes and what undoes it"
    for row in rows:
        if row not in saga.states:
            yield f"{row} has a row in {TABLE} and is not a state"
    expected = [name for row in rows for name in (row, *_pauses_after(saga, row))]
    expected += [each.name for each in saga.states.values() if each.role is Role.END]
    if (names := list(saga.states)) != expected:
        yield f"the states are {', '.join(names)}; the order of {TABLE} is {', '.join(expected)}"


def _pauses_after(saga: SagaDocument, row: str) -> list[str]:
    """The states that wait and return to the state of a row: they stand behind it."""
    return [each.name for each in saga.pauses_before(saga.states[row])] if row in saga.states else []


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("the order of")
def a_pause_stands_at_the_end(draft: Draft) -> None:
    draft.states["WaitForSlot"] = draft.states.pop("WaitForSlot")


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("CheckFraud has no row")
def a_state_is_added_without_a_row(draft: Draft) -> None:
    draft.states["CheckFraud"] = {**draft.states["ValidateOrder"]}
    draft.states["ValidateOrder"]["Next"] = "CheckFraud"


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("CheckFraud has a row")
def a_row_is_added_without_a_state(draft: Draft) -> None:
    draft.steps.insert(1, Step("CheckFraud", "check_fraud", Role.FORWARD))


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("the order of")
def a_forward_state_stands_after_the_undos(draft: Draft) -> None:
    draft.states["ChargePayment"] = draft.states.pop("ChargePayment")


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("the order of")
def a_detour_stands_after_the_pivot(draft: Draft) -> None:
    draft.swap("AwaitPayment", "ReserveInventory")


@states_and_rows_of_the_table_stand_in_the_same_order.broken_by("the order of")
def undos_stand_in_forward_order(draft: Draft) -> None:
    draft.swap("ReleaseInventory", "RefundPayment")


@CONSISTENCY.rule
def the_roles_of_the_table_fit_the_definition(saga: SagaDocument) -> Iterator[str]:
    happy_path, way_back = saga.happy_path, saga.way_back
    for task in saga.tasks:
        role, on = task.role or Role.END, [task in happy_path, task in way_back]
        expected = {
            Role.FORWARD: [True, False],
            Role.PIVOT: [True, False],
            Role.UNDO: [False, True],
            Role.CLOSE: [False, True],
        }.get(role, [False, False])
        if role is not Role.NOTIFY and on != expected:
            yield f"{task.name} has Role.{role.name} in {TABLE}, which does not fit its place"
    if len(saga.having(Role.PIVOT)) != 1 or len(saga.having(Role.CLOSE)) != 1:
        yield f"exactly one row of {TABLE} should have Role.PIVOT, and one Role.CLOSE"


@the_roles_of_the_table_fit_the_definition.broken_by("RefundPayment has Role.FORWARD")
def an_undo_is_listed_as_a_forward_step(draft: Draft) -> None:
    draft.change_row("RefundPayment", role=Role.FORWARD)


@the_roles_of_the_table_fit_the_definition.broken_by("AwaitPayment has Role.FORWARD")
def a_detour_is_listed_as_a_forward_step(draft: Draft) -> None:
    draft.change_row("AwaitPayment", role=Role.FORWARD)


@the_roles_of_the_table_fit_the_definition.broken_by("ChargePayment has Role.DETOUR")
def a_forward_step_is_listed_as_a_detour(draft: Draft) -> None:
    draft.change_row("ChargePayment", role=Role.DETOUR)


@the_roles_of_the_table_fit_the_definition.broken_by("exactly one row of statemachines/steps.py should")
def two_steps_are_the_pivot(draft: Draft) -> None:
    draft.change_row("ChargePayment", role=Role.PIVOT)


@CONSISTENCY.rule
def every_error_that_is_named_exists(saga: SagaDocument) -> Iterator[str]:
    for each in saga.states.values():
        caught = [transition.errors for transition in each.failures]
        for error in sorted({*sum(caught, ()), *sum((one.errors for one in each.retriers), ())} - KNOWN):
            yield f"{each.name} names the error {error}, which nothing raises"


@every_error_that_is_named_exists.broken_by("ValidateOrder names the error SkuUnknown")
def a_caught_error_is_misspelt(draft: Draft) -> None:
    draft.catchers("ValidateOrder")[0]["ErrorEquals"][0] = "SkuUnknown"


@every_error_that_is_named_exists.broken_by("CloseOrder names the error RefundDenied")
def a_retried_error_is_misspelt(draft: Draft) -> None:
    draft.states["CloseOrder"]["Retry"][0]["ErrorEquals"].append("RefundDenied")


@CONSISTENCY.rule
def every_task_calls_the_function_of_its_row(saga: SagaDocument) -> Iterator[str]:
    for step in saga.steps:
        if step.function not in FUNCTIONS:
            yield f"{step.state} has the function {step.function} in {TABLE}, which is not in lambdas/"
        task = saga.states.get(step.state)
        called = task and task.body.get("Arguments", {}).get("FunctionName")
        expected = f"${{{''.join(map(str.title, step.function.split('_')))}Arn}}"
        if called != expected:
            yield f"{step.state} calls {called}, not {expected}"


@every_task_calls_the_function_of_its_row.broken_by("RefundPayment calls ${ChargePaymentArn}")
def an_undo_calls_the_function_of_its_step(draft: Draft) -> None:
    draft.states["RefundPayment"]["Arguments"]["FunctionName"] = "${ChargePaymentArn}"


@every_task_calls_the_function_of_its_row.broken_by("ChargePayment calls ${ChargeCardArn}")
def a_placeholder_is_misspelt(draft: Draft) -> None:
    draft.states["ChargePayment"]["Arguments"]["FunctionName"] = "${ChargeCardArn}"


@every_task_calls_the_function_of_its_row.broken_by("ReleaseInventory has the function give_back")
def a_row_names_a_function_that_does_not_exist(draft: Draft) -> None:
    draft.change_row("ReleaseInventory", function="give_back")


@CONSISTENCY.rule
def no_key_is_a_placeholder(saga: SagaDocument) -> Iterator[str]:
    """CloudFormation also replaces placeholders in keys."""
    for key in KEY_WITH_PLACEHOLDER.findall(json.dumps(saga.definition)):
        yield f"{key} is a placeholder in place of a key"


@no_key_is_a_placeholder.broken_by("${ChargePaymentArn} is a placeholder in place of a key")
def a_placeholder_is_a_key(draft: Draft) -> None:
    draft.states["ChargePayment"]["Arguments"] = {"${ChargePaymentArn}": {}}


@CONSISTENCY.rule
def no_value_is_null(saga: SagaDocument) -> Iterator[str]:
    """The CDK leaves such values out of a template: an expression can be null instead."""
    if re.search(r"[:\[,] null[,}\]]", json.dumps(saga.definition)):
        yield "a value is null, and the deployed definition would lack it"


@no_value_is_null.broken_by("a value is null")
def a_variable_is_set_to_null(draft: Draft) -> None:
    draft.catchers("CloseOrder")[-1]["Assign"]["refund_id"] = None


@CONSISTENCY.rule
def every_variable_is_assigned_before_it_is_used(saga: SagaDocument) -> Iterator[str]:
    """On every way into the state: a missing variable is an error that no catcher catches."""
    for target, ways in _ways_into(saga).items():
        known = frozenset.intersection(*ways)
        for variable in sorted(saga.states[target].variables - known):
            yield f"{target} uses ${variable}, which is not assigned on every way there"
        for failure in saga.states[target].failures:
            for variable in sorted(failure.used - known):
                yield f"{target} uses ${variable} on its way to {failure.target}"


def _ways_into(saga: SagaDocument) -> dict[str, list[frozenset[str]]]:
    """For each state, the variables that are assigned when it is entered: one set for each way into it."""
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


@every_variable_is_assigned_before_it_is_used.broken_by("CloseOrder uses $error")
def a_catcher_does_not_keep_the_error(draft: Draft) -> None:
    del draft.catchers("ValidateOrder")[1]["Assign"]


@every_variable_is_assigned_before_it_is_used.broken_by("FlagForOperator uses $undo_error")
def a_failed_undo_does_not_keep_its_error(draft: Draft) -> None:
    del draft.catchers("CloseOrder")[-1]["Assign"]


@every_variable_is_assigned_before_it_is_used.broken_by("ChargePayment uses $error on its way")
def a_catcher_reads_a_variable_that_is_not_assigned(draft: Draft) -> None:
    draft.catchers("ChargePayment")[-1]["Assign"] = {"error": "{% $error %}"}
