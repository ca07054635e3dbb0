// When each task ran, worker by worker: a canvas, as a job may have tens of thousands of tasks.
import {amount, count, el, KeyedTable, seconds, setAttribute, setText, text} from "./elements.js";

// Places in a row of the timeline, as REST gives them.
const STAGE = 0, TASK = 1, WORKER = 2, START = 3, END = 4, ATTEMPTS = 5, ROWS = 6;
// Of an attempt that failed: why.
const REASON = 7;
const gutter = 150, axis = 22, greatestHeight = 340;

export class Timeline {
  constructor(colorOf) {
    Object.assign(this, {colorOf, finished: new Map(), failed: new Map(), running: [], stages: [], workers: {}, origin: 0, picked: null, drawn: []});
    this.canvas = el("canvas", {role: "img"});
    this.tip = el("div", {class: "tip", hidden: ""});
    this.longest = new KeyedTable("Tasks that took longest", [
      {title: "Task", kind: "whole", fill: text(r => r.stage + " · " + r.task)},
      {title: "Worker", kind: "name", fill: text(r => r.worker)},
      {title: "Began after", kind: "number", label: "began after", fill: text(r => seconds(r.start / 1000))},
      {title: "Took", kind: "number", label: "took", fill: text(r => seconds(r.milliseconds / 1000) + (r.isRunning ? " so far" : ""))},
      {title: "Rows in", kind: "number", label: "rows in", fill: text(r => count(r.rows))},
      {title: "Attempts", kind: "number", label: "attempts", fill: text(r => r.attempts)},
    ], r => r.stage + "." + r.task, el("div", {class: "empty"}, "No task has run yet."));
    this.failures = new KeyedTable("Attempts that failed or came second", [
      {title: "Task", kind: "whole", fill: text(r => r.stage + " · " + r.task)},
      {title: "Attempt", kind: "number", label: "attempt", fill: text(r => r.attempts)},
      {title: "Worker", kind: "name", fill: text(r => r.worker)},
      {title: "Began after", kind: "number", label: "began after", fill: text(r => seconds(r.start / 1000))},
      {title: "Took", kind: "number", label: "took", fill: text(r => seconds(r.milliseconds / 1000))},
      {title: "Why", kind: "name wide", fill: text(r => r.reason)},
    ], r => r.stage + "." + r.task + "." + r.attempts, el("div", {class: "empty"}, "None."));
    this.longestBox = el("div", {}, el("h3", {}, "Tasks that took longest"), this.longest.node);
    this.failuresBox = el("div", {hidden: ""}, el("h3", {}, "Attempts that failed or came second (red above)"), this.failures.node);
    this.node = el("div", {}, el("div", {class: "card timeline"}, this.canvas, this.tip), this.failuresBox,
      this.longestBox);
    this.longest.update([]);
    this.canvas.addEventListener("mousemove", event => this.point(event));
    this.canvas.addEventListener("mouseleave", () => { this.tip.hidden = true; });
    this.observer = new ResizeObserver(() => this.schedule());
    this.observer.observe(this.canvas.parentElement);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.repaint = () => this.schedule();
    this.scheme.addEventListener("change", this.repaint);
    // Bars of running tasks grow between events.
    this.timer = setInterval(() => { if (this.running.length) this.schedule(); }, 1000);
  }

  // Takes what REST said; `isWhole` when it is all there is.
  take(value, isWhole) {
    if (isWhole) { this.finished.clear(); this.failed.clear(); }
    this.stages = value.stages;
    Object.assign(this.workers, value.workers);
    this.origin = value.origin;
    this.offset = Date.now() - value.until;
    for (const row of value.finished) this.finished.set(row[STAGE] + ":" + row[TASK], row);
    (value.failed || []).forEach((row, i) =>
      this.failed.set(row[STAGE] + ":" + row[TASK] + ":" + row[ATTEMPTS], [...row, value.reasons[i]]));
    this.running = value.running;
    for (const row of value.running) this.finished.delete(row[STAGE] + ":" + row[TASK]);
    this.schedule();
  }

  // The error that ended the job stands on the page in full: attempts that failed of it name its code alone.
  takeError(error) {
    if (!error === !this.error) return;
    this.error = error;
    this.schedule();
  }

  reasonOf(row) {
    const code = this.error && this.error.code, reason = row[REASON];
    if (!code || !reason || !reason.startsWith(code + ": ")) return reason;
    return this.error.message.startsWith(reason.slice(code.length + 2)) ? code : reason;
  }

