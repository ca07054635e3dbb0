// What a job of SQL shows: stages as a graph and a table, tasks by worker, SQL, plan.
import {bytes, call, count, el, fillBar, fillState, fold, jobPath, KeyedTable, seconds, setAttribute, setText,
  text} from "./elements.js";
import {Graph} from "./graph.js";
import {SQLText} from "./sql.js";
import {Timeline} from "./timeline.js";

// Says how far a stage's tasks are: "117/10000 · 2 running · 1 failed".
const tasksOf = s => s.tasks.done + "/" + s.tasks.total + (s.tasks.running ? " · " + s.tasks.running + " running" : "")
  + (s.tasks.failed ? " · " + s.tasks.failed + " failed" : "");

// What comes in and goes out; nothing is a dash.
const flow = (show, from, to) => !from && !to ? "–" : (from ? show(from) : "–") + " → " + (to ? show(to) : "–");

const stageColumns = color => [
  {title: "Stage", kind: "name wide", fill: (cell, s) => {
    if (!cell.firstChild) cell.append(el("span", {"aria-hidden": "true"}), el("span", {class: "soft small id"}), " ", el("span"));
    setAttribute(cell.children[0], "class", "swatch c" + color(s.id));
    setText(cell.children[1], s.id);
    setText(cell.children[2], s.name);
  }},
  {title: "State", fill: (cell, s) => fillState(cell, s.state)},
  {title: "Tasks done", kind: "wide tasks", fill: (cell, s) => {
    fillBar(cell, s.tasks.done, s.tasks.total, s.state);
    const note = cell.children[1] || cell.appendChild(el("span"));
    setText(note, tasksOf(s));
    setAttribute(note, "class", s.tasks.failed ? "bad" : "soft");
  }},
  {title: "Rows in → out", kind: "number", label: "rows", fill: text(s => flow(count, s.rowsIn, s.rowsOut))},
  {title: "Bytes in → out", kind: "number", label: "bytes", fill: text(s => flow(bytes, s.bytesIn, s.bytesOut))},
  {title: "Shuffle", kind: "number", label: "shuffle", isWorth: s => s.shuffleBytes > 0,
    fill: text(s => s.shuffleBytes ? bytes(s.shuffleBytes) : "–")},
  {title: "Spill", kind: "number", label: "spill", isWorth: s => s.spillBytes > 0, fill: (cell, s) => {
    setText(cell, s.spillBytes ? bytes(s.spillBytes) : "–");
    cell.classList.toggle("warn", s.spillBytes > 0);
  }},
  {title: "Rate", kind: "number", label: "rate", fill: text(s => s.seconds > 0 && s.rowsIn > 0 ? count(Math.round(s.rowsIn / s.seconds)) + "/s" : "–")},
  {title: "Skew", kind: "number", label: "skew", isWorth: s => s.skew > 0, fill: (cell, s) => {
    setText(cell, s.skew > 0 ? s.skew.toFixed(1) + " ×" : "–");
    setAttribute(cell, "title", "Longest task's time over the median task's");
    cell.classList.toggle("warn", s.skew >= 4 && s.slowest && s.slowest.seconds >= 1);
  }},
  {title: "Time", kind: "number", label: "time", fill: text(s => s.seconds > 0 ? seconds(s.seconds) : "–")},
  {title: "Left", kind: "number", label: "left", isWorth: s => s.etaSeconds, fill: text(s => s.etaSeconds ? "≈ " + seconds(s.etaSeconds) : "–")},
];

export class StagesPart {
  constructor(id) {
    Object.assign(this, {id, stages: [], places: new Map(), statement: null, isChosen: false});
    this.graph = new Graph("Plan as a graph of stages", s => this.describe(s), stage => {
      this.timeline.choose(stage);
      this.sql.pick(stage);
    });
    this.chooser = el("select", {id: "statement", change: () => {
      this.isChosen = true;
      this.statement = this.chooser.value;
      this.showGraph();
    }});
    this.chooserBox = el("div", {class: "actions", hidden: ""}, el("label", {for: "statement"}, "Statement"), this.chooser);
    this.table = new KeyedTable("Stages", stageColumns(id => this.colorOf(id)), s => s.id,
      el("div", {class: "empty"}, "No stages are planned yet."));
    this.timeline = new Timeline(id => this.colorOf(id));
    this.sql = new SQLText();
    this.plan = el("pre", {tabindex: "0"});
    this.planFold = fold("plan", "Plan", el("div", {class: "card"}, this.plan));
    this.planFold.addEventListener("toggle", () => this.loadPlan());
    this.node = el("div", {},
      el("div", {class: "title section"}, el("h2", {}, "Stages"), this.chooserBox), this.graph.node, this.table.node,
      fold("sql", "SQL", this.sql.node), fold("tasks", "Tasks by worker", this.timeline.node), this.planFold);
    this.handlers = {
      stages: value => this.takeStages(value.stages),
      tasks: value => this.timeline.take(value, true), "more-tasks": value => this.timeline.take(value, false)};
  }

  describe(s) {
    return {kind: s.id, label: s.name, note: tasksOf(s), color: this.colorOf(s.id), isBad: s.state === "failed",
      share: s.tasks.total ? s.tasks.done / s.tasks.total : 0,
      spoken: "Stage " + s.id + ", " + s.name + ": " + s.state + ", " + s.tasks.done + " of " + s.tasks.total + " tasks done"
        + (s.tasks.running ? ", " + s.tasks.running + " running" : "")};
  }

  // Stages keep their colour: their place in the whole list.
  colorOf(id) { return (this.places.get(id) ?? 0) % 8; }

  takeJob(job) {
    this.timeline.takeError(job.error);
    const known = job.statements ? job.statements.done + job.state : null;
    if (known === null || known !== this.known) { this.loadSource(); this.loadPlan(); }
    this.known = known;
  }

  takeStages(stages) {
    this.stages = stages;
    this.places = new Map(stages.map((s, place) => [s.id, place]));
    this.table.update(stages);
    this.timeline.stagesChanged(stages);
    const statements = [...new Set(stages.map(s => s.id.split(".")[0]))];
    if (statements.length !== this.chooser.children.length) {
      this.chooser.replaceChildren(...statements.map(s => el("option", {value: s}, Number(s) + 1)));
      if (!this.isChosen) this.statement = statements[statements.length - 1];
      this.chooser.value = this.statement;
    }
    this.chooserBox.hidden = statements.length < 2;
    this.showGraph();
    this.sql.update(stages);
    // What a new stage does is marked in the text.
    if (stages.length !== this.marked) { this.marked = stages.length; this.loadSource(); }
  }

  showGraph() { this.graph.update(this.stages.filter(s => s.id.startsWith(this.statement + "."))); }

  async loadSource() {
    const source = await call(jobPath(this.id) + "/source").catch(() => null);
    if (source) this.sql.show(source);
  }

  async loadPlan() {
    if (!this.planFold.open) return;
    const plan = await call(jobPath(this.id) + "/plan").catch(() => null);
    if (plan) setText(this.plan, plan.plan || "Not planned yet.");
  }

  close() { this.timeline.close(); }
}
