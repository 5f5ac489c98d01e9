// All executions of an order in one picture: the states of each, what stopped, and which later one healed it.

import { h } from "./dom.js";
import { timeOfDay } from "./format.js";
import { endOf, OUTCOMES, outcomeOf } from "./model.js";
import { card, step } from "./parts.js";

/** @param choose Called with the number of the execution that the user chose. */
export function executionsCard(views, shown, choose) {
  return card(
    "Executions",
    h(
      "ol.executions",
      views.map((view) => row(view, view.number === shown.number, () => choose(view.number))),
    ),
  );
}

function row(view, isShown, choose) {
  const error = view.error && h("small", view.error.message || view.error.code);
  return h(
    "li",
    { key: `${view.number}` },
    h(
      "button.execution",
      { "aria-pressed": String(isShown), onclick: choose },
      h("span.number", String(view.number)),
      h("span.title", h("strong", view.title), h("small", view.started_at && timeOfDay(view.started_at))),
      h("span.steps", view.states.map(stepOf)),
      h("span", { class: view.isStopped ? "end failure" : "end" }, endOf(view), error),
      view.healedBy && h("span.heals", `healed by ${view.healedBy}`),
      view.heals.length > 0 && h("span.heals", `heals ${view.heals.join(", ")}`),
    ),
  );
}

function stepOf(state) {
  const outcome = outcomeOf(state);
  return step(outcome, `${state.name}: ${OUTCOMES[outcome].label}`);
}
