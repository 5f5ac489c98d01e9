// One order, whole: what became of it, its executions, the graph, the time axis, what happened around it, its story.

import { ACTIONS } from "./actions.js";
import { aroundSaga } from "./around.js";
import { axisTable } from "./axis.js";
import { stateDetails } from "./details.js";
import { h } from "./dom.js";
import { executionsCard } from "./executions.js";
import { dayAndTime, duration, milliseconds, money, sentence } from "./format.js";
import { Graph, legend } from "./graph.js";
import { allowedActions, isAuthorized, isMoving, pending, viewsOf } from "./model.js";
import { badge, itemsOf, note, quiet } from "./parts.js";
import { storyCard } from "./story.js";

const PAUSE_MOVING = 1500;
const PAUSE_AT_REST = 5000;

/** Milliseconds until a part of a moving order is read again: effects ask Stripe, and the story searches the logs. */
const AGE = { executions: 1500, effects: 5000, story: 10_000, afterProblem: 10_000 };

/** For how long after its last change an order is followed by events, mails and log lines. */
const AFTERMATH = 60_000;

export class OrderPage {
  order = null;
  parts = {}; // what was read: executions, effects, story
  gaps = {}; // the problems of the parts that could not be read
  reading = new Set(); // names of the parts that are being read
  readAt = {}; // when each part was last asked for
  readOf = {}; // the version of the order that it was asked for
  chosen = null; // number of the execution that the user chose
  state = null; // name of the state that the user chose
  opener = null; // the element with which the user chose it

  /** @param tab "" or "story". */
  constructor(app, id, tab) {
    Object.assign(this, { app, id, tab });
    this.title = `Order ${id.slice(0, 8)}`;
    this.graph = new Graph((name) => this.#select(this.chosen, name));
  }

  get pause() {
    return this.order && isMoving(this.order) ? PAUSE_MOVING : PAUSE_AT_REST;
  }

  /** Read the order, and its parts if they may have changed. The page does not wait for the parts. */
  async load() {
    const before = this.order;
    this.order = await this.app.api.order(this.id);
    if (before && before.status !== this.order.status)
      this.app.announce(`The order is ${sentence(this.order.status)}.`);
    for (const name of ["executions", "effects", ...(this.#showsStory ? ["story"] : [])]) {
      if (this.#isDue(name)) this.#read(name);
    }
  }

  #isDue(name) {
    if (this.readOf[name] !== this.#version) return true;
    if (this.gaps[name]?.status === 403) return false;
    const isRecent = Date.now() - milliseconds(this.order.updated_at) < AFTERMATH;
    const isRunning = this.parts.executions?.executions.some((each) => each.status === "RUNNING");
    const canChange = this.gaps[name] || isRecent || isRunning || isMoving(this.order);
    return canChange && Date.now() - this.readAt[name] >= (this.gaps[name] ? AGE.afterProblem : AGE[name]);
  }

  /** Read one part, unless it is being read; what can't be read is left out, and the page says so. */
  async #read(name) {
    if (this.reading.has(name)) return;
    this.reading.add(name);
    this.readAt[name] = Date.now();
    this.readOf[name] = this.#version;
    try {
      this.parts[name] = await this.app.api[name](this.id);
      delete this.gaps[name];
    } catch (problem) {
      this.gaps[name] = problem;
    }
    this.reading.delete(name);
    if (this.app.page === this) this.app.render();
  }

  /** What changes when the order does. */
  get #version() {
    return `${this.order.updated_at} ${this.order.timeline.length}`;
  }

  get #showsStory() {
    return this.tab === "story" || this.state !== null;
  }

  /** All executions, as they are shown. */
  get views() {
    return viewsOf(this.order, this.parts.executions?.executions, this.gaps.executions);
  }

  /** The execution that the user chose, or the latest one. */
  get shown() {
    const { views } = this;
    return views[(this.chosen ?? views.length) - 1] ?? views.at(-1);
  }

  view() {
    if (!this.order) return h("section.head", this.#title(), !this.app.hasFailed && quiet("Loading ..."));
    return [this.#head(), this.#tabs(), this.tab === "story" ? this.#story() : this.#saga()];
  }

  #title() {
    const { order, app } = this;
    const actions = order ? allowedActions(order, app.config, Boolean(app.api.operator)) : [];
    return [
      h("p.crumbs", h("a", { href: "#/" }, "Orders")),
      h(
        "div.heading",
        h("h1.id", { tabindex: "-1" }, this.id),
        order && badge(order.status),
        h(
          "div.buttons",
          actions.map((name) => this.#button(name)),
        ),
      ),
    ];
  }

  #head() {
    const { order } = this;
    const isOpen = isMoving(order) || order.status === "NEEDS_ATTENTION";
    const age = milliseconds(isOpen ? new Date() : order.updated_at) - milliseconds(order.created_at);
    return h(
      "section.head",
      { "aria-label": "Summary" },
      this.#title(),
      order.failure && h("p.failure", h("strong", order.failure.code), ` ${order.failure.message}`),
      this.#pending(),
      h(
        "dl.facts",
        fact("Amount", h("strong", money(order.amount, order.currency))),
        fact("Payment", isAuthorized(order) ? "Authorized, not captured" : sentence(order.payment.status)),
        order.payment.capture_before && fact("Capture before", `${dayAndTime(order.payment.capture_before)} UTC`),
        fact("Items", itemsOf(order)),
        fact("Placed", `${dayAndTime(order.created_at)} UTC`),
        fact(isOpen ? "Open for" : "Took", duration(age)),
        order.reference && fact("Reference", order.reference),
        order.fulfilment && fact("Sent", deliveryOf(order.fulfilment)),
        (order.refunds ?? []).map((refund) => fact("Refund", refundText(refund, order.currency))),
        order.settlement && fact("Settled", order.settlement.reason),
      ),
    );
  }

  #pending() {
    const waits = pending(this.order, this.views);
    if (!waits) return null;
    const since = waits.since && h("span.quiet", ` For ${duration(Date.now() - milliseconds(waits.since))}.`);
    return h("p", { class: waits.urgent ? "pending urgent" : "pending" }, waits.text, since);
  }

  #button(name) {
    const action = ACTIONS[name];
    const act = async () => {
      const answer = action.ask ? await action.ask(this.order) : true;
      if (answer === null) return;
      const { order } = this;
      const done = await this.app.attempt(() => action.run(this.app.api, order, answer).then(() => true));
      if (done) this.app.announce(typeof action.done === "function" ? action.done(order) : action.done);
      this.app.refresh();
    };
    return h("button", { key: name, class: action.class, "data-action": name, onclick: act }, action.label);
  }

