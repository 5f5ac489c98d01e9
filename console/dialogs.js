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

/** Ask for texts that may be left out. Returns those that were given by their names, or null if the user goes back. */
export function fillIn(title, text, fields, action) {
  const inputs = fields.map(({ name }) => h("input", { id: name, maxlength: "64" }));
  const rows = fields.map(({ name, label }, at) => h("p", h("label", { for: name }, label), " ", inputs[at]));
  const value = () => Object.fromEntries(inputs.map((each) => [each.id, each.value.trim()]).filter(([, given]) => given));
  return show(title, [h("p", text), ...rows], [{ label: action, value, class: "primary" }]);
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
