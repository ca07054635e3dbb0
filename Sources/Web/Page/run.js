// What a pipeline's run shows: its lineage graph with test results, its steps, what failed, its tests.
import {amount, count, el, errorBox, fillBar, fillState, KeyedTable, seconds, setAttribute, setText, text} from "./elements.js";
import {Graph} from "./graph.js";

const colors = {extract: 6, seed: 7, transform: 1, model: 3, load: 2};
const outcomes = {pass: "succeeded", warn: "warned", fail: "failed", skip: "skipped"};
const words = {pass: "passed", warn: "warned", fail: "failed", skip: "skipped"};

const order = ["fail", "warn", "skip", "pass"];
const signs = {pass: "✓", warn: "!", fail: "✗", skip: "–"};

// Counts tests by outcome, the bad ones first: `each(count, outcome)` makes the texts.
function counted(tests, each) {
  const counts = {};
  for (const t of tests) counts[t.outcome] = (counts[t.outcome] || 0) + 1;
  return order.filter(o => counts[o]).map(o => each(counts[o], o));
}

// Says how a step's tests ended, "1 failed, 2 passed", or in short "✗ 1 ✓ 2"; empty where it has none.
const said = tests => counted(tests, (count, outcome) => count + " " + words[outcome]).join(", ");
const marked = tests => counted(tests, (count, outcome) => signs[outcome] + " " + count).join("  ");

export function began(run) {
  return run.intervalStart === run.intervalEnd ? "–" : span(run.intervalStart, run.intervalEnd);
}

// Names a data interval by its days where it begins and ends at midnight, else by times in UTC.
export function span(start, end) {
  const short = time => time.replace(/T00:00:00(\.0+)?Z$/, "").replace("T", " ").replace(/:00(\.0+)?Z$/, "");
  const shown = short(start) + " → " + short(end);
  return shown.includes(":") ? shown + " UTC" : shown;
}

// The lineage graph of a run's steps.
export class Lineage {
  constructor(chosen) {
    this.tests = new Map();
    this.graph = new Graph("Lineage of the steps", s => this.describe(s), chosen);
    this.node = this.graph.node;
  }

  show(run) {
    this.tests = new Map(run.steps.map(s => [s.name, []]));
    for (const t of run.tests) if (this.tests.has(t.step)) this.tests.get(t.step).push(t);
    this.graph.update(run.steps.map(s => Object.assign({id: s.name, dependsOn: s.dependencies}, s)));
  }

  describe(s) {
    const tests = this.tests.get(s.name) || [], result = said(tests);
    const rows = s.rowsOut ? amount(s.rowsOut, "row") : "";
    const again = s.state === "running" && s.attempts > 1 ? "try " + s.attempts : "";
    const parts = [s.state === "succeeded" ? rows || "done" : s.state, again];
    const isBad = s.state === "failed" || tests.some(t => t.outcome === "fail");
    const join = more => [...parts, more].filter(p => p).join(" · ");
    return {kind: s.kind, label: s.name, note: join(marked(tests)), isBad, color: colors[s.kind] ?? 0,
      share: s.state === "succeeded" || s.state === "failed" ? 1 : s.progress || 0,
      spoken: s.kind + " " + s.name + ": " + join(result && "tests: " + result)};
  }
}

