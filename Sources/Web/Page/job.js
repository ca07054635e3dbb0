// One job: what it does, how far it is, why it takes the time that it takes.
import {ask, bytes, call, clock, count, el, Feed, fillBar, fillState, isOver, jobPath, KeyedTable, seconds, setAttribute,
  setText, text, took} from "./elements.js";
import {StageGraph} from "./graph.js";
import {Timeline} from "./timeline.js";

// Which folds the reader opened, kept from job to job.
const opened = {sql: true, tasks: true, plan: false, log: true};

function fold(key, title, ...content) {
  const box = el("details", {open: opened[key] ? "" : null}, el("summary", {}, el("h2", {}, title)), ...content);
  box.addEventListener("toggle", () => { opened[key] = box.open; });
  return box;
}

// Shows an error whole: code, message, the place with a caret, and what to do.
function errorBox(error) {
  const box = el("div", {class: "error"}, el("strong", {}, error.code), el("p", {class: "message"}, error.message));
  if (error.lineText && error.column) {
    // Tabs stay tabs, so that the caret stands below its column.
    const before = error.lineText.slice(0, error.column - 1).replace(/[^\t]/g, " ");
    const mark = before + "^".repeat(Math.max(1, error.length || 1));
    box.append(el("p", {class: "small soft"}, (error.file || "SQL") + ":" + error.line + ":" + error.column),
      el("pre", {tabindex: "0"}, error.lineText + "\n" + mark));
  }
  if (error.remedy) box.append(el("p", {}, error.remedy));
  return box;
}

const tasksOf = s => s.tasks.done + "/" + s.tasks.total;

const stageColumns = color => [
  {title: "Stage", kind: "name wide", fill: (cell, s) => {
    if (!cell.firstChild) cell.append(el("span", {"aria-hidden": "true"}), el("span", {class: "soft small id"}), " ", el("span"));
    setAttribute(cell.children[0], "class", "swatch c" + color(s.id));
    setText(cell.children[1], s.id);
    setText(cell.children[2], s.name);
  }},
  {title: "State", fill: (cell, s) => fillState(cell, s.state)},
  {title: "Progress", kind: "wide", fill: (cell, s) => fillBar(cell, s.tasks.done, s.tasks.total, s.state)},
  {title: "Tasks done", kind: "number", label: "tasks done", fill: text(tasksOf)},
  {title: "Running", kind: "number", label: "running", fill: text(s => s.tasks.running)},
  {title: "Failed", kind: "number", label: "failed", fill: (cell, s) => {
    setText(cell, s.tasks.failed);
    cell.classList.toggle("bad", s.tasks.failed > 0);
  }},
  {title: "Rows in → out", kind: "number", label: "rows", fill: text(s => count(s.rowsIn) + " → " + count(s.rowsOut))},
  {title: "Bytes in → out", kind: "number", label: "bytes", fill: text(s => bytes(s.bytesIn) + " → " + bytes(s.bytesOut))},
  {title: "Shuffle", kind: "number", label: "shuffle", fill: text(s => s.shuffleBytes ? bytes(s.shuffleBytes) : "–")},
  {title: "Spill", kind: "number", label: "spill", fill: (cell, s) => {
    setText(cell, s.spillBytes ? bytes(s.spillBytes) : "–");
    cell.classList.toggle("warn", s.spillBytes > 0);
  }},
  {title: "Rate", kind: "number", label: "rate", fill: text(s => s.seconds > 0 && s.rowsIn > 0 ? count(Math.round(s.rowsIn / s.seconds)) + "/s" : "–")},
  {title: "Skew", kind: "number", label: "skew", fill: (cell, s) => {
    setText(cell, s.skew > 0 ? s.skew.toFixed(1) + " ×" : "–");
    setAttribute(cell, "title", "Longest task's time over the median task's");
    cell.classList.toggle("warn", s.skew >= 4 && s.slowest && s.slowest.seconds >= 1);
  }},
  {title: "Time", kind: "number", label: "time", fill: text(s => s.seconds > 0 ? seconds(s.seconds) : "–")},
  {title: "Left", kind: "number", label: "left", fill: text(s => s.etaSeconds ? "≈ " + seconds(s.etaSeconds) : "–")},
];

