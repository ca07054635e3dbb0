// Deployed pipelines: when each runs next, how its runs went, and how its steps hang together.
import {amount, call, clock, el, fillState, isOver, KeyedTable, seconds, setAttribute, setText, text, took} from "./elements.js";
import {began, Lineage} from "./run.js";

const pipelinePath = name => "/pipelines/" + encodeURIComponent(name);
const port = () => location.protocol + "//" + location.hostname + ":7077";

// Says when: "in 3 h 2 min".
function until(time) {
  const left = (Date.parse(time) - Date.now()) / 1000;
  return left <= 0 ? "now" : "in " + (left < 86400 * 2 ? seconds(Math.ceil(left)) : amount(Math.round(left / 86400), "day"));
}

function next(p) {
  if (p.state === "paused") return "paused";
  return p.nextIntervalEnd ? until(p.nextIntervalEnd) : "–";
}

// Names what a run failed of: its first failed step and that one's error, where it was a step.
function cause(run) {
  if (!run.error) return "";
  const [, step, code] = / First failed (.+?): \[(\w[\w.]*)\]/.exec(run.error.message) || [];
  return step ? step + ": " + code : run.error.code;
}

// Recent runs as a row of marks, oldest first: the taller, the longer it took.
function fillRuns(cell, runs) {
  const shown = JSON.stringify(runs);
  if (cell.dataset.shown === shown) return;
  cell.dataset.shown = shown;
  const long = r => r.startedAt && r.finishedAt ? Date.parse(r.finishedAt) - Date.parse(r.startedAt) : 0;
  const longest = Math.max(1, ...runs.map(long));
  if (!runs.length) return cell.replaceChildren("–");
  cell.replaceChildren(el("span", {class: "runs"}, ...[...runs].reverse().map(r => {
    const says = r.kind + " run: " + r.state + (r.startedAt ? ", took " + took(r) : "") + ", " + clock(r.submittedAt);
    const link = el("a", {href: "#/jobs/" + encodeURIComponent(r.id), "aria-label": says, title: says}, el("i", {class: r.state}));
    link.firstChild.style.height = Math.round(7 + 13 * long(r) / longest) + "px";
    return link;
  })));
}

export class PipelinesView {
  constructor(main, live) {
    this.live = live;
    this.table = new KeyedTable("Deployed pipelines", [
      {title: "Pipeline", kind: "name wide", fill: (cell, p) => {
        const link = cell.firstElementChild || cell.appendChild(el("a"));
        setAttribute(link, "href", "#" + pipelinePath(p.name));
        setText(link, p.name);
      }},
      {title: "State", fill: (cell, p) => fillState(cell, p.state)},
      {title: "Schedule", kind: "soft", label: "schedule", fill: text(p => p.schedule || "–")},
      {title: "Next run", kind: "number", label: "next run", fill: (cell, p) => {
        setText(cell, next(p));
        setAttribute(cell, "title", p.nextIntervalEnd ? clock(p.nextIntervalEnd) : "");
      }},
      {title: "Last run", label: "last run", fill: (cell, p) => p.lastRun ? fillState(cell, p.lastRun.state) : cell.replaceChildren("–")},
      {title: "Took", kind: "number", label: "took", fill: text(p => p.lastRun ? took(p.lastRun) : "–")},
      {title: "Recent runs", kind: "wide", fill: (cell, p) => fillRuns(cell, p.recentRuns || [])},
    ], p => p.name, el("div", {class: "empty"}, "No pipeline is deployed. Deploy one:", el("br"),
      el("code", {}, "etl-submit deploy DIR --coordinator " + port())));
    main.append(el("div", {class: "title"}, el("h1", {}, "Pipelines")), this.table.node,
      el("p", {class: "soft small"}, "Runs by hand (etl-submit DIR) are among the jobs."));
    this.timer = setInterval(() => this.changed("pipelines"), 1000);
    this.changed("pipelines");
  }

  changed(name) { if (name === "pipelines" && this.live.pipelines) this.table.update(this.live.pipelines); }
  close() { clearInterval(this.timer); }
}

