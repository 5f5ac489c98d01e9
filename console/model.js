// What the page knows of an order: pure functions from the API's documents to what is shown.

import { timeOfDay } from "./format.js";

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
  refund: "Refund",
  fulfilment: "Fulfilment",
  reconciliation: "Reconciliation",
};

const STOPPED = new Set(["FAILED", "TIMED_OUT", "ABORTED"]);

/** The state that writes an entry of the timeline, where only one can: used when there is no history. */
const STATE_OF_EVENT = {
  OrderPriced: "ValidateOrder",
  ChargeScheduled: "ChargePayment",
  PaymentIntentCreated: "ChargePayment",
  PaymentAwaited: "AwaitPayment",
  OrderConfirmed: "ReserveInventory",
  LinesRefunded: "RefundLines",
  LinesRestocked: "RestockLines",
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
  if (order.status === "CONFIRMED") {
    const isAtWork = isBeingRefunded(order) || isBeingCaptured(order);
    return has(order, "CancellationRequested") || !isNotified(order) || isAtWork;
  }
  return order.status === "PENDING" || order.status === "AWAITING_PAYMENT" || !isNotified(order);
}

/** Whether a refund of a part of the order is asked for, and not made yet. */
const isBeingRefunded = (order) => Boolean(order.refunds?.some((refund) => refund.status === "requested"));

/** Whether the payment is to be captured before the goods leave. */
const isBeingCaptured = (order) => has(order, "FulfilmentRequested") && !order.fulfilment;

/** Whether the customer's bank only reserves the money. */
export const isAuthorized = (order) => order.payment.status === "requires_capture";

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
  const isSold = isOperator && order.status === "CONFIRMED" && !isUndone;
  const isSending = isBeingCaptured(order);
  if (isSold && !isSending) actions.push(order.fulfilment ? "takeBack" : "fulfil");
  if (isSold && !isAuthorized(order) && !isBeingRefunded(order)) actions.push("refund");
  if (!isClosed && !isUndone && !order.fulfilment && (isOperator || !isSending)) actions.push("cancel");
  return actions;
}

const isMovingOrFlagged = (order) => order.status === "NEEDS_ATTENTION" || isMoving(order);

/** What the order waits for, in a sentence; null if it is at rest. */
export function pending(order, executions) {
  if (order.status === "NEEDS_ATTENTION") {
    const flagged = order.timeline.findLast((entry) => eventName(entry) === "OrderNeedsAttention");
    const why = flagged?.event.split(": ").slice(1).join(": ");
    const otherwise = isBeingCaptured(order) && !has(order, "CancellationRequested") ? "cancel" : "settle";
    return {
      text: `An operator is needed${why ? `: ${why}` : ""}. Resolve the cause, then retry; or ${otherwise}.`,
      urgent: true,
    };
  }
  const running = executions.flatMap((execution) => execution.states).findLast((state) => state.outcome === "running");
  if (running?.name === "AwaitPayment") {
    const who = order.payment.status === "processing" ? "the bank's decision" : "the customer's approval at the bank";
    return { text: `Waits for ${who} (3-D Secure).`, since: running.entered_at };
  }
  const last = order.timeline.at(-1);
  if (running?.name === "WaitForSlot" || (!running && eventName(last) === "ChargeScheduled")) {
    const scheduled = order.timeline.findLast((entry) => eventName(entry) === "ChargeScheduled");
    const turn = scheduled?.event.split(": ")[1];
    return { text: `Waits for its turn to be charged${turn ? `, at ${timeOfDay(turn)}` : ""}.`, since: scheduled?.at };
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
      text: has(order, "CancellationRequested")
        ? "The order is being cancelled."
        : isBeingRefunded(order)
          ? "A part of the order is being refunded."
          : isBeingCaptured(order)
            ? "The payment is being captured. Keep the goods until the order is fulfilled."
            : "The customer is to be notified.",
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
  if (name === "OrderFulfilled") return has(order, "FulfilmentRequested") ? "CapturePayment" : null;
  if (name === "PaymentSucceeded" || name === "PaymentAuthorized")
    return has(order, "PaymentAwaited") ? "AwaitPayment" : "ChargePayment";
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
