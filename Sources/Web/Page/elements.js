// What every view uses: elements, calls, numbers as text. Text reaches the document by `textContent` alone.

export const byId = id => document.getElementById(id);

// Makes an element: el("td", {class: "number"}, "12", child). `click` and the like are listeners.
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

// Makes an element of SVG.
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
  }
  for (const child of children) {
    if (child instanceof Node) node.append(child);
    else if (child !== null && child !== undefined) node.append(String(child));
  }
  return node;
}

// Changes a text or an attribute only where it differs, so that selection, focus and layout stay.
export function setText(node, text) {
  text = String(text);
  if (node.textContent !== text) node.textContent = text;
}
export function setAttribute(node, name, value) {
  value = String(value);
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

// Calls REST. Throws an Error with `status` for every answer that is no success.
export async function call(path, options) {
  const answer = await fetch("/api/v1" + path, Object.assign({credentials: "same-origin"}, options));
  if (answer.status === 204) return null;
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const failure = new Error(body.detail || "HTTP status " + answer.status);
  failure.status = answer.status;
  throw failure;
}

export const jobPath = id => "/jobs/" + encodeURIComponent(id);
export const isOver = job => job.state !== "queued" && job.state !== "running";

// ---- numbers

const thin = "\u202f";

export function count(n) {
  if (n < 10000) return String(n);
  for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
    if (n >= size) return (n / size).toFixed(n / size < 100 ? 1 : 0) + thin + unit;
}

// Counts a noun: "1 row", "2 rows".
export function amount(n, noun) {
  return count(n) + " " + noun + (n === 1 ? "" : "s");
}

export function bytes(n) {
  if (n < 1024) return n + thin + "B";
  let unit = -1;
  while (n >= 1024 && unit < 4) { n /= 1024; unit++; }
  return n.toFixed(n < 100 ? 1 : 0) + thin + ["KiB", "MiB", "GiB", "TiB", "PiB"][unit];
}

export function seconds(s) {
  if (s < 0.0995) return Math.round(s * 1000) + thin + "ms";
  if (s < 60) return s.toFixed(1) + thin + "s";
  const whole = Math.floor(s), minutes = Math.floor(whole / 60);
  if (minutes < 60) return minutes + thin + "min " + whole % 60 + thin + "s";
  return Math.floor(minutes / 60) + thin + "h " + minutes % 60 + thin + "min";
}

// How long a job ran, or runs already.
export function took(job) {
  if (!job.startedAt) return "–";
  const end = job.finishedAt ? Date.parse(job.finishedAt) : Date.now();
  return seconds(Math.max(0, end - Date.parse(job.startedAt)) / 1000);
}

// Shows a moment as REST and the logs tell it, in UTC: "2026-11-27 20:33:48 UTC".
export function clock(time) {
  return time ? moment(time).slice(0, 19) + " UTC" : "–";
}

// The same to the millisecond, for places that name the zone themselves.
export function moment(time) {
  return new Date(time).toISOString().slice(0, 23).replace("T", " ");
}

// ---- parts

export function fillState(cell, name, shown) {
  const node = cell.firstElementChild || cell.appendChild(el("span"));
  setAttribute(node, "class", "state " + name);
  setText(node, shown || name);
}

export function fillBar(cell, done, total, name, label) {
  const node = cell.firstElementChild || cell.appendChild(el("progress"));
  setAttribute(node, "max", Math.max(total, 1e-9));
  setAttribute(node, "value", total > 0 ? done : 0);
  setAttribute(node, "class", name);
  setAttribute(node, "aria-label", label || done + " of " + total);
}

// Which folds the reader opened, kept from job to job.
const opened = {sql: true, tasks: true, plan: false, log: true};

export function fold(key, title, ...content) {
  const box = el("details", {open: opened[key] ? "" : null}, el("summary", {}, el("h2", {}, title)), ...content);
  box.addEventListener("toggle", () => { opened[key] = box.open; });
  return box;
}

// Cuts a long line to what stands around a column, so that its mark is seen without scrolling.
function around(line, column) {
  const most = 120, lead = 40;
  if (line.length <= most) return {shown: line, column};
  const start = Math.max(0, Math.min(column - 1 - lead, line.length - most)), end = start + most;
  return {shown: (start ? "…" : "") + line.slice(start, end) + (end < line.length ? "…" : ""),
    column: column - start + (start ? 1 : 0)};
}

// Shows an error whole: code, message, the place with a caret, and what to do.
export function errorBox(error) {
  const box = el("div", {class: "error"}, el("strong", {}, error.code), el("p", {class: "message"}, error.message));
  if (error.lineText && error.column) {
    // Tabs stay tabs, so that the caret stands below its column.
    const {shown, column} = around(error.lineText, error.lineTextColumn || error.column);
    const before = shown.slice(0, column - 1).replace(/[^\t]/g, " ");
    const mark = before + "^".repeat(Math.max(1, Math.min(error.length || 1, shown.length - column + 1)));
    box.append(el("p", {class: "small soft"}, (error.file || "SQL") + ":" + error.line + ":" + error.column),
      el("pre", {tabindex: "0"}, shown + "\n" + mark));
  }
  if (error.remedy) box.append(el("p", {}, error.remedy));
  return box;
}

// Fills cells with text; `of` makes it from the item.
export const text = of => (cell, item) => setText(cell, of(item));

// Keeps a table in step with a list: one row a key, changed in place.
// columns: [{title, kind, label, fill(cell, item), isWorth(item)}]; `empty` is shown while there are no rows.
// A column with `isWorth` is shown only while an item has something in it.
export class KeyedTable {
  constructor(caption, columns, key, empty) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.body = el("tbody");
    this.heads = columns.map(c => el("th", {class: c.kind, scope: "col"}, c.title));
    this.table = el("table", {}, el("caption", {class: "unseen"}, caption), el("thead", {}, el("tr", {}, ...this.heads)), this.body);
    this.empty = empty;
    this.node = el("div", {class: "card scrolls"}, this.table, empty);
  }

  update(items) {
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
    const shown = this.columns.map(c => !c.isWorth || items.some(c.isWorth));
    this.heads.forEach((head, i) => { head.hidden = !shown[i]; });
    const stale = new Set(this.rows.keys());
    let place = this.body.firstElementChild;
    for (const item of items) {
      const key = this.key(item);
      stale.delete(key);
      let row = this.rows.get(key);
      if (!row) {
        row = el("tr", {}, ...this.columns.map(c => el("td", {class: c.kind, "data-label": c.label})));
        this.rows.set(key, row);
      }
      this.columns.forEach((column, i) => {
        row.children[i].hidden = !shown[i];
        column.fill(row.children[i], item);
      });
      if (row === place) place = place.nextElementSibling;
      else this.body.insertBefore(row, place);
    }
    for (const key of stale) { this.rows.get(key).remove(); this.rows.delete(key); }
  }
}

