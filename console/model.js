// What the page knows of an order: pure functions from the API's documents to what is shown.

import { inWords, milliseconds } from "./format.js";

/** How a state went: the mark stands beside the label everywhere, so that colour is never the only sign. */
export const OUTCOMES = {
  succeeded: { mark: "✓", label: "succeeded" },
  retried: { mark: "↻", label: "succeeded after retries" },
  caught: { mark: "↷", label: "error caught" },
  failed: { mark: "✕", label: "failed" },
  stopped: { mark: "■", label: "stopped" },
  running: { mark: "●", label: "running" },
  recorded: { mark: "✓", label: "on record" },
  unreached: { mark: "", label: "not reached" },
};

export const STATUSES = ["PENDING", "AWAITING_PAYMENT", "CONFIRMED", "FAILED", "CANCELLED", "NEEDS_ATTENTION"];

export const STATUS_MARKS = {
  PENDING: "●",
  AWAITING_PAYMENT: "◔",
  CONFIRMED: "✓",
  FAILED: "✕",
  CANCELLED: "↩",
  NEEDS_ATTENTION: "!",
};

const REASONS = {
  submission: "Submission",
  cancellation: "Cancellation",
  retry: "Retry",
  recovery: "Recovery",
  reconciliation: "Reconciliation",
};

const STOPPED = new Set(["FAILED", "TIMED_OUT", "ABORTED"]);

/** The state that writes an entry of the timeline, where only one can: used when there is no history. */
const STATE_OF_EVENT = {
  OrderPriced: "ValidateOrder",
  PaymentIntentCreated: "ChargePayment",
  PaymentAwaited: "AwaitPayment",
  OrderConfirmed: "ReserveInventory",
  UndoBegan: "ReleaseInventory",
  StockReleased: "ReleaseInventory",
  PaymentCanceled: "RefundPayment",
  PaymentRefunded: "RefundPayment",
  PaymentRefundPending: "RefundPayment",
  OrderFailed: "CloseOrder",
  OrderCancelled: "CloseOrder",
};

const HISTORY_GAPS = {
  truncated: "The history is too long to be read whole.",
  expired: "Step Functions has deleted the history. This is what the order's record knows.",
  denied: "The history may not be read. This is what the order's record knows.",
  unavailable: "The history can't be read now. This is what the order's record knows.",
  record: "Executions are shown to operators only. This is what the order's record knows.",
};

/** The name of an entry without its detail: "UndoBegan" of "UndoBegan: out_of_stock". */
export const eventName = (entry) => entry.event.split(": ")[0];

const has = (order, name) => order.timeline.some((entry) => eventName(entry) === name);

/** Whether money or stock can still change without anybody's help. */
export function isMoving(order) {
  if (order.status === "CONFIRMED") return has(order, "CancellationRequested") || !isNotified(order);
  return order.status === "PENDING" || order.status === "AWAITING_PAYMENT" || !isNotified(order);
}

function isNotified(order) {
  if (order.status === "NEEDS_ATTENTION") return true;
  const told = order.timeline.findLastIndex((entry) => /^Customer(Not)?Notified$/.test(eventName(entry)));
  const ended = order.timeline.findLastIndex((entry) => /^Order(Confirmed|Failed|Cancelled)$/.test(eventName(entry)));
  return told > ended;
}

/** What can be asked for now. The API decides; this only leaves out what it would refuse. */
export function allowedActions(order, config, isOperator) {
  const isClosed = order.status === "FAILED" || order.status === "CANCELLED";
  const isUndone = has(order, "UndoBegan") || has(order, "CancellationRequested") || Boolean(order.failure);
  const waits = order.status === "AWAITING_PAYMENT" && order.payment.status === "requires_action" && !isUndone;
  const actions = [];
  if (waits && config.bank && order.payment.intent_id) actions.push("approve", "refuse");
  if (isOperator && !isClosed && isMovingOrFlagged(order)) actions.push("retry");
  if (isOperator && order.status === "NEEDS_ATTENTION" && isUndone && !order.settlement) actions.push("settle");
  if (!isClosed && !isUndone) actions.push("cancel");
  return actions;
}

const isMovingOrFlagged = (order) => order.status === "NEEDS_ATTENTION" || isMoving(order);

/** What the order waits for, in a sentence; null if it is at rest. */
export function pending(order, executions) {
  if (order.status === "NEEDS_ATTENTION") {
    const flagged = order.timeline.findLast((entry) => eventName(entry) === "OrderNeedsAttention");
    const why = flagged?.event.split(": ").slice(1).join(": ");
    return {
      text: `An operator is needed${why ? `: ${why}` : ""}. Resolve the cause, then retry; or settle.`,
      urgent: true,
    };
  }
  const running = executions.flatMap((execution) => execution.states).findLast((state) => state.outcome === "running");
  if (running?.name === "AwaitPayment") {
    const who = order.payment.status === "processing" ? "the bank's decision" : "the customer's approval at the bank";
    return { text: `Waits for ${who} (3-D Secure).`, since: running.entered_at };
  }
  if (running) {
    const tries = running.attempts.length;
    const failed = running.attempts.findLast((attempt) => attempt.error);
    const again = tries > 1 ? `, try ${tries}${failed ? ` after ${failed.error.code}` : ""}` : "";
    return { text: `${running.name} is running${again}.`, since: running.entered_at };
  }
  if (order.status === "AWAITING_PAYMENT") return { text: "Waits for the payment to be approved or decided." };
  if (order.status === "PENDING") return { text: "The saga is at work, or about to start." };
  if (isMoving(order)) {
    return {
      text: has(order, "CancellationRequested") ? "The order is being cancelled." : "The customer is to be notified.",
    };
  }
  return null;
}

