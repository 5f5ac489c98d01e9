// Which fields of documents are shown: only those that are known to be free of secrets and personal data.

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
