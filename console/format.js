// Numbers, times and identifiers as text.

const ZERO_DECIMAL = new Set("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split(" "));
const THREE_DECIMAL = new Set("bhd jod kwd omr tnd".split(" "));

const decimalsOf = (currency) => (ZERO_DECIMAL.has(currency) ? 0 : THREE_DECIMAL.has(currency) ? 3 : 2);

/** An amount in minor units, such as "379.00 USD"; the decimals are Stripe's (docs.stripe.com/currencies). */
export function money(amount, currency) {
  if (amount === null || amount === undefined) return "–";
  const decimals = decimalsOf(currency);
  return `${(amount / 10 ** decimals).toFixed(decimals)} ${currency.toUpperCase()}`;
}

/** The minor units of an amount that a person has written, such as 1250 for "12.50"; null if it is no amount of the currency. */
export function minorUnits(text, currency) {
  const [, whole, part = ""] = /^(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
  const decimals = decimalsOf(currency);
  return whole === undefined || part.length > decimals ? null : Number(whole + part.padEnd(decimals, "0"));
}

/** Milliseconds as text: "412 ms", "1.24 s", "2 min 5 s", "3 h 12 min", "5 days". */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** The time of day, UTC, with milliseconds. */
export const timeOfDay = (at) => new Date(at).toISOString().slice(11, 23);

/** Day and time, UTC. */
export const dayAndTime = (at) => new Date(at).toISOString().slice(0, 19).replace("T", " ");

export const milliseconds = (at) => new Date(at).getTime();

/** "PaymentRefunded" as "Payment refunded". */
export const inWords = (name) => name.replace(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** "AWAITING_PAYMENT" or "payment_declined" as "Awaiting payment". */
export function sentence(constant) {
  const text = constant.replaceAll("_", " ").toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}