/** How the visit of a state went; a visit that succeeded after retries is an outcome of its own. */
export const outcomeOf = (state) =>
  state.outcome === "succeeded" && state.attempts.length > 1 ? "retried" : state.outcome;

/**
 * The executions as they are shown: with a number, a title, what followed, and the states that the record knows where
 * there is no history. Without any execution, the record is shown as if it were one.
 *
 * @param gap The problem because of which the executions could not be read; undefined while they are being read.
 */
export function viewsOf(order, executions, gap) {
  const known = executions?.length ? executions : [recordAsExecution(order, gap)];
  const healerOf = (stopped) => known.findIndex((later, at) => at > stopped && later.status === "SUCCEEDED");
  return known.map((execution, index) => {
    const withHistory = execution.states.length > 0 || execution.history === "complete";
    const states = withHistory ? execution.states : statesOnRecord(order, execution.name);
    const isStopped = STOPPED.has(execution.status);
    const isHealedHere = (earlier, at) => at < index && STOPPED.has(earlier.status) && healerOf(at) === index;
    return {
      ...execution,
      states,
      number: index + 1,
      title: REASONS[execution.reason] ?? "Order",
      isStopped,
      healedBy: isStopped && healerOf(index) >= 0 ? healerOf(index) + 1 : null,
      heals: known.flatMap((earlier, at) => (isHealedHere(earlier, at) ? [at + 1] : [])),
      note: HISTORY_GAPS[execution.history] ?? null,
    };
  });
}

function recordAsExecution(order, gap) {
  const history = gap ? (gap.status === 403 ? "record" : "unavailable") : "loading";
  return {
    name: null,
    status: "UNKNOWN",
    started_at: order.created_at,
    stopped_at: null,
    error: null,
    history,
    states: [],
  };
}

/** States that the timeline proves, in the order in which they wrote to it. */
function statesOnRecord(order, execution) {
  const states = [];
  for (const entry of order.timeline) {
    const name = stateOf(entry, order);
    if (!name || (execution && entry.execution && entry.execution !== execution)) continue;
    const last = states.at(-1);
    if (last?.name === name) last.left_at = entry.at;
    else
      states.push({
        name,
        entered_at: entry.at,
        left_at: entry.at,
        outcome: "recorded",
        next: null,
        input: null,
        output: null,
        attempts: [],
      });
  }
  return states;
}

function stateOf(entry, order) {
  const name = eventName(entry);
  if (name === "PaymentSucceeded") return has(order, "PaymentAwaited") ? "AwaitPayment" : "ChargePayment";
  if (name === "OrderNeedsAttention") return entry.event.includes("a refund failed") ? null : "FlagForOperator";
  if (name !== "CustomerNotified" && name !== "CustomerNotNotified") return STATE_OF_EVENT[name];
  const before = order.timeline.slice(0, order.timeline.indexOf(entry));
  const isClosed = before.some((each) => /^Order(Failed|Cancelled)$/.test(eventName(each)));
  return isClosed ? "NotifyCustomerOfClosure" : "NotifyCustomer";
}

/** How an execution ended or where it is, in a few words. */
export function endOf(view) {
  const state = view.states.at(-1)?.name;
  const ends = {
    RUNNING: ["at work", "in"],
    FAILED: ["failed", "in"],
    TIMED_OUT: ["timed out", "in"],
    ABORTED: ["stopped", "in"],
    SUCCEEDED: ["ended", "in"],
  };
  const [how, where] = ends[view.status] ?? ["last on record", ":"];
  return state ? `${how} ${where} ${state}`.replace(" :", ":") : how;
}

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
    if (!effects && /^Payment(Succeeded|Refunded|Canceled)/.test(name)) add("Money", entry.at, inWords(name));
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

/** Stands for a value that is not known to be free of secrets. */
export const NOT_SHOWN = "(not shown)";

const SHOWN = new Set(
  (
    "order_id request_id execution attempt amount currency status payment intent_id stock_taken failure code message error " +
    "Error Cause errorMessage errorType outcome reason event event_id consumer operation milliseconds http_status kind " +
    "replayed again by feedback subject stripe_event stripe_request_id"
  ).split(" "),
);

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return NOT_SHOWN;
  }
}

/** A document without the fields that are not known to be free of secrets and personal data; text that is JSON, too. */
export function withoutSecrets(value) {
  if (typeof value === "string" && value.startsWith("{")) return withoutSecrets(parsed(value));
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, SHOWN.has(name) ? withoutSecrets(each) : NOT_SHOWN]),
  );
}
