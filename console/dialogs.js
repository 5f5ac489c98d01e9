// Dialogs: what is asked before an action, and the sample orders.

import { h } from "./dom.js";

/** Ask for a confirmation. Returns true, or null if the user goes back. */
export function confirm(title, text, action) {
  return show(title, [h("p", text)], [{ label: action, value: () => true, class: "danger" }]);
}

/** Ask for a text. Returns it, or null if the user goes back. */
export function askFor(title, text, label, action) {
  const field = h("textarea", { id: "answer", rows: "3", maxlength: "500", required: true });
  const body = [h("p", text), h("label", { for: "answer" }, label), field];
  const value = () => {
    field.value = field.value.trim();
    return field.reportValidity() ? field.value : undefined;
  };
  return show(title, body, [{ label: action, value, class: "primary" }]);
}

/**
 * Ask for what may be left out. Returns what was given by its name, a checked box as true; or null if the user goes back.
 * Each field has a name, a label, and attributes of its input. `read` says in a `text` what is going to happen, or which
 * `problem` is left; both are shown while the user fills in.
 */
export function fillIn(title, text, fields, action, read = null) {
  const inputs = fields.map(({ name, label, ...attributes }) => h("input", { id: name, maxlength: "64", ...attributes }));
  const rows = fields.map(({ name, label, type }, at) =>
    type === "checkbox" ? h("label.box", inputs[at], label) : h("p", h("label", { for: name }, label), inputs[at]),
  );
  const valueOf = (input) => (input.type === "checkbox" ? input.checked : input.value.trim());
  const given = () => Object.fromEntries(inputs.map((each) => [each.id, valueOf(each)]).filter(([, value]) => value));
  const result = read && h("output");
  const isReady = () => {
    const { text = "", problem } = read?.(given()) ?? {};
    if (result) result.textContent = problem ?? text;
    return !problem;
  };
  inputs.forEach((each) => each.addEventListener("input", isReady));
  isReady();
  const value = () => (inputs.every((each) => each.reportValidity()) && isReady() ? given() : undefined);
  return show(title, [h("p", text), ...rows, result].filter(Boolean), [{ label: action, value, class: "primary" }]);
}

/** Let the user choose one of several things with a name and a description. Returns it, or null. */
export function choose(title, text, choices) {
  const buttons = choices.map((choice) => ({
    label: [h("strong", choice.name), h("span", choice.description)],
    value: () => choice,
    class: "choice",
  }));
  return show(title, [h("p", text)], buttons);
}

function show(title, body, buttons) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    const finish = (value) => {
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    const actions = buttons.map((button) =>
      h(
        "button",
        { class: button.class, onclick: () => button.value() !== undefined && finish(button.value()) },
        button.label,
      ),
    );
    const back = h("button", { onclick: () => finish(null) }, "Back");
    dialog.append(h("h2", { id: "dialog-title" }, title), ...body, h("div.buttons", actions, back));
    dialog.addEventListener("cancel", () => finish(null));
    document.body.append(dialog);
    dialog.showModal();
  });
}
