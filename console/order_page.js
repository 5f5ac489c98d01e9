// One order, whole: what became of it, its executions, the graph, the time axis, what happened around it, its story.

import { ACTIONS } from "./actions.js";
import { axisTable } from "./axis.js";
import { stateDetails } from "./details.js";
import { h } from "./dom.js";
import { dayAndTime, duration, inWords, milliseconds, money, sentence, timeOfDay } from "./format.js";
import { Graph } from "./graph.js";
import { allowedActions, endOf, eventName, isMoving, OUTCOMES, outcomeOf, pending, viewsOf, withoutSecrets } from "./model.js";
import { badge } from "./orders_page.js";

const PAUSE_MOVING = 1500;
const PAUSE_AT_REST = 5000;

/** Milliseconds until a part of a moving order is read again: effects ask Stripe, and the story searches the logs. */
const AGE = { executions: 1500, effects: 5000, story: 10_000 };

/** For how long after its last change an order is followed by events, mails and log lines. */
const AFTERMATH = 60_000;

export class OrderPage {
  order = null;
  parts = {}; // what was read: executions, effects, story
  gaps = {}; // the problems of the parts that could not be read
  readAt = {}; // when each part was asked for
  chosen = null; // number of the execution that the user chose
  state = null; // name of the state that the user chose