export class JobView {
  constructor(main, id, live, frame) {
    Object.assign(this, {main, id, live, frame, job: null, stages: [], statement: null, isChosen: false});
    this.build();
    this.listen();
    // The time of a running job goes on between events.
    this.timer = setInterval(() => { if (this.job && !isOver(this.job)) this.showFacts(); }, 1000);
  }

  build() {
    this.heading = el("h1", {}, "…");
    this.state = el("span");
    this.actions = el("div", {class: "actions"});
    this.facts = el("p", {class: "facts"});
    this.progress = el("div");
    this.why = el("p", {class: "why", role: "status", hidden: ""});
    this.notes = el("div");
    this.graph = new StageGraph(stage => this.timeline.choose(stage));
    this.chooser = el("select", {id: "statement", change: () => {
      this.isChosen = true;
      this.statement = this.chooser.value;
      this.showGraph();
    }});
    this.chooserBox = el("div", {class: "actions", hidden: ""}, el("label", {for: "statement"}, "Statement"), this.chooser);
    this.table = new KeyedTable("Stages", stageColumns(id => this.colorOf(id)), s => s.id,
      el("div", {class: "empty"}, "No stages are planned yet."));
    this.timeline = new Timeline(id => this.colorOf(id));
    this.sql = el("ol", {class: "card sql"});
    this.plan = el("pre", {tabindex: "0"});
    this.log = el("pre", {tabindex: "0", class: "log"}, "Nothing yet.");
    const planFold = fold("plan", "Plan", el("div", {class: "card"}, this.plan));
    planFold.addEventListener("toggle", () => this.loadPlan());
    this.planFold = planFold;
    this.body = el("div", {hidden: ""}, el("div", {class: "title"}, this.heading, this.state, this.actions), this.facts,
      this.progress, this.why, this.notes,
      el("div", {class: "title section"}, el("h2", {}, "Stages"), this.chooserBox), this.graph.node, this.table.node,
      fold("tasks", "Tasks by worker", this.timeline.node), fold("sql", "SQL", this.sql), planFold,
      fold("log", "Log", el("div", {class: "card"}, this.log)));
    this.main.append(this.body);
  }

  listen() {
    this.feed = new Feed(jobPath(this.id) + "/events", {
      stages: value => this.takeStages(value.stages), job: value => this.takeJob(value),
      end: value => { this.feed.close(); this.takeJob(value); },
      tasks: value => this.timeline.take(value, true), "more-tasks": value => this.timeline.take(value, false),
      log: value => this.takeLog(value.lines, true), "more-log": value => this.takeLog(value.lines, false),
    }, status => {
      if (status !== 404) return this.frame.failed(status);
      this.main.replaceChildren(el("h1", {}, "No such job"), el("p", {}, "There is no job with this id: ", el("code", {}, this.id)),
        el("p", {}, el("a", {href: "#/"}, "All jobs")));
    });
  }

  // Stages keep their colour: their place in the whole list.
  colorOf(id) {
    const place = this.stages.findIndex(s => s.id === id);
    return (place < 0 ? 0 : place) % 8;
  }