// Asks a question in a dialog; tells whether the answer was yes.
export function ask(question, more, yes, no) {
  return new Promise(resolve => {
    const dialog = el("dialog", {"aria-labelledby": "question"}, el("h2", {id: "question"}, question), el("p", {}, more),
      el("div", {class: "actions"},
        el("button", {type: "button", click: () => dialog.close("no")}, no),
        el("button", {type: "button", class: "danger", click: () => dialog.close("yes")}, yes)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// Listens to server-sent events, and again after the coordinator was away.
// handlers: {event: data => …}; `failed(status)` is told of answers that are no stream, 0 when there is none.
export class Feed {
  constructor(path, handlers, failed) {
    Object.assign(this, {path, handlers, failed, timer: 0, isClosed: false});
    this.open();
  }

  open() {
    const source = this.source = new EventSource("/api/v1" + this.path);
    for (const [name, handle] of Object.entries(this.handlers))
      source.addEventListener(name, event => { this.failed(200); handle(JSON.parse(event.data)); });
    source.onerror = () => {
      if (this.isClosed) return;
      if (source.readyState !== EventSource.CLOSED) return this.failed(0);
      // The answer was no stream: ask plainly why, then try again.
      this.timer = setTimeout(() => this.open(), 3000);
      const path = this.path.startsWith("/jobs/") ? this.path.replace(/\/events$/, "") : "/cluster";
      call(path).then(() => 0, failure => failure.status || 0).then(status => {
        if (this.isClosed) return;
        if (status === 404 || status === 401) this.close();
        this.failed(status);
      });
    };
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.source.close();
  }
}