  /** @param tab "" or "story". */
  constructor(app, id, tab) {
    Object.assign(this, { app, id, tab });
    this.title = `Order ${id.slice(0, 8)}`;
    this.graph = new Graph((name) => this.#select(this.shown.number, name));
  }

  get pause() {
    return this.order && isMoving(this.order) ? PAUSE_MOVING : PAUSE_AT_REST;
  }

  /** Read the order, and its parts if they may have changed. The page does not wait for the parts. */
  async load() {
    const before = this.order;
    this.order = await this.app.api.order(this.id);
    const hasChanged = before?.timeline.length !== this.order.timeline.length || before?.updated_at !== this.order.updated_at;
    if (before && before.status !== this.order.status) this.app.announce(`The order is ${sentence(this.order.status)}.`);
    for (const name of ["executions", "effects", ...(this.#showsStory ? ["story"] : [])]) {
      if (hasChanged || this.#isDue(name)) this.#read(name);
    }
  }

  #isDue(name) {
    if (!(name in this.readAt)) return true;
    if (this.gaps[name]?.status === 403) return false;
    const isRecent = Date.now() - milliseconds(this.order.updated_at) < AFTERMATH;
    const isRunning = this.parts.executions?.executions.some((each) => each.status === "RUNNING");
    const canChange = this.gaps[name] || isRecent || isRunning || isMoving(this.order);
    return canChange && Date.now() - this.readAt[name] >= AGE[name];
  }

  /** Read one part; what can't be read is left out, and the page says so. */
  async #read(name) {
    this.readAt[name] = Date.now();
    try {
      this.parts[name] = await this.app.api[name](this.id);
      delete this.gaps[name];
    } catch (problem) {
      this.gaps[name] = problem;
    }
    if (this.app.page === this) this.app.render();
  }

  get #showsStory() {
    return this.tab === "story" || this.state !== null;
  }

  /** All executions, as they are shown. */
  get views() {
    return viewsOf(this.order, this.parts.executions?.executions);
  }

  /** The execution that the user chose, or the latest one. */
  get shown() {
    const { views } = this;
    return views[(this.chosen ?? views.length) - 1] ?? views.at(-1);
  }

  view() {
    if (!this.order) return [h("section", { class: "head" }, this.#title(), h("p", { class: "quiet" }, "Loading ..."))];
    return [this.#head(), this.#tabs(), this.tab === "story" ? this.#storyTable() : this.#whole()];
  }

  #title(actions = []) {
    return [
      h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Orders")),
      h("div", { class: "heading" }, h("h1", { tabindex: "-1", class: "id" }, this.id), this.order && badge(this.order.status), h("div", { class: "buttons" }, actions.map((name) => this.#button(name)))),
    ];
  }

  #head() {
    const { order } = this;
    const waits = pending(order, this.views);
    const actions = allowedActions(order, this.app.config, Boolean(this.app.api.operator));
    const isOpen = isMoving(order) || order.status === "NEEDS_ATTENTION";
    const since = waits?.since && ` For ${duration(Date.now() - milliseconds(waits.since))}.`;
    return h(
      "section",
      { class: "head", "aria-label": "Summary" },
      this.#title(actions),
      order.failure && h("p", { class: "failure" }, h("strong", {}, order.failure.code), ` ${order.failure.message}`),
      waits && h("p", { class: waits.urgent ? "pending urgent" : "pending" }, waits.text, since && h("span", { class: "quiet" }, since)),
      h(
        "dl",
        { class: "facts" },
        fact("Amount", h("strong", {}, money(order.amount, order.currency))),
        fact("Payment", sentence(order.payment.status)),
        fact("Items", order.items.map((item) => `${item.quantity} × ${item.sku}`).join(", ")),
        fact("Placed", `${dayAndTime(order.created_at)} UTC`),
        fact(isOpen ? "Open for" : "Took", duration(milliseconds(isOpen ? new Date() : order.updated_at) - milliseconds(order.created_at))),
        order.settlement && fact("Settled", order.settlement.reason),
      ),
    );
  }

  #button(name) {
    const action = ACTIONS[name];
    const act = async () => {
      const answer = action.ask ? await action.ask(this.order) : true;
      if (answer === null) return;
      const done = await this.app.attempt(() => action.run(this.app.api, this.order, answer).then(() => true));
      if (done) this.app.announce(action.done);
      this.app.refresh();
    };
    return h("button", { key: name, class: action.class, "data-action": name, onclick: act }, action.label);
  }

  #tabs() {
    const link = (tab, text) => h("a", { href: `#/orders/${this.id}${tab && `/${tab}`}`, "aria-current": tab === this.tab && "page" }, text);
    return h("nav", { class: "tabs", "aria-label": "Views of the order" }, link("", "Saga"), link("story", "Story"));
  }

  #whole() {
    const { views, shown } = this;
    this.graph.paint(shown, this.state);
    return [
      this.#executions(views, shown),
      h(
        "section",
        { class: this.state ? "saga-and-details open" : "saga-and-details", "aria-labelledby": "saga-title" },
        h(
          "div",
          { class: "card graph-card" },
          h("h2", { id: "saga-title" }, views.length > 1 ? `States of execution ${shown.number}` : "States"),
          !this.state && h("p", { class: "quiet hint" }, "Choose a state to see its input, output, tries and log."),
          shown.note && h("p", { class: "note" }, shown.note),
          h("div", { class: "holder", holds: this.graph.element }),
          legend(),
        ),
        this.state &&
          stateDetails({
            view: shown,
            name: this.state,
            comment: this.graph.comment(this.state),
            story: this.parts.story,
            gap: this.gaps.story,
            close: () => this.#select(this.chosen, null),
          }),
        h(
          "div",
          { class: "card axis-card" },
          h("h2", {}, "Where the time went"),
          h("div", { class: "scroll" }, axisTable(this.order, views, this.parts.effects, (number, name) => this.#select(number, name))),
        ),
      ),
      this.#around(),
    ];
  }

  #executions(views, shown) {
    if (views.length === 1 && !views[0].name) return null;
    const rows = views.map((view) => {
      const marks = view.states.map((state) => {
        const outcome = outcomeOf(state);
        return h("span", { class: "step", "data-outcome": outcome, title: `${state.name}: ${OUTCOMES[outcome].label}` }, OUTCOMES[outcome].mark);
      });
      const healed = view.healedBy && h("span", { class: "heals" }, `healed by ${view.healedBy}`);
      const heals = view.heals.length > 0 && h("span", { class: "heals" }, `heals ${view.heals.join(", ")}`);
      const choose = () => this.#select(view.number, this.state);
      return h(
        "li",
        { key: `${view.number}` },
        h(
          "button",
          { class: "execution", "aria-pressed": String(view.number === shown.number), "data-status": view.status, onclick: choose },
          h("span", { class: "number" }, String(view.number)),
          h("span", { class: "title" }, h("strong", {}, view.title), h("small", {}, view.started_at ? timeOfDay(view.started_at) : "")),
          h("span", { class: "steps", "aria-hidden": "true" }, marks),
          h("span", { class: view.isStopped ? "end failure" : "end" }, endOf(view), view.error && h("small", {}, view.error.message || view.error.code)),
          healed || heals || null,
        ),
      );
    });
    return h("section", { class: "card", "aria-labelledby": "executions-title" }, h("h2", { id: "executions-title" }, "Executions"), h("ol", { class: "executions" }, rows));
  }

  #around() {
    const { effects } = this.parts;
    if (!effects) {
      const why = this.gaps.effects && problemText(this.gaps.effects);
      return why ? h("p", { class: "note" }, `Money, stock, mails and events can't be shown: ${why}`) : null;
    }
    return h("section", { class: "around", "aria-label": "Around the saga" }, moneyCard(effects.money), stockCard(effects.stock), mailsCard(effects.mails), eventsCard(effects.events));
  }

  #storyTable() {
    const { story } = this.parts;
    if (!story && this.gaps.story) return h("p", { class: "note" }, `The story can't be shown: ${problemText(this.gaps.story)}`);
    if (!story) return h("p", { class: "quiet" }, "Loading ...");
    const gaps = { truncated: "There are more log lines than are shown.", unavailable: "The logs can't be read; this is what the records know." };
    const start = milliseconds(this.order.created_at);
    return h(
      "section",
      { class: "card", "aria-labelledby": "story-title" },
      h("h2", { id: "story-title" }, "Story"),
      gaps[story.logs] && h("p", { class: "note" }, gaps[story.logs]),
      h(
        "div",
        { class: "scroll" },
        h(
          "table",
          { class: "story" },
          h("caption", { class: "unseen" }, "Everything that is known of the order, by time"),
          h("thead", {}, h("tr", {}, ["Time (UTC)", "Since", "Source", "What"].map((text) => h("th", { scope: "col" }, text)))),
          h("tbody", {}, story.entries.map((entry) => this.#storyRow(entry, start))),
        ),
      ),
    );
  }

  #storyRow(entry, start) {
    const facts = Object.entries(withoutSecrets(entry.details)).filter(([, value]) => typeof value !== "object" && !entry.text.includes(value));
    const details = facts.map(([name, value]) => `${name} ${value}`).join(" · ");
    const execution = this.views.find((view) => view.name && view.name === entry.execution);
    const where = [entry.state ?? entry.function, execution && `execution ${execution.number}`].filter(Boolean).join(" · ");
    return h(
      "tr",
      { "data-level": entry.level, "data-source": entry.source },
      h("td", { class: "number" }, timeOfDay(entry.at)),
      h("td", { class: "number" }, `+${duration(Math.max(0, milliseconds(entry.at) - start))}`),
      h("td", {}, h("span", { class: "kind" }, entry.source)),
      h("td", {}, entry.level && entry.level !== "INFO" && h("strong", {}, `${entry.level} `), entry.text, where && h("small", {}, where), details && h("small", { class: "id" }, details)),
    );
  }

  #select(number, state) {
    const isOpened = state && state !== this.state;
    Object.assign(this, { chosen: number, state });
    this.app.render();
    if (isOpened && !this.parts.story) this.#read("story");
  }
}

const fact = (name, value) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

const problemText = (problem) => [problem.message, problem.detail].filter(Boolean).join(". ");

function legend() {
  const entries = Object.entries(OUTCOMES).filter(([name]) => name !== "recorded");
  return h("ul", { class: "legend", "aria-label": "Legend" }, entries.map(([name, { mark, label }]) => h("li", {}, h("span", { class: "step", "data-outcome": name, "aria-hidden": "true" }, mark), label)));
}

function card(title, ...children) {
  return h("section", { class: "card" }, h("h2", {}, title), ...children);
}

function moneyCard(paid) {
  const rows = [
    ...paid.charges.map((each) => ({ ...each, what: "Charge" })),
    ...paid.refunds.map((each) => ({ ...each, what: each.by === "outside" ? "Refund outside of the saga" : "Refund" })),
  ];
  return card(
    "Money",
    h("p", {}, "Held now: ", h("strong", {}, money(paid.held, paid.currency)), paid.source === "record" && h("span", { class: "quiet" }, " (from the order's record)")),
    rows.length > 0 && h("ul", { class: "lines" }, rows.map((row) => h("li", {}, h("span", {}, `${row.what} ${sentence(row.status).toLowerCase()}`), h("span", { class: "number" }, money(row.amount, paid.currency))))),
    paid.dispute && h("p", { class: "failure" }, `Dispute: ${paid.dispute}`),
    paid.intent_id && h("p", { class: "quiet id" }, paid.intent_id),
    h("p", { class: "quiet" }, "Stripe's fees are not known here."),
  );
}

function stockCard(lines) {
  return card("Stock", lines.length ? h("ul", { class: "lines" }, lines.map((line) => h("li", {}, h("span", {}, `${line.quantity} × ${line.sku}`), h("span", {}, line.held ? "held" : "not held")))) : h("p", { class: "quiet" }, "None."));
}

function mailsCard(mails) {
  return card("Mails", mails.length ? h("ul", { class: "lines" }, mails.map((mail) => h("li", {}, h("span", {}, inWords(mail.event)), h("time", {}, timeOfDay(mail.at))))) : h("p", { class: "quiet" }, "None."));
}

function eventsCard(events) {
  const line = (event) =>
    h("li", {}, h("span", {}, event.type, event.consumers.map((consumer) => h("small", {}, `read by ${consumer.name}, ${timeOfDay(consumer.at)}`))), h("time", {}, timeOfDay(event.occurred_at)));
  return card("Events", events.length ? h("ul", { class: "lines" }, events.map(line)) : h("p", { class: "quiet" }, "None."));
}