export class RunPart {
  constructor(id) {
    Object.assign(this, {id, run: null, picked: null});
    this.lineage = new Lineage(step => { this.picked = step; this.show(); });
    this.facts = el("p", {class: "facts"});
    this.steps = new KeyedTable("Steps", [
      {title: "Step", kind: "name wide", fill: (cell, s) => {
        if (!cell.firstChild) cell.append(el("span", {class: "soft small id"}), el("span"));
        setText(cell.children[0], s.kind);
        setText(cell.children[1], s.name);
      }},
      {title: "State", fill: (cell, s) => fillState(cell, s.state)},
      {title: "Progress", kind: "wide", fill: (cell, s) => {
        const share = s.state === "succeeded" || s.state === "failed" ? 1 : s.progress || 0;
        fillBar(cell, share, 1, s.state, Math.floor(share * 100) + " percent done");
      }},
      {title: "Tests", label: "tests", fill: (cell, s) => {
        const tests = this.lineage.tests.get(s.name) || [];
        setText(cell, said(tests) || "–");
        setAttribute(cell, "class", tests.some(t => t.outcome === "fail") ? "bad" : tests.some(t => t.outcome === "warn") ? "warn" : "");
      }},
      {title: "Rows in → out", kind: "number", label: "rows", fill: text(s =>
        s.state === "succeeded" || s.rowsIn || s.rowsOut ? count(s.rowsIn) + " → " + count(s.rowsOut) : "–")},
      {title: "Tries", kind: "number", label: "tries", fill: (cell, s) => {
        setText(cell, s.attempts || "–");
        cell.classList.toggle("warn", s.attempts > 1);
      }},
      {title: "When", kind: "when wide", fill: (cell, s) => this.fillWhen(cell, s)},
      {title: "Time", kind: "number", label: "time", fill: text(s => s.startedAt ? seconds(this.stretch(s)[1]) : "–")},
      {title: "Jobs", kind: "small", label: "jobs", fill: (cell, s) => this.fillJobs(cell, s)},
    ], s => s.name, el("div", {class: "empty"}, "The run has not begun yet."));
    this.failures = el("div");
    this.tests = new KeyedTable("Tests", [
      {title: "Test", kind: "name wide", fill: text(t => t.name)},
      {title: "Step", kind: "name", fill: text(t => t.step)},
      {title: "Outcome", fill: (cell, t) => fillState(cell, outcomes[t.outcome] || t.outcome, words[t.outcome])},
      {title: "Wrong", kind: "number", label: "wrong", fill: (cell, t) => {
        setText(cell, t.outcome === "skip" ? "–" : count(t.failures));
        cell.classList.toggle("bad", t.outcome === "fail");
      }},
    ], t => t.step + "/" + t.name, el("div", {class: "empty"}, "No test has run yet."));
    this.node = el("div", {}, el("h2", {}, "Lineage"), this.lineage.node, el("h2", {}, "Steps"), this.steps.node,
      this.failures, el("h2", {}, "Tests"), this.tests.node);
    this.handlers = {run: value => { this.run = value; this.taken = Date.now(); this.show(); }};
    // Bars of running steps grow between events.
    this.timer = setInterval(() => { if (this.run && this.run.steps.some(s => s.state === "running")) this.show(); }, 1000);
  }

  takeJob() {}

  // Seconds from the run's start to the step's, and how long the step took.
  stretch(s) {
    const start = Date.parse(s.startedAt), end = s.finishedAt ? Date.parse(s.finishedAt) : Date.now();
    return [(start - Date.parse(this.run.startedAt)) / 1000, Math.max(0, end - start) / 1000];
  }

  fillWhen(cell, s) {
    const bar = cell.firstElementChild || cell.appendChild(el("div", {class: "span"}, el("i")));
    bar.hidden = !s.startedAt || !this.run.startedAt;
    if (bar.hidden) return;
    const [from, long] = this.stretch(s), whole = Math.max(0.001, this.whole);
    bar.firstChild.className = s.state;
    bar.firstChild.style.left = 100 * Math.min(0.99, from / whole) + "%";
    bar.firstChild.style.width = Math.max(1, 100 * Math.min(1 - Math.min(0.99, from / whole), long / whole)) + "%";
    setAttribute(bar, "title", "After " + seconds(from) + ", for " + seconds(long));
  }

  fillJobs(cell, s) {
    const jobs = (s.jobs || []).join();
    if (cell.dataset.jobs === jobs) return;
    cell.dataset.jobs = jobs;
    cell.replaceChildren();
    (s.jobs || []).slice(-8).forEach((id, i) => cell.append(i ? " " : "",
      el("a", {href: "#/jobs/" + encodeURIComponent(id), "aria-label": "Job " + (i + 1) + " of step " + s.name}, i + 1)));
    if (!jobs) cell.append("–");
  }

  show() {
    const run = this.run;
    if (!run) return;
    const end = run.finishedAt ? Date.parse(run.finishedAt) : Date.now();
    this.whole = run.startedAt ? (end - Date.parse(run.startedAt)) / 1000 : 0;
    const parts = [run.kind + " run", ...(run.intervalStart === run.intervalEnd ? [] : ["interval " + began(run)])];
    const links = [el("a", {href: "#/pipelines/" + encodeURIComponent(run.pipeline)}, "Pipeline " + run.pipeline)];
    if (run.retryOf) links.push(el("a", {href: "#/jobs/" + encodeURIComponent(run.retryOf)}, "Goes on with an earlier run"));
    if (!this.facts.children.length) this.facts.append(...links, ...parts.map(p => el("span", {}, p)));
    this.lineage.show(run);
    const isWanted = name => !this.picked || this.picked === name;
    this.steps.update(run.steps.filter(s => isWanted(s.name)));
    this.tests.update(run.tests.filter(t => isWanted(t.step)).sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome)));
    const failed = run.steps.filter(s => s.error);
    const shown = JSON.stringify(failed);
    if (shown === this.shown) return;
    this.shown = shown;
    this.failures.replaceChildren(...failed.map(s => el("div", {}, el("h3", {}, s.kind + " " + s.name), errorBox(s.error))));
  }

  close() { clearInterval(this.timer); }
}
