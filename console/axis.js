// The time axis: one row for each attempt of each state, and what happened around them, all on one scale.

import { h } from "./dom.js";
import { duration, milliseconds, money, timeOfDay } from "./format.js";
import { axisRows, happenings, OUTCOMES, scaleOf } from "./model.js";

const percent = (share) => `${(share * 98.5).toFixed(3)}%`; // a mark at the end of the axis stays inside

/** The axis as a table. @param select Called with the number of an execution and the name of a state. */
export function axisTable(order, views, effects, select) {
  const blocks = views.map((view) => ({ view, rows: axisRows(view) }));
  const points = happenings(order, effects);
  const start = milliseconds(order.created_at);
  const ends = blocks.flatMap(({ rows }) => rows.flatMap((row) => [row.from, row.to ?? Date.now()]));
  const scale = scaleOf([start, ...ends, ...points.map((point) => milliseconds(point.at))]);
  const since = (at) => `+${duration(Math.max(0, at - start))}`;
  return h(
    "table",
    { class: "axis" },
    h("caption", {}, `Times are UTC, and since the order was placed. ${duration(scale.length)} in all.`),
    h("thead", {}, h("tr", {}, ...["What", "From", "Took"].map((text) => h("th", { scope: "col" }, text)), h("th", { scope: "col" }, h("span", { class: "ends" }, h("span", {}, timeOfDay(order.created_at)), h("span", {}, `+${duration(scale.length)}`))))),
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
      h("tbody", { key: "around" }, groupRow("Around the saga"), points.map((point) => pointRow(point, order, scale, since))),
  );
}

const groupRow = (text) => h("tr", { class: "group" }, h("th", { scope: "rowgroup", colspan: "4" }, text));

function breaksRow(scale) {
  if (!scale.breaks.length) return null;
  const marks = scale.breaks.map((each) =>
    h("span", { class: "break", style: { "--x": percent(each.from), "--w": percent(each.to - each.from) } }, `⋯ ${duration(each.length)} ⋯`),
  );
  return h("tbody", { key: "breaks" }, h("tr", { class: "breaks" }, h("th", { scope: "row", colspan: "3" }, "Long waits are drawn shorter"), h("td", { class: "track" }, marks)));
}

function attemptRow(row, scale, since, select) {
  const { mark, label } = OUTCOMES[row.outcome];
  const to = row.to ?? Date.now();
  const x = scale.place(row.from);
  const attempt = row.of > 1 ? h("span", { class: "try" }, `try ${row.attempt}`) : null;
  const gap = row.gap > 0 && h("span", { class: "gap", style: { "--x": percent(scale.place(row.from - row.gap)), "--w": percent(x - scale.place(row.from - row.gap)) } });
  return h(
    "tr",
    { class: "attempt", "data-outcome": row.outcome },
    h(
      "th",
      { scope: "row" },
      h("button", { class: "plain", onclick: select }, h("span", { class: "mark", role: "img", "aria-label": label }, mark), row.state.name),
      attempt,
      row.error && h("span", { class: "error" }, row.error.code),
    ),
    h("td", { class: "number" }, since(row.from), row.gap > 0 && h("small", {}, `after ${duration(row.gap)}`)),
    h("td", { class: "number" }, !row.state.attempts.length ? "" : row.to ? duration(row.to - row.from) : "running"),
    h("td", { class: "track", "aria-hidden": "true" }, gap, h("span", { class: "bar", style: { "--x": percent(x), "--w": percent(scale.place(to) - x) } })),
  );
}

function pointRow(point, order, scale, since) {
  const at = milliseconds(point.at);
  return h(
    "tr",
    { class: "point", "data-kind": point.kind },
    h("th", { scope: "row" }, h("span", { class: "kind" }, point.kind), point.text, point.amount !== undefined && ` ${money(point.amount, order.currency)}`),
    h("td", { class: "number" }, since(at)),
    h("td", {}),
    h("td", { class: "track", "aria-hidden": "true" }, h("span", { class: "dot", style: { "--x": percent(scale.place(at)) } })),
  );
}
