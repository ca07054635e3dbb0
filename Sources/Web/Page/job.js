// One job, or one run of a pipeline: what it does, how far it is, why it takes the time that it takes.
import {ask, call, clock, el, errorBox, Feed, fillBar, fold, isOver, jobPath, moment, setAttribute, setText, took} from "./elements.js";
import {RunPart} from "./run.js";
import {StagesPart} from "./stages.js";

export class JobView {
  constructor(main, id, live, frame) {
    Object.assign(this, {main, id, live, frame, job: null, part: null, errors: []});
    this.build();
    this.listen();
    // The time of a running job goes on between events.
    this.timer = setInterval(() => { if (this.job && !isOver(this.job)) this.showFacts(); }, 1000);
  }

  build() {
    this.heading = el("h1", {}, "…");
    this.state = el("span");
    this.actions = el("div", {class: "actions"});
    this.parent = el("p", {class: "facts", hidden: ""});
    this.facts = el("p", {class: "facts"});
    this.progress = el("div");
    this.why = el("p", {class: "why", role: "status", hidden: ""});
    this.notes = el("div");
    this.content = el("div");
    this.log = el("pre", {tabindex: "0", class: "log"}, "Nothing yet.");
    this.body = el("div", {hidden: ""}, el("div", {class: "title"}, this.heading, this.state, this.actions), this.parent, this.facts,
      this.progress, this.why, this.notes, this.content, fold("log", "Log, times in UTC", el("div", {class: "card"}, this.log)));
    this.main.append(this.body);
  }

  // A run has steps, a job has stages: the first event tells which.
  partOf(Part) {
    if (!this.part) {
      this.part = new Part(this.id);
      this.content.append(this.part.node);
      if (this.part.facts) this.facts.after(this.part.facts);
    }
    return this.part;
  }

  listen() {
    const toPart = (Part, name) => value => this.partOf(Part).handlers[name](value);
    this.feed = new Feed(jobPath(this.id) + "/events", {
      run: toPart(RunPart, "run"), stages: toPart(StagesPart, "stages"), tasks: toPart(StagesPart, "tasks"),
      "more-tasks": toPart(StagesPart, "more-tasks"), job: value => this.takeJob(value),
      end: value => { this.feed.close(); this.takeJob(value); },
      log: value => this.takeLog(value.lines, true), "more-log": value => this.takeLog(value.lines, false),
    }, status => {
      if (status !== 404) return this.frame.failed(status);
      this.main.replaceChildren(el("h1", {}, "No such job"), el("p", {}, "There is no job with this id: ", el("code", {}, this.id)),
        el("p", {}, el("a", {href: "#/"}, "All jobs")));
    });
  }

  takeJob(job) {
    this.job = job;
    this.body.hidden = false;
    this.showFacts();
    setText(this.heading, job.name || job.id);
    setAttribute(this.state, "class", "state " + job.state);
    setText(this.state, job.state);
    document.title = (job.name || "Job") + " – " + job.state + " – Millrace";
    const what = job.pipeline ? " percent of steps done" : " percent done";
    fillBar(this.progress, job.progress, 1, job.state, Math.floor(job.progress * 100) + what);
    setText(this.why, job.why || "");
    this.why.hidden = !job.why;
    this.showActions();
    const notes = JSON.stringify([job.error, job.warnings]);
    if (notes !== this.shownNotes) {
      this.shownNotes = notes;
      this.notes.replaceChildren(...(job.error ? [errorBox(job.error)] : []),
        ...(job.warnings || []).map(w => el("p", {class: "warn"}, w)));
    }
    if (job.parent && this.parent.hidden) {
      this.parent.hidden = false;
      this.parent.append(el("span", {}, "Part of ", el("a", {href: "#/jobs/" + encodeURIComponent(job.parent)}, "a pipeline's run"),
        job.step ? ", step " + job.step : ""));
    }
    if (this.part) this.part.takeJob(job);
    this.shortenLog();
  }

  showFacts() {
    const job = this.job, parts = [job.id, "submitted " + clock(job.submittedAt)];
    if (job.startedAt) parts.push((job.finishedAt ? "took " : "running for ") + took(job));
    if (!isOver(job)) parts.push(Math.floor(job.progress * 100) + (job.pipeline ? " % of steps done" : " % done"));
    if (job.statements && job.statements.total > 1) parts.push(job.statements.done + " of " + job.statements.total + " statements done");
    parts.forEach((part, i) => setText(this.facts.children[i] || this.facts.appendChild(el("span")), part));
    while (this.facts.children.length > parts.length) this.facts.lastChild.remove();
  }

  showActions() {
    const mayChange = !this.live.session || this.live.session.role !== "viewer";
    const wanted = !mayChange ? "" : !isOver(this.job) ? "cancel" : this.job.parent ? "" : "retry";
    if (wanted === this.shownActions) return;
    this.shownActions = wanted;
    this.actions.replaceChildren();
    if (wanted === "cancel") this.actions.append(el("button", {type: "button", click: () => this.cancel()}, "Cancel " + this.noun));
    // A run that ended badly goes on where it was.
    if (wanted === "retry") this.actions.append(el("button", {type: "button", click: () => this.change("POST", "/retry")},
      this.job.pipeline && this.job.state !== "succeeded" ? "Go on from here" : "Run again"));
  }

  get noun() { return this.job.pipeline ? "run" : "job"; }

  async cancel() {
    const isSure = await ask("Cancel this " + this.noun + "?", this.job.pipeline
      ? "Its running steps are stopped. Tables that it has published stay."
      : "Its running tasks are stopped and nothing of its open statement becomes visible.",
      "Cancel " + this.noun, "Let it run");
    if (isSure) await this.change("DELETE", "");
  }

  async change(method, path) {
    try {
      const job = await call(jobPath(this.id) + path, {method});
      if (job.id !== this.id) location.hash = "#/jobs/" + encodeURIComponent(job.id);
    } catch (failure) { this.frame.say(failure.message); }
  }

  takeLog(lines, isWhole) {
    if (isWhole) { this.log.replaceChildren(); this.errors = []; }
    const isAtEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 30;
    for (const line of lines) {
      const kind = line.level === "error" ? "bad" : line.level === "warning" ? "warn" : null;
      const message = el("span", {class: kind}, line.message);
      if (line.level === "error") this.errors.push(message);
      this.log.append(el("span", {class: "soft"}, moment(line.time) + "  "), message, "\n");
    }
    this.shortenLog();
    if (isAtEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  // The error stands above in full: the log's line of it names its code.
  shortenLog() {
    const error = this.job && this.job.error;
    if (!error) return;
    const start = "[" + error.code + "] " + error.message;
    for (const node of this.errors) if (node.textContent.startsWith(start)) node.textContent = "failed: " + error.code + ", as above";
  }

  close() {
    this.feed.close();
    if (this.part) this.part.close();
    clearInterval(this.timer);
  }
}
