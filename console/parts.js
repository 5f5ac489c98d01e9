// Small parts that several views share.

import { h } from "./dom.js";
import { sentence } from "./format.js";
import { OUTCOMES, STATUS_MARKS } from "./model.js";

export const quiet = (...text) => h("p.quiet", text);
export const note = (...text) => h("p.note", text);
export const when = (text) => h("time", text);

/** A section with a title. */
export const card = (title, ...children) => h("section.card", h("h2", title), children);

/** The first row of a table. */
export const heads = (...titles) =>
  h(
    "thead",
    h(
      "tr",
      titles.map((title) => h("th", { scope: "col" }, title)),
    ),
  );

/** A caption that only screen readers tell. */
export const unseenCaption = (text) => h("caption.unseen", text);

/** A list with a line for each thing: what it is, and a fact about it. */
export const lines = (things, line) =>
  things.length
    ? h(
        "ul.lines",
        things.map((thing) =>
          h(
            "li",
            line(thing).map((part) => h("span", part)),
          ),
        ),
      )
    : quiet("None.");

/** The mark of a status; its words stand beside it. */
export const statusMark = (status) => h("span.mark", { "aria-hidden": "true" }, STATUS_MARKS[status]);

/** A status as a mark and words. */
export const badge = (status) => h("span.badge", { "data-status": status }, statusMark(status), sentence(status));

/** The mark of an outcome in a square. */
export const step = (outcome, title) =>
  h("span.step", { "data-outcome": outcome, title, "aria-hidden": "true" }, OUTCOMES[outcome].mark);

/** The items of an order in one line. */
export const itemsOf = (order) => order.items.map((item) => `${item.quantity} × ${item.sku}`).join(", ");
