// What is known of one state of one execution: input, output, error, tries, and its log lines.

import { h } from "./dom.js";
import { duration, milliseconds, timeOfDay } from "./format.js";
import { OUTCOMES, outcomeOf } from "./model.js";
import { heads, quiet, unseenCaption, when } from "./parts.js";
import { withoutSecrets } from "./shown_fields.js";
import { level } from "./story.js";

/** The panel beside the graph. @param story The order's story, if it was read. @param gap Why it was not. */
export function stateDetails({ view, name, comment, story, gap, close }) {
  const visits = view.states.filter((state) => state.name === name);
  return h(
    "section.details.card",
    { "aria-label": `State ${name}` },
    h(
      "header",
      h("h3", { tabindex: "-1" }, name),
      h("button.plain.close", { onclick: close, "aria-label": "Close the state" }, "✕"),
    ),
    comment && quiet(comment),
    visits.length
      ? visits.map((visit, index) => visitDetails(visit, visits.length > 1 ? index + 1 : null))
      : h("p", "This execution has not entered it."),
    visits.length > 0 && logLines(view, name, story, gap),
  );
}

function visitDetails(visit, number) {
  const { mark, label } = OUTCOMES[outcomeOf(visit)];
  const took = visit.left_at ? duration(milliseconds(visit.left_at) - milliseconds(visit.entered_at)) : "so far";
  const error = visit.attempts.findLast((attempt) => attempt.error)?.error;
  return [
    number && h("h4", `Visit ${number}`),
    h(
      "p.verdict",
      { "data-outcome": outcomeOf(visit) },
      h("span.mark", mark),
      ` ${label}`,
      h("span.quiet", ` ${timeOfDay(visit.entered_at)} UTC, ${took}`),
    ),
    error && h("p.failure", h("strong", error.code), ` ${error.message ?? ""}`),
    visit.attempts.length > 0 && triesTable(visit.attempts),
    documentOf("Input", visit.input),
    documentOf("Output", visit.output),
  ];
}

function triesTable(attempts) {
  const rows = attempts.map((attempt, index) => {
    const before = attempts[index - 1]?.ended_at;
    const pause = before ? duration(milliseconds(attempt.scheduled_at) - milliseconds(before)) : "";
    const took = attempt.ended_at
      ? duration(milliseconds(attempt.ended_at) - milliseconds(attempt.started_at ?? attempt.scheduled_at))
      : "running";
    return h(
      "tr",
      h("th", { scope: "row" }, String(index + 1)),
      h("td", pause),
      h("td", took),
      h("td", attempt.error ? h("strong.error", attempt.error.code) : attempt.ended_at ? "ok" : ""),
    );
  });
  return h("table.tries", unseenCaption("Tries"), heads("Try", "Pause", "Took", "Result"), h("tbody", rows));
}

function documentOf(title, value) {
  if (value === null || value === undefined) return null;
  const text = JSON.stringify(withoutSecrets(value), null, 2);
  return h("details", { open: true }, h("summary", title), h("pre", { tabindex: "0" }, text));
}

function logLines(view, name, story, gap) {
  const lines =
    story?.entries.filter((entry) => entry.state === name && (!entry.execution || entry.execution === view.name)) ?? [];
  const text = gap || story?.logs === "unavailable" ? "The logs can't be read." : story ? "No lines." : "Loading ...";
  return [h("h4", "Log"), lines.length ? h("ol.log", lines.map(logLine)) : quiet(text)];
}

const logLine = (entry) =>
  h("li", { "data-level": entry.level }, when(timeOfDay(entry.at)), " ", level(entry), entry.text);