  takeJob(job) {
    const statements = this.job && this.job.statements ? this.job.statements.done + this.job.state : null;
    this.job = job;
    this.body.hidden = false;
    this.showFacts();
    setText(this.heading, job.name || job.id);
    setAttribute(this.state, "class", "state " + job.state);
    setText(this.state, job.state);
    document.title = (job.name || "Job") + " – " + job.state + " – Millrace";
    fillBar(this.progress, job.progress, 1, job.state, Math.floor(job.progress * 100) + " percent of tasks done");
    setText(this.why, job.why || "");
    this.why.hidden = !job.why;
    this.showActions();
    const notes = JSON.stringify([job.error, job.warnings]);
    if (notes !== this.shownNotes) {
      this.shownNotes = notes;
      this.notes.replaceChildren(...(job.error ? [errorBox(job.error)] : []),
        ...(job.warnings || []).map(w => el("p", {class: "warn"}, w)));
    }
    if (!job.statements || job.statements.done + job.state !== statements) { this.loadSource(); this.loadPlan(); }
  }

  showFacts() {
    const job = this.job;
    const parts = [job.id, "submitted " + clock(job.submittedAt)];
    if (job.startedAt) parts.push((job.finishedAt ? "took " : "running for ") + took(job));
    if (!isOver(job)) parts.push(Math.floor(job.progress * 100) + " % of tasks done");
    if (job.statements && job.statements.total > 1) parts.push(job.statements.done + " of " + job.statements.total + " statements done");
    parts.forEach((part, i) => setText(this.facts.children[i] || this.facts.appendChild(el("span")), part));
    while (this.facts.children.length > parts.length) this.facts.lastChild.remove();
  }

  showActions() {
    const mayChange = !this.live.session || this.live.session.role !== "viewer";
    const wanted = !mayChange ? "" : isOver(this.job) ? "retry" : "cancel";
    if (wanted === this.shownActions) return;
    this.shownActions = wanted;
    this.actions.replaceChildren();
    if (wanted === "cancel") this.actions.append(el("button", {type: "button", click: () => this.cancel()}, "Cancel job"));
    if (wanted === "retry") this.actions.append(el("button", {type: "button", click: () => this.change("POST", "/retry")}, "Run again"));
  }

  async cancel() {
    const isSure = await ask("Cancel this job?", "Its running tasks are stopped and nothing of its open statement becomes visible.",
      "Cancel job", "Let it run");
    if (isSure) await this.change("DELETE", "");
  }

  async change(method, path) {
    try {
      const job = await call(jobPath(this.id) + path, {method});
      if (job.id !== this.id) location.hash = "#/jobs/" + encodeURIComponent(job.id);
    } catch (failure) { this.frame.say(failure.message); }
  }

  // ---- stages

  takeStages(stages) {
    this.stages = stages;
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
  }

  showGraph() {
    this.graph.update(this.stages.filter(s => s.id.startsWith(this.statement + ".")), id => this.colorOf(id));
  }

  // ---- text

  async loadSource() {
    const source = await call(jobPath(this.id) + "/source").catch(() => null);
    if (!source) return;
    const marks = {running: "▶ running", succeeded: "✓ done", failed: "✗ failed", cancelled: "– cancelled", waiting: "waiting"};
    this.sql.replaceChildren(...source.statements.map(s =>
      el("li", {class: s.state, "aria-current": s.state === "running" ? "step" : null},
        el("p", {class: "small soft"}, source.file + ":" + s.line + " · ", el("span", {class: "mark"}, marks[s.state] || s.state)),
        el("pre", {tabindex: "0"}, s.text))));
  }

  async loadPlan() {
    if (!this.planFold.open) return;
    const plan = await call(jobPath(this.id) + "/plan").catch(() => null);
    if (plan) setText(this.plan, plan.plan || "Not planned yet.");
  }

  takeLog(lines, isWhole) {
    if (isWhole) this.log.replaceChildren();
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 30;
    for (const line of lines) {
      const kind = line.level === "error" ? "bad" : line.level === "warning" ? "warn" : null;
      this.log.append(el("span", {class: "soft"}, line.time.slice(11, 23) + "  "), el("span", {class: kind}, line.message), "\n");
    }
    if (isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  close() {
    this.feed.close();
    this.timeline.close();
    clearInterval(this.timer);
  }
}
