// The list of orders: filter, search, pages, live.

import { placeSample } from "./actions.js";
import { h } from "./dom.js";
import { dayAndTime, money, sentence } from "./format.js";
import { STATUSES } from "./model.js";
import { badge, heads, itemsOf, quiet, statusMark, unseenCaption } from "./parts.js";

const PAGE_SIZE = 100;
const PAUSE = 3000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export class OrdersPage {
  title = "Orders";
  orders = null;
  status = "";
  search = "";
  reference = ""; // the customer's own id, if orders are listed by it
  pages = 1;
  wanted = 1; // orders to look for: a page of the API can be empty, although orders follow
  hasMore = false;
  isWhole = false; // whether a search for older orders found none

  constructor(app) {
    this.app = app;
  }

  /** Milliseconds until the next look: each page is one more request. */
  get pause() {
    return PAUSE * this.pages;
  }

  /** Read the pages that are shown, again: orders change their status, and so their place in a filtered list. */
  async load() {
    const { status, reference } = this;
    const orders = [];
    let [cursor, pages] = [null, 0];
    do {
      const answer = await this.app.api.orders({ status, reference, limit: PAGE_SIZE, cursor });
      if (status !== this.status || reference !== this.reference) return;
      orders.push(...answer.orders);
      cursor = answer.cursor;
      pages += 1;
      if (!this.orders && orders.length) this.#show(orders, cursor); // the first rows, while the others load
    } while (cursor && (pages < this.pages || orders.length < this.wanted));
    if (orders.length < this.wanted) Object.assign(this, { wanted: 0, isWhole: true });
    else this.pages = pages;
    this.#show(orders, cursor);
  }

  #show(orders, cursor) {
    this.orders = orders;
    const isFull = orders.length >= PAGE_SIZE * this.pages;
    this.hasMore = Boolean(cursor) && (isFull || !this.isWhole);
    this.app.render();
  }

  view() {
    const isFound = (order) => this.reference || order.order_id.includes(this.search.toLowerCase());
    const found = (this.orders ?? []).filter(isFound);
    return [
      h(
        "div.heading",
        h("h1", { tabindex: "-1" }, "Orders"),
        this.app.api.customer &&
          this.app.config.stage !== "prod" &&
          h("button.primary", { onclick: () => this.#place() }, "Place a sample order"),
      ),
      this.#filters(),
      this.orders ? this.#results(found) : !this.app.hasFailed && quiet("Loading ..."),
    ];
  }

  #filters() {
    const choices = ["", ...STATUSES].map((status) =>
      h(
        "button",
        { "aria-pressed": String(status === this.status), "data-status": status, onclick: () => this.#filter({ status }) },
        status ? [statusMark(status), sentence(status)] : "All",
      ),
    );
    const submit = (event) => {
      event.preventDefault();
      if (UUID.test(this.search)) location.hash = `#/orders/${this.search.toLowerCase()}`;
      else this.#filter({ reference: this.search });
    };
    const typed = (event) => {
      this.search = event.target.value.trim();
      if (this.reference) this.#filter({ reference: "" });
      else this.app.render();
    };
    return h(
      "div.filters",
      h("div.choices", { role: "group", "aria-label": "Status" }, choices),
      h(
        "form",
        { role: "search", onsubmit: submit },
        h("label", { for: "search", class: "unseen" }, "Order id, or a part of it; or a reference, and Enter"),
        h("input", {
          id: "search",
          type: "search",
          placeholder: "Order id, or reference and Enter",
          autocomplete: "off",
          spellcheck: "false",
          oninput: typed,
        }),
      ),
    );
  }

  #results(found) {
    if (found.length === 0) return h("p.empty", this.#nothingFound());
    return [
      h(
        "div.scroll",
        h(
          "table.orders",
          unseenCaption("Orders, newest first"),
          heads("Status", "Order", "Amount", "Items", "Placed (UTC)"),
          h("tbody", found.map(orderRow)),
        ),
      ),
      h(
        "p.more",
        h("span.quiet", `${found.length} shown`),
        this.hasMore && h("button", { onclick: () => this.#more() }, "Older orders"),
      ),
    ];
  }

  #nothingFound() {
    if (this.reference) return `No order has the reference ${this.reference}.`;
    if (UUID.test(this.search)) return h("a", { href: `#/orders/${this.search.toLowerCase()}` }, "Open this order");
    return this.search ? "No order among those that are loaded has this id." : "No orders.";
  }

  #filter(changes) {
    Object.assign(this, { ...changes, pages: 1, wanted: 1, isWhole: false, orders: null });
    this.app.refresh();
  }

  #more() {
    this.wanted = this.orders.length + 1;
    this.app.refresh();
  }

  async #place() {
    const order = await this.app.attempt(() => placeSample(this.app.api));
    if (order) location.hash = `#/orders/${order.order_id}`;
  }
}

function orderRow(order) {
  return h(
    "tr",
    { key: order.order_id },
    h("td", badge(order.status)),
    h("th", { scope: "row" }, h("a", { href: `#/orders/${order.order_id}`, class: "id" }, order.order_id)),
    h("td.number", money(order.amount, order.currency)),
    h("td.items", itemsOf(order), order.failure && h("strong.failure", ` ${order.failure.code}`)),
    h("td.number", dayAndTime(order.created_at)),
  );
}