export class PipelineView {
  constructor(main, name, live, frame) {
    Object.assign(this, {main, name, live, frame, asked: null, isClosed: false});
    this.state = el("span");
    this.actions = el("div", {class: "actions"});
    this.facts = el("p", {class: "facts"});
    this.lineage = new Lineage(() => {});
    this.caption = el("p", {class: "soft small"});
    this.runs = new KeyedTable("Runs, newest first", [
      {title: "Run", kind: "name wide", fill: (cell, r) => {
        const link = cell.firstElementChild || cell.appendChild(el("a"));
        setAttribute(link, "href", "#/jobs/" + encodeURIComponent(r.id));
        setText(link, r.kind + " run " + (began(r) === "–" ? clock(r.submittedAt) : began(r)));
      }},
      {title: "State", fill: (cell, r) => fillState(cell, r.state)},
      {title: "Took", kind: "number", label: "took", fill: text(took)},
      {title: "Accepted", kind: "soft small", label: "at", fill: text(r => clock(r.submittedAt))},
      {title: "Error", kind: "name", fill: text(cause)},
    ], r => r.id, el("div", {class: "empty"}, "It has not run yet."));
    main.append(el("div", {class: "title"}, el("h1", {}, name), this.state, this.actions), this.facts,
      el("h2", {}, "Lineage"), this.caption, this.lineage.node, el("h2", {}, "Runs"), this.runs.node);
    this.timer = setInterval(() => this.showFacts(), 1000);
    document.title = name + " – Millrace";
    this.changed("pipelines");
    this.load();
  }

  get status() { return (this.live.pipelines || []).find(p => p.name === this.name); }

  changed(name) {
    if (name !== "pipelines" || !this.live.pipelines) return;
    this.showFacts();
    const last = this.status && this.status.lastRun;
    const known = JSON.stringify(this.status);
    if (known !== this.known) { this.known = known; this.load(); }
    clearTimeout(this.again);
    // Steps come along without a change of the list.
    if (last && !isOver(last)) this.again = setTimeout(() => this.changed("pipelines"), 1000), this.load();
  }

  showFacts() {
    const p = this.status;
    setAttribute(this.state, "class", p ? "state " + p.state : "soft");
    setText(this.state, p ? p.state : this.live.pipelines ? "not deployed" : "");
    const parts = !p ? [] : ["schedule " + (p.schedule || "none") + (p.timezone ? " (" + p.timezone + ")" : ""),
      p.state === "paused" ? "no next run while paused"
        : "next run " + next(p) + (p.nextIntervalEnd ? ", " + clock(p.nextIntervalEnd) : ""),
      amount(p.activeRuns, "run") + " at work", "deployed " + clock(p.deployedAt)];
    parts.forEach((part, i) => setText(this.facts.children[i] || this.facts.appendChild(el("span")), part));
    const mayChange = p && (!this.live.session || this.live.session.role !== "viewer");
    const wanted = !mayChange ? "" : p.state === "paused" ? "resume" : "pause";
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.actions.replaceChildren();
    if (wanted) this.actions.append(el("button", {type: "button", click: () => this.change(wanted)}, wanted === "pause" ? "Pause" : "Resume"));
  }

  async change(what) {
    try { await call(pipelinePath(this.name) + "/" + what, {method: "POST"}); } catch (failure) { this.frame.say(failure.message); }
  }

  async load() {
    if (this.asked) return;
    this.asked = true;
    try {
      const list = await call(pipelinePath(this.name) + "/runs");
      if (this.isClosed) return;
      this.runs.update(list.runs);
      // The newest run that began knows the steps.
      const newest = list.runs.find(r => r.startedAt);
      if (newest) {
        const run = await call("/jobs/" + newest.id + "/run");
        if (this.isClosed) return;
        this.lineage.show(run);
        setText(this.caption, "As its newest run found it: " + run.state + ".");
      }
    } catch (failure) {
      if (failure.status === 404) this.main.replaceChildren(el("h1", {}, "No such pipeline"),
        el("p", {}, "There is no pipeline of this name: ", el("code", {}, this.name)),
        el("p", {}, el("a", {href: "#/pipelines"}, "All pipelines")));
      else this.frame.failed(failure.status || 0);
    } finally { this.asked = false; }
  }

  close() {
    this.isClosed = true;
    clearInterval(this.timer);
    clearTimeout(this.again);
  }
}
