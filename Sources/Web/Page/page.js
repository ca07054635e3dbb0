// The page's frame: session, header, and which view is shown. Views are classes with `close()`.
import {amount, byId, call, el, Feed} from "./elements.js";
import {JobsView, WorkersView} from "./lists.js";
import {JobView} from "./job.js";
import {PipelinesView, PipelineView} from "./pipelines.js";

const main = byId("main");
let view = null, feed = null;

// What is known of the cluster; views are told of changes by `changed(name)`.
const live = {cluster: null, jobs: null, workers: null, pipelines: null, session: null};

export function say(message) {
  byId("notice").textContent = message;
  byId("notice").hidden = !message;
}

function take(name, value) {
  live[name] = value;
  if (name === "cluster") showCluster(value);
  if (view && view.changed) view.changed(name);
}

function showCluster(c) {
  byId("cluster").textContent = amount(c.workers, "worker") + " · " + c.slots.used + " of " + c.slots.total + " slots in use · "
    + amount(c.queuedTasks, "task") + " queued";
}

function failed(status) {
  if (status === 401) return start();
  say(status === 0 ? "The coordinator does not answer; trying again." : "");
}

// What stands in an address, which may be anything.
function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }
}

function route() {
  if (view) view.close();
  say("");
  const [kind, argument] = location.hash.replace(/^#\/?/, "").split("/");
  const name = kind === "workers" || kind === "pipelines" ? kind : "jobs";
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = "Millrace";
  main.replaceChildren();
  if (kind === "jobs" && argument) view = new JobView(main, decoded(argument), live, {say, failed});
  else if (kind === "pipelines" && argument) view = new PipelineView(main, decoded(argument), live, {say, failed});
  else if (name === "pipelines") view = new PipelinesView(main, live);
  else if (name === "workers") view = new WorkersView(main, live);
  else view = new JobsView(main, live, say);
  scrollTo(0, 0);
}

function showLogin() {
  if (view) view.close();
  view = null;
  byId("cluster").textContent = "";
  const input = el("input", {type: "password", id: "token", autocomplete: "current-password", required: ""});
  const form = el("form", {class: "card login"}, el("h1", {}, "Sign in"),
    el("p", {}, "This cluster asks for a token. Its owner keeps them in the coordinator's token file."),
    el("label", {for: "token"}, "Token"), input, el("button", {class: "main", type: "submit"}, "Sign in"));
  form.addEventListener("submit", async event => {
    event.preventDefault();
    try {
      await call("/login", {method: "POST", headers: {"content-type": "application/json"},
        body: JSON.stringify({token: input.value})});
      await start();
    } catch (failure) { say(failure.message); input.select(); }
  });
  main.replaceChildren(form);
  input.focus();
}

async function start() {
  if (feed) feed.close();
  feed = null;
  live.session = await call("/session").catch(() => null);
  const session = live.session;
  byId("logout").hidden = !(session && session.tokensNeeded && session.role);
  say("");
  if (session && session.tokensNeeded && !session.role) return showLogin();
  feed = new Feed("/events", {
    cluster: value => take("cluster", value), jobs: value => take("jobs", value),
    workers: value => take("workers", value.workers), pipelines: value => take("pipelines", value.pipelines)}, failed);
  route();
}

byId("logout").addEventListener("click", async () => {
  await call("/logout", {method: "POST"}).catch(() => null);
  await start();
});
document.querySelector(".skip").addEventListener("click", event => { event.preventDefault(); main.focus(); });
addEventListener("hashchange", () => { if (feed) { route(); main.focus(); } });
start();