  stagesChanged() { this.schedule(); }
  choose(stage) { this.picked = stage; this.schedule(); }

  close() {
    clearInterval(this.timer);
    this.observer.disconnect();
    this.scheme.removeEventListener("change", this.repaint);
  }

  // Draws at the next frame, at most four times a second.
  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    const wait = Math.max(0, 250 - (performance.now() - (this.painted || 0)));
    setTimeout(() => requestAnimationFrame(() => { this.isScheduled = false; this.paint(); }), wait);
  }

  // Milliseconds from the job's start to now, by the coordinator's clock.
  now() { return Date.now() - (this.offset || 0) - this.origin; }

  // Puts each worker's tasks into as few lanes as it ran at once.
  lanes(rows) {
    const workers = new Map();
    for (const row of rows) {
      if (!workers.has(row[WORKER])) workers.set(row[WORKER], []);
      workers.get(row[WORKER]).push(row);
    }
    const result = [];
    for (const [worker, own] of [...workers].sort((a, b) => a[0] - b[0])) {
      own.sort((a, b) => a[START] - b[START]);
      const ends = [], placed = [];
      for (const row of own) {
        // Starts are told to the millisecond by a clock that is not the tasks' own: a little overlap is none.
        let lane = ends.findIndex(end => end <= row[START] + 3);
        if (lane < 0) lane = ends.length;
        ends[lane] = row[END] < 0 ? Infinity : row[END];
        placed.push([row, lane]);
      }
      result.push({worker, placed, count: ends.length});
    }
    return result;
  }

  paint() {
    this.painted = performance.now();
    const tasks = [...this.finished.values(), ...this.running], rows = [...tasks, ...this.failed.values()];
    const box = this.canvas.parentElement;
    box.hidden = rows.length === 0;
    const full = box.clientWidth;
    if (!full) return;
    const workers = this.lanes(rows);
    const lanes = workers.reduce((sum, w) => sum + w.count, 0);
    const laneHeight = Math.max(3, Math.min(16, Math.floor(greatestHeight / Math.max(1, lanes))));
    const high = Math.max(60, lanes * laneHeight + workers.length * 6 + axis + 8);
    const scale = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(full * scale) || this.canvas.height !== Math.round(high * scale)) {
      this.canvas.width = Math.round(full * scale);
      this.canvas.height = Math.round(high * scale);
      this.canvas.style.width = full + "px";
      this.canvas.style.height = high + "px";
    }
    const style = getComputedStyle(box), color = name => style.getPropertyValue(name).trim();
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, full, high);
    pen.font = "12px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const end = Math.max(1, this.running.length ? this.now() : 0, ...workers.map(w =>
      w.placed.reduce((most, [row]) => Math.max(most, row[END], row[START]), 0)));
    const wide = full - gutter - 14;
    const x = time => gutter + wide * Math.max(0, time) / end;
    this.paintAxis(pen, end, x, high, color);
    const colors = [0, 1, 2, 3, 4, 5, 6, 7].map(i => color("--c" + i));
    this.drawn = [];
    let top = 6;
    for (const {worker, placed, count: own} of workers) {
      pen.fillStyle = color("--text");
      pen.globalAlpha = 1;
      pen.fillText(this.shorten(pen, this.workers[worker] || "worker " + worker), 10, top + own * laneHeight / 2);
      for (const [row, lane] of placed) {
        const stage = this.stages[row[STAGE]], isRunning = row[END] < 0;
        const left = x(row[START]), right = x(isRunning ? end : row[END]);
        const bar = {row, x: left, y: top + lane * laneHeight, w: Math.max(1, right - left), h: laneHeight - (laneHeight > 4 ? 1 : 0)};
        pen.globalAlpha = (this.picked && this.picked !== stage ? 0.15 : 1) * (isRunning ? 0.55 : 1);
        pen.fillStyle = colors[this.colorOf(stage)];
        if (row[REASON]) this.paintFailed(pen, bar, color("--bad"));
        else pen.fillRect(bar.x, bar.y, bar.w > 3 ? bar.w - 0.5 : bar.w, bar.h);
        if (row[ATTEMPTS] > 1 && !row[REASON]) { pen.globalAlpha = 1; pen.fillStyle = color("--bad"); pen.fillRect(bar.x, bar.y, Math.min(3, bar.w), bar.h); }
        this.drawn.push(bar);
      }
      top += own * laneHeight + 6;
    }
    pen.globalAlpha = 1;
    setAttribute(this.canvas, "aria-label", "Timeline: " + amount(tasks.length, "task") + " on " + amount(workers.length, "worker")
      + " in " + seconds(end / 1000) + (this.failed.size ? ", and " + amount(this.failed.size, "attempt") + " that failed" : "")
      + ". The table below lists those that took longest.");
    this.longestBox.hidden = !tasks.length && this.failed.size > 0;
    this.showLongest(tasks);
    this.showFailed();
  }

  // An attempt that failed is striped, so that it is told by more than its colour.
  paintFailed(pen, bar, color) {
    const wide = Math.max(3, bar.w);
    pen.fillStyle = color;
    pen.strokeStyle = color;
    pen.globalAlpha *= 0.35;
    pen.fillRect(bar.x, bar.y, wide, bar.h);
    pen.globalAlpha /= 0.35;
    pen.save();
    pen.beginPath();
    pen.rect(bar.x, bar.y, wide, bar.h);
    pen.clip();
    pen.beginPath();
    for (let at = bar.x - bar.h; at < bar.x + wide; at += 5) { pen.moveTo(at, bar.y + bar.h); pen.lineTo(at + bar.h, bar.y); }
    pen.stroke();
    pen.restore();
    pen.strokeRect(bar.x + 0.5, bar.y + 0.5, wide - 1, bar.h - 1);
  }

  showFailed() {
    this.failuresBox.hidden = this.failed.size === 0;
    const chosen = [...this.failed.values()].filter(row => !this.picked || this.stages[row[STAGE]] === this.picked);
    chosen.sort((a, b) => b[END] - a[END]);
    this.failures.update(chosen.slice(0, 50).map(row => this.describe(row)));
  }

  paintAxis(pen, end, x, high, color) {
    // So many steps as their labels have room.
    const raw = end / Math.max(1, Math.min(6, Math.floor((x(end) - gutter) / 90))), power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max(1, [1, 2, 5, 10].map(f => f * power).find(s => s >= raw));
    pen.strokeStyle = color("--line");
    pen.fillStyle = color("--soft");
    pen.textAlign = "center";
    for (let time = 0; time <= end; time += step) {
      const at = Math.round(x(time)) + 0.5;
      pen.beginPath();
      pen.moveTo(at, 2);
      pen.lineTo(at, high - axis);
      pen.stroke();
      pen.fillText(seconds(time / 1000), Math.min(at, x(end) - 8), high - axis / 2);
    }
    pen.textAlign = "left";
  }

  shorten(pen, name) {
    let shown = name;
    while (shown.length > 4 && pen.measureText(shown).width > gutter - 18) shown = shown.slice(0, -2);
    return shown === name ? name : shown + "…";
  }

  describe(row) {
    const took = row[END] < 0 ? this.now() - row[START] : row[END] - row[START];
    return {stage: this.stages[row[STAGE]], task: row[TASK], worker: this.workers[row[WORKER]] || "?", start: row[START],
      milliseconds: Math.max(0, took), isRunning: row[END] < 0, rows: row[ROWS], attempts: row[ATTEMPTS],
      reason: this.reasonOf(row)};
  }

  showLongest(rows) {
    const chosen = rows.filter(row => !this.picked || this.stages[row[STAGE]] === this.picked);
    const now = this.now(), took = row => (row[END] < 0 ? now : row[END]) - row[START];
    // The longest few of many, without sorting all.
    const top = [];
    for (const row of chosen) {
      if (top.length === 8 && took(row) <= took(top[7])) continue;
      top.push(row);
      top.sort((a, b) => took(b) - took(a));
      top.length = Math.min(top.length, 8);
    }
    this.longest.update(top.map(row => this.describe(row)));
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const bar = this.drawn.find(b => x >= b.x - 1 && x <= b.x + b.w + 1 && y >= b.y && y <= b.y + b.h);
    this.tip.hidden = !bar;
    if (!bar) return;
    const t = this.describe(bar.row);
    setText(this.tip, "Stage " + t.stage + ", task " + t.task + ": " + seconds(t.milliseconds / 1000) + (t.isRunning ? " so far" : "")
      + (t.reason ? "" : ", " + amount(t.rows, "row")) + ", on " + t.worker
      + (t.attempts > 1 || t.reason ? ", attempt " + t.attempts : "") + (t.reason ? ", failed: " + t.reason : ""));
    this.tip.style.left = Math.min(x + 12, box.width - this.tip.offsetWidth - 8) + "px";
    this.tip.style.top = y + 14 + "px";
  }
}