  #tabs() {
    const link = (tab, text) =>
      h("a", { href: `#/orders/${this.id}${tab && `/${tab}`}`, "aria-current": tab === this.tab && "page" }, text);
    return h("nav.tabs", { "aria-label": "Views of the order" }, link("", "Saga"), link("story", "Story"));
  }

  #saga() {
    const { order, views, shown, parts, gaps } = this;
    this.graph.paint(shown, this.state);
    return [
      views[0].name && executionsCard(views, shown, (number) => this.#select(number, this.state)),
      h(
        "section",
        { class: this.state ? "saga-and-details open" : "saga-and-details", "aria-labelledby": "saga-title" },
        h(
          "div.card.graph-card",
          h("h2", { id: "saga-title" }, views.length > 1 ? `States of execution ${shown.number}` : "States"),
          h("p.quiet.hint", "Choose a state to see its input, output, tries and log."),
          shown.note && note(shown.note),
          h("div.holder", { holds: this.graph.element }),
          legend(),
        ),
        this.state && this.#details(shown),
        h(
          "div.card.axis-card",
          h("h2", "Where the time went"),
          axisTable(order, views, parts.effects, (number, name) => this.#select(number, name)),
        ),
      ),
      parts.effects && aroundSaga(parts.effects),
      !parts.effects && gaps.effects && missing("Money, stock, mails and events", gaps.effects),
    ];
  }

  #details(shown) {
    return stateDetails({
      view: shown,
      name: this.state,
      comment: this.graph.comment(this.state),
      story: this.parts.story,
      gap: this.gaps.story,
      close: () => {
        this.opener?.focus();
        this.#select(this.chosen, null);
      },
    });
  }

  #story() {
    const { parts, gaps } = this;
    if (parts.story) return storyCard(this.order, parts.story, this.views);
    return gaps.story ? missing("The story", gaps.story) : quiet("Loading ...");
  }

  #select(number, state) {
    const isOpened = state && state !== this.state;
    if (isOpened) this.opener = document.activeElement;
    Object.assign(this, { chosen: number, state });
    this.app.render();
    if (!isOpened) return;
    document.querySelector(".details").scrollIntoView({ block: "nearest" });
    document.querySelector(".details h3").focus({ preventScroll: true });
    if (this.#isDue("story")) this.#read("story");
  }
}

const fact = (name, value) => h("div", h("dt", name), h("dd", value));

const refundText = ({ amount, items, status, reason }, currency) =>
  [money(amount, currency), items.length > 0 && itemsOf({ items }), sentence(status), reason].filter(Boolean).join(", ");

const deliveryOf = ({ at, carrier, tracking_number: number }) =>
  [`${dayAndTime(at)} UTC`, carrier, number].filter(Boolean).join(", ");

const missing = (what, problem) =>
  note(`${what} can't be shown: ${[problem.message, problem.detail].filter(Boolean).join(". ")}`);
