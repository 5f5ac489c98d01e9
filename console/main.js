// Starts the page: configuration, sign-in, routes, and the loop that keeps what is shown up to date.

import { Api, Problem } from "./api.js";
import { h, update } from "./dom.js";
import { OrderPage } from "./order_page.js";
import { OrdersPage } from "./orders_page.js";
import { signIn } from "./sign_in.js";

const place = (id) => document.getElementById(id);

/** What the pages share. */
const app = {
  config: null,
  api: null,
  page: null,
  timer: null,

  /** Whether the page's data could not be read when it was last tried. */
  hasFailed: false,

  /** Show the current page as it is now. If what had the focus is gone, the heading takes it. */
  render() {
    const focused = document.activeElement;
    update(place("main"), app.page.view());
    if (!focused.isConnected) document.querySelector("h1").focus({ preventScroll: true });
  },

  /** Say something to users of screen readers. */
  announce(text) {
    place("announcer").textContent = text;
  },

  /** Do something that a user asked for; a problem is shown, and the result is undefined. */
  async attempt(action) {
    showProblem(null);
    try {
      return await action();
    } catch (problem) {
      showProblem(problem);
      return undefined;
    }
  },

  /** Read the page's data now, show it, and plan the next time. Nothing is read while nobody looks. */
  async refresh() {
    clearTimeout(app.timer);
    if (document.hidden) return;
    const { page } = app;
    try {
      await page.load();
      if (page !== app.page) return;
      place("live").textContent = "live";
      if (app.hasFailed) showProblem(null);
    } catch (problem) {
      if (page !== app.page) return;
      place("live").textContent = "not up to date";
      showProblem(problem, true);
    }
    app.render();
    clearTimeout(app.timer);
    app.timer = setTimeout(app.refresh, page.pause);
  },
};

function showProblem(problem, whileLoading = false) {
  app.hasFailed = Boolean(problem) && whileLoading;
  if (problem && !(problem instanceof Problem)) console.error(problem);
  const text = problem && [
    h("strong", problem.message),
    problem.detail && h("p", problem.detail),
    problem.errors?.length > 0 &&
      h(
        "ul",
        problem.errors.map((error) => h("li", `${error.field}: ${error.message}`)),
      ),
    problem.requestId && h("p.quiet", `Request ${problem.requestId}`),
    !whileLoading && h("button.plain.close", { "aria-label": "Dismiss", onclick: () => showProblem(null) }, "✕"),
  ];
  update(place("problem"), problem ? h("div.problem", text) : null);
}

function navigate() {
  const [, id, tab] = location.hash.match(/^#\/orders\/([^/]+)(?:\/(story))?$/) ?? [];
  const { page } = app;
  const isSameOrder = id && page instanceof OrderPage && page.id === id;
  showProblem(null);
  if (isSameOrder) page.tab = tab ?? "";
  else app.page = id ? new OrderPage(app, id, tab ?? "") : new OrdersPage(app);
  document.title = `${app.page.title} · ${app.config.stage}`;
  app.render();
  if (!isSameOrder && page) {
    scrollTo(0, 0);
    document.querySelector("h1")?.focus();
  }
  app.refresh();
}

async function start() {
  app.config = await (await fetch("config.json", { cache: "no-store" })).json();
  place("stage").textContent = app.config.stage;
  const { users, signOut } = await signIn(app.config);
  app.api = new Api(app.config, users);
  update(
    place("user"),
    h("span.quiet", app.api.reader.name),
    signOut && h("button.plain", { onclick: signOut }, "Sign out"),
  );
  addEventListener("hashchange", navigate);
  document.addEventListener("visibilitychange", app.refresh);
  navigate();
}

start().catch((error) => showProblem(error));
