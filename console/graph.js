// The state graph: `saga.svg` is drawn from the deployed definition when the documentation is generated; here its
// states get their outcomes.

import { h } from "./dom.js";
import { duration, milliseconds } from "./format.js";
import { OUTCOMES, outcomeOf } from "./model.js";
import { step } from "./parts.js";

const drawing = fetch("saga.svg").then(async (response) => {
  const parsed = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  return parsed.documentElement;
});

/** The graph of one execution at a time. It is made once for a page, and painted again when something changes. */
export class Graph {
  /** @param onselect Called with the name of the state that the user chose. */
  constructor(onselect) {
    this.onselect = onselect;
    this.element = h("div.graph", { role: "group", "aria-label": "State machine", tabindex: "0" });
    this.ready = drawing.then((svg) => {
      this.svg = document.importNode(svg, true);
      this.element.append(this.svg);
      for (const state of this.svg.querySelectorAll("[data-state]")) this.#makeButton(state);
      if (this.painted) this.paint(...this.painted);
    });
  }

  /** Show the outcomes of an execution, and which state is selected. */
  paint(view, selected) {
    this.painted = [view, selected];
    if (!this.svg) return;
    const visits = Map.groupBy(view.states, (state) => state.name);
    for (const group of this.svg.querySelectorAll("[data-state]")) {
      const name = group.dataset.state;
      this.#paintState(group, visits.get(name) ?? [], name === selected);
    }
    const taken = new Set(view.states.slice(1).map((state, index) => `${view.states[index].name} ${state.name}`));
    for (const edge of this.svg.querySelectorAll("[data-from]")) {
      const isTaken = taken.has(`${edge.dataset.from} ${edge.dataset.to}`);
      if (isTaken && !edge.classList.contains("taken"))
        this.svg.insertBefore(edge, this.svg.querySelector(".confirmed")); // on top of others
      edge.classList.toggle("taken", isTaken);
    }
    const last = view.states.at(-1);
    if (last) requestAnimationFrame(() => this.#scrollTo(last.name, view.number)); // once it is on the page
    const isConfirmed = last?.name === "NotifyCustomer" && ["succeeded", "recorded"].includes(last.outcome);
    this.svg.querySelector(".confirmed").classList.toggle("taken", isConfirmed);
  }

  /** What the definition says about a state. */
  comment(name) {
    return this.svg?.querySelector(`[data-state="${name}"] desc`)?.textContent ?? "";
  }

  /** On a narrow screen, bring the last state of an execution into view, once. */
  #scrollTo(name, number) {
    if (this.scrolledFor === number) return;
    this.scrolledFor = number;
    const [box, frame] = [this.svg.querySelector(`[data-state="${name}"]`), this.element].map((each) =>
      each.getBoundingClientRect(),
    );
    this.element.scrollLeft += box.left + box.width / 2 - frame.left - frame.width / 2;
  }

  #makeButton(group) {
    const choose = () => this.onselect(group.dataset.state);
    group.addEventListener("click", choose);
    group.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      choose();
    });
    group.setAttribute("role", "button");
    group.setAttribute("tabindex", "0");
  }

  #paintState(group, visits, isSelected) {
    const last = visits.at(-1);
    const outcome = last ? outcomeOf(last) : "unreached";
    const facts = last && [
      `${OUTCOMES[outcome].mark} ${short(outcome)}`,
      last.left_at && last.attempts.length > 0 && duration(milliseconds(last.left_at) - milliseconds(last.entered_at)),
      last.attempts.length > 1 && `${last.attempts.length} tries`,
      visits.length > 1 && `${visits.length} visits`,
    ];
    const text = facts ? facts.filter(Boolean).join(" · ") : "";
    group.dataset.outcome = outcome;
    group.querySelector(".outcome").textContent = text;
    group.setAttribute("aria-label", `${group.dataset.state} ${text || OUTCOMES.unreached.label}`);
    group.setAttribute("aria-pressed", String(isSelected));
  }
}

const short = (outcome) => ({ retried: "retried", caught: "caught" })[outcome] ?? OUTCOMES[outcome].label;

/** What the marks mean. */
export function legend() {
  const outcomes = Object.entries(OUTCOMES).filter(([name]) => name !== "recorded");
  return h(
    "ul.legend",
    { "aria-label": "Legend" },
    outcomes.map(([name, { label }]) => h("li", step(name), label)),
  );
}
