// The time axis: one row for each attempt of each state, and what happened around them, all on one scale.

import { axisRows, happenings, scaleOf } from "./axis_model.js";
import { h } from "./dom.js";
import { duration, milliseconds, money, timeOfDay } from "./format.js";
import { OUTCOMES } from "./model.js";
import { heads } from "./parts.js";

/** The place of a mark on the axis, whose end leaves room for a mark. */
const placed = (from, to = from) => ({ "--x": `${from * 98.5}%`, "--w": `${(to - from) * 98.5}%` });

/** The axis as a table. @param select Called with the number of an execution and the name of a state. */
export function axisTable(order, views, effects, select) {
  const blocks = views.map((view) => ({ view, rows: axisRows(view) }));
  const points = happenings(order, effects);
  const start = milliseconds(order.created_at);
  const instants = blocks.flatMap(({ rows }) => rows.flatMap((row) => [row.from, row.to ?? Date.now()]));
  const scale = scaleOf([start, ...instants, ...points.map((point) => milliseconds(point.at))]);
  const since = (at) => `+${duration(Math.max(0, at - start))}`;
  const ends = h("span.ends", h("span", timeOfDay(order.created_at)), h("span", `+${duration(scale.length)}`));
  return h(
    "table.axis",
    h(
      "caption",
      `Times are UTC, and since the order was placed. ${duration(scale.length)} in all.`,
      points.some((point) => point.kind === "Money") && " Stripe's times are whole seconds.",
    ),
    heads("What", "From", "Took", ends),
    breaksRow(scale),
    blocks.map(({ view, rows }) =>
      h(
        "tbody",
        { key: `execution ${view.number}` },
        groupRow(`${view.number} ${view.title}`),
        rows.map((row) => attemptRow(row, scale, since, () => select(view.number, row.state.name))),
      ),
    ),
    points.length > 0 &&
      h(
        "tbody",
        { key: "around" },
        groupRow("Around the saga"),
        points.map((point) => pointRow(point, order, scale, since)),
      ),
  );
}

const groupRow = (text) => h("tr.group", h("th", { scope: "rowgroup", colspan: "4" }, text));

function breaksRow({ breaks }) {
  if (!breaks.length) return null;
  const marks = breaks.map((each) =>
    h("span.break", { style: placed(each.from, each.to) }, `⋯ ${duration(each.length)} ⋯`),
  );
  const title = h("th", { scope: "row", colspan: "3" }, "Long waits are drawn shorter");
  return h("tbody", { key: "breaks" }, h("tr.breaks", title, h("td.track", marks)));
}

function attemptRow(row, scale, since, select) {
  const { mark, label } = OUTCOMES[row.outcome];
  const [x, end] = [scale.place(row.from), scale.place(row.to ?? Date.now())];
  const took = row.to ? duration(row.to - row.from) : "running";
  return h(
    "tr.attempt",
    { "data-outcome": row.outcome },
    h(
      "th",
      { scope: "row" },
      h(
        "button.plain",
        { onclick: select },
        h("span.mark", { role: "img", "aria-label": label }, mark),
        row.state.name,
      ),
      row.of > 1 && h("span.try", `try ${row.attempt}`),
      row.error && h("span.error", row.error.code),
    ),
    h("td.number", since(row.from), row.gap > 0 && h("small", `after ${duration(row.gap)}`)),
    h("td.number", row.state.attempts.length > 0 && took),
    h(
      "td.track",
      { "aria-hidden": "true" },
      row.gap > 0 && h("span.gap", { style: placed(scale.place(row.from - row.gap), x) }),
      h("span.bar", { style: placed(x, end) }),
    ),
  );
}

function pointRow(point, order, scale, since) {
  const at = milliseconds(point.at);
  const amount = point.amount !== undefined && ` ${money(point.amount, order.currency)}`;
  return h(
    "tr.point",
    { "data-kind": point.kind, "data-outcome": point.failed && "failed" },
    h("th", { scope: "row" }, h("span.kind", point.kind), point.text, amount),
    h("td.number", since(at)),
    h("td"),
    h("td.track", { "aria-hidden": "true" }, h("span.dot", { style: placed(scale.place(at)) })),
  );
}
