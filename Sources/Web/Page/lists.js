// The lists: jobs, newest first, and workers.
import {amount, bytes, call, clock, el, fillBar, fillState, KeyedTable, setAttribute, setText, text, took} from "./elements.js";

const port = () => location.protocol + "//" + location.hostname + ":7077";
const hint = (title, command) => el("div", {class: "empty"}, title, el("br"), el("code", {}, command));

export class JobsView {
  static pageSize = 50;

  constructor(main, live, say) {
    Object.assign(this, {live, say, older: [], next: null, filter: "", isClosed: false});
    const states = ["", "queued,running", "succeeded", "failed", "cancelled"];
    const names = ["All", "Unfinished", "Succeeded", "Failed", "Cancelled"];
    const select = el("select", {id: "states", change: () => this.choose(select.value)},
      ...states.map((value, i) => el("option", {value}, names[i])));
    this.table = new KeyedTable("Jobs, newest first", [
      {title: "Job", kind: "name wide", fill: (cell, job) => {
        const link = cell.firstElementChild || cell.appendChild(el("a"));
        setAttribute(link, "href", "#/jobs/" + encodeURIComponent(job.id));
        setText(link, job.name || job.id);
      }},
      {title: "State", fill: (cell, job) => fillState(cell, job.state)},
      {title: "Progress", kind: "wide", fill: (cell, job) =>
        fillBar(cell, job.progress, 1, job.state, Math.floor(job.progress * 100) + " percent done")},
      {title: "Stages", kind: "number", label: "stages", fill: text(job => job.stages.done + "/" + job.stages.total)},
      {title: "Took", kind: "number", label: "took", fill: text(took)},
      {title: "Submitted", kind: "soft small", label: "at", fill: text(job => clock(job.submittedAt))},
    ], job => job.id, hint("No jobs yet. Submit one:", "etl-submit job.sql --coordinator " + port()));
    this.more = el("button", {type: "button", hidden: "", click: () => this.loadMore()}, "Show older jobs");
    main.append(el("div", {class: "title"}, el("h1", {}, "Jobs"),
      el("div", {class: "actions"}, el("label", {for: "states"}, "Show"), select)),
      this.table.node, el("p", {class: "more"}, this.more));
    // Running jobs' times go on between events.
    this.timer = setInterval(() => this.render(), 1000);
    if (live.jobs) this.changed("jobs");
  }

  choose(filter) {
    this.filter = filter;
    this.older = [];
    this.page = null;
    this.changed("jobs");
  }

  async changed(name) {
    if (name !== "jobs") return;
    let list = this.live.jobs;
    if (this.filter) {
      const asked = this.filter;
      list = await call("/jobs?limit=" + JobsView.pageSize + "&state=" + asked).catch(() => null);
      if (!list || this.isClosed || asked !== this.filter) return;
    }
    this.page = list.jobs;
    if (!this.older.length) this.next = list.next;
    this.render();
  }

  async loadMore() {
    const state = this.filter ? "&state=" + this.filter : "";
    try {
      const list = await call("/jobs?limit=" + JobsView.pageSize + state + "&after=" + encodeURIComponent(this.next));
      this.older.push(...list.jobs);
      this.next = list.next;
      this.render();
    } catch (failure) { this.say(failure.message); }
  }

  render() {
    if (!this.page || this.isClosed) return;
    const shown = new Set(this.page.map(job => job.id));
    this.table.update(this.page.concat(this.older.filter(job => !shown.has(job.id))));
    this.more.hidden = !this.next;
  }

  close() {
    this.isClosed = true;
    clearInterval(this.timer);
  }
}

export class WorkersView {
  constructor(main, live) {
    this.live = live;
    this.table = new KeyedTable("Workers", [
      {title: "Worker", kind: "name wide", fill: (cell, w) => {
        if (!cell.firstChild) cell.append("", el("span", {class: "soft small id"}));
        if (cell.firstChild.data !== w.address) cell.firstChild.data = w.address;
        setText(cell.lastChild, w.id);
      }},
      {title: "State", fill: (cell, w) => fillState(cell, w.state)},
      {title: "Slots in use", kind: "wide", fill: (cell, w) =>
        fillBar(cell, w.slots.used, w.slots.total, "", w.slots.used + " of " + w.slots.total + " slots in use")},
      {title: "Slots", kind: "number", label: "slots", fill: text(w => w.slots.used + " of " + w.slots.total)},
      {title: "Memory in use", kind: "wide", fill: (cell, w) =>
        fillBar(cell, w.memory.used, w.memory.total, w.memory.used > 0.9 * w.memory.total ? "failed" : "",
          bytes(w.memory.used) + " of " + bytes(w.memory.total) + " of memory in use")},
      {title: "Memory", kind: "number", label: "memory", fill: text(w => bytes(w.memory.used) + " of " + bytes(w.memory.total))},
      {title: "Shuffle held", kind: "number", label: "shuffle held", fill: text(w => bytes(w.shuffleBytes))},
    ], w => w.id, hint("No worker has registered. Start one:", "etl-worker --coordinator " + port()));
    this.facts = el("p", {class: "facts"});
    main.append(el("h1", {}, "Workers"), this.facts, this.table.node);
    if (live.workers) this.changed("workers");
  }

  changed(name) {
    if (name === "workers") this.table.update(this.live.workers);
    const c = this.live.cluster;
    if (c) setText(this.facts, "Millrace " + c.version + " · started " + amount(c.epoch, "time") + " on its state · "
      + c.runningJobs + " running and " + amount(c.queuedJobs, "queued job") + " · " + amount(c.queuedTasks, "task") + " queued");
  }

  close() {}
}
