// What the time axis shows: rows, points and the scale; pure functions from the API's documents.

import { inWords, milliseconds } from "./format.js";
import { eventName, outcomeOf } from "./model.js";

/** What happened around the states, as points in time with the kind of thing that they are about. */
export function happenings(order, effects) {
  const points = [];
  const add = (kind, at, text, extra = {}) => at && points.push({ kind, at, text, ...extra });
  const { money: paid, mails = [], events = [] } = effects ?? {};
  for (const each of paid?.charges ?? [])
    add("Money", each.at, `Charge ${each.status}`, { amount: each.amount, failed: each.status === "failed" });
  for (const each of paid?.refunds ?? [])
    add("Money", each.at, `Refund ${each.status}`, { amount: each.amount, failed: each.status === "failed" });
  for (const entry of order.timeline) {
    const name = eventName(entry);
    if (name === "OrderConfirmed") add("Stock", entry.at, "Stock taken");
    if (name === "StockReleased") add("Stock", entry.at, "Stock returned");
    if (/Requested$/.test(name) && name !== "PaymentRefundRequested") add("Request", entry.at, inWords(name));
    if (!effects && /^Payment(Succeeded|Authorized|Captured|Refunded|Canceled)/.test(name)) add("Money", entry.at, inWords(name));
  }
  for (const each of mails) add("Mail", each.at, inWords(each.event));
  for (const each of events) {
    add("Event", each.occurred_at, `${each.type} occurred`);
    for (const consumer of each.consumers) add("Event", consumer.at, `${each.type} read by ${consumer.name}`);
  }
  return points.sort((a, b) => milliseconds(a.at) - milliseconds(b.at));
}

/**
 * Rows of the time axis for an execution: one for each attempt of each state. `gap` is the time since the row
 * before ended, `from` and `to` are milliseconds, `to` is null while it runs.
 */
export function axisRows(view) {
  const rows = [];
  let left = view.started_at ? milliseconds(view.started_at) : null;
  for (const state of view.states) {
    const attempts = state.attempts.length ? state.attempts : [null];
    attempts.forEach((attempt, index) => {
      const isLast = index === attempts.length - 1;
      const from = milliseconds(index === 0 ? state.entered_at : attempt.scheduled_at);
      const end = isLast ? state.left_at : attempt.ended_at;
      const to = end ? milliseconds(end) : null;
      rows.push({
        state,
        attempt: index + 1,
        of: attempts.length,
        from,
        to,
        gap: left === null ? 0 : Math.max(0, from - left),
        outcome: isLast ? outcomeOf(state) : "failed",
        error: attempt?.error ?? null,
      });
      left = to ?? from;
    });
  }
  return rows;
}

/**
 * A scale from milliseconds to shares of the axis. A stretch in which nothing begins or ends, such as the wait for a
 * customer, is shortened when it is longer than all usual ones together; the axis names such breaks.
 */
export function scaleOf(instants) {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const stretches = sorted.slice(1).map((to, index) => to - sorted[index]);
  const median = [...stretches].sort((a, b) => a - b)[Math.floor(stretches.length / 2)];
  const longest = stretches.filter((each) => each <= 20 * median).reduce((sum, each) => sum + each, 0);
  const widths = stretches.map((each) => Math.min(each, longest));
  const total = widths.reduce((sum, each) => sum + each, 0) || 1;
  const places = [0];
  for (const width of widths) places.push(places.at(-1) + width / total);
  const breaks = stretches.flatMap((each, index) =>
    each > longest ? [{ from: places[index], to: places[index + 1], length: each }] : [],
  );
  const place = (at) => {
    const index = Math.max(
      0,
      sorted.findLastIndex((each) => each <= at),
    );
    if (index >= stretches.length) return 1;
    return places[index] + ((at - sorted[index]) / stretches[index]) * (places[index + 1] - places[index]);
  };
  return { place, breaks, length: sorted.length ? sorted.at(-1) - sorted[0] : 0 };
}
