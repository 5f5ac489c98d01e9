// Builds and updates the page. Text only ever becomes text nodes, so data can't become markup.

/**
 * Make an element: h("p.quiet", "text", child), or h("button.primary", {onclick: open}, "Open").
 *
 * Attributes and children that are null, undefined or false are left out. `style` is an object of custom properties: they are
 * set through the CSSOM, which a strict Content-Security-Policy allows. `key` tells siblings of a list apart. `holds`
 * is an element that somebody else made and updates: it stays as it is.
 */
export function h(name, ...rest) {
  const [tag, ...classes] = name.split(".");
  const hasAttributes = rest[0]?.constructor === Object;
  const [attributes, children] = hasAttributes ? [rest[0], rest.slice(1)] : [{}, rest];
  const element = document.createElement(tag);
  element.classList.add(...classes);
  element.handlers = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.handlers[name] = element[name] = value;
    else if (name === "key") element.key = value;
    else if (name === "holds") element.holds = value;
    else if (name === "style") for (const [each, text] of Object.entries(value)) element.style.setProperty(each, text);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/**
 * Make the children of an element like those of `fresh`, but keep every node that is the same: focus, selection,
 * scroll positions and what the user typed survive an update.
 */
export function update(element, ...fresh) {
  const wanted = document.createDocumentFragment();
  wanted.append(...fresh.flat(Infinity).filter(Boolean));
  updateChildren(element, wanted);
}

const KEPT = new Set(["open", "value", "style"]);

function updateNode(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.style.cssText !== fresh.style.cssText) old.style.cssText = fresh.style.cssText;
  for (const name of Object.keys({ ...old.handlers, ...fresh.handlers })) old[name] = fresh.handlers[name] ?? null;
  old.handlers = fresh.handlers;
  old.holds = fresh.holds;
  if (old.holds) hold(old);
  else updateChildren(old, fresh);
}

function updateChildren(old, fresh) {
  const keyed = new Map([...old.childNodes].filter((node) => node.key).map((node) => [node.key, node]));
  let place = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const same = node.key ? keyed.get(node.key) : place;
    if (same && same.nodeName === node.nodeName && same.key === node.key) {
      if (same === place) place = place.nextSibling;
      else old.insertBefore(same, place);
      updateNode(same, node);
    } else {
      old.insertBefore(node, place);
      for (const each of [node, ...(node.querySelectorAll?.("*") ?? [])]) if (each.holds) hold(each);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function hold(element) {
  if (element.firstChild !== element.holds) element.replaceChildren(element.holds);
}
