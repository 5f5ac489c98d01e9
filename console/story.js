// Everything that is known of an order, by time.

import { h } from "./dom.js";
import { duration, milliseconds, timeOfDay } from "./format.js";
import { card, heads, note, unseenCaption } from "./parts.js";
import { NOT_SHOWN, withoutSecrets } from "./shown_fields.js";

const GAPS = {
  truncated: "There are more log lines than are shown.",
  unavailable: "The logs can't be read; this is what the records know.",
};

export function storyCard(order, story, views) {
  const start = milliseconds(order.created_at);
  const numbers = new Map(views.map((view) => [view.name, view.number]));
  return card(
    "Story",
    GAPS[story.logs] && note(GAPS[story.logs]),
    h(
      "div.scroll",
      h(
        "table.story",
        unseenCaption("Everything that is known of the order, by time"),
        heads("Time (UTC)", "Since start", "Source", "What"),
        h(
          "tbody",
          story.entries.map((entry) => row(entry, start, numbers.get(entry.execution))),
        ),
      ),
    ),
  );
}

function row(entry, start, execution) {
  const where = [entry.state ?? entry.function, execution && `execution ${execution}`].filter(Boolean).join(" · ");
  const facts = factsOf(entry);
  return h(
    "tr",
    { "data-level": entry.level },
    h("td.number", timeOfDay(entry.at)),
    h("td.number", `+${duration(Math.max(0, milliseconds(entry.at) - start))}`),
    h("td", h("span.kind", entry.source)),
    h("td", level(entry), entry.text, where && h("small", where), facts && h("small.id", facts)),
  );
}

/** The level of a line of a log, unless it is the usual one. */
export const level = (entry) => entry.level && entry.level !== "INFO" && h("strong", `${entry.level} `);

/** Facts of an entry that its text does not tell; a fact that is false is no news. */
function factsOf(entry) {
  const facts = Object.entries(withoutSecrets(entry.details));
  return facts
    .filter(([, value]) => value && value !== NOT_SHOWN && typeof value !== "object" && !entry.text.includes(value))
    .map(([name, value]) => `${name} ${value}`)
    .join(" · ");
}
