// A statement's plan as a graph of stages, from left to right, with progress on each.
import {el, setAttribute, setText, svg} from "./elements.js";

const width = 226, height = 62, gapX = 54, gapY = 18, margin = 4;

// Places stages in columns by their longest way from a source, then orders each column by where its inputs lie.
function layout(stages) {
  const byId = new Map(stages.map(s => [s.id, s]));
  const depths = new Map();
  const depth = id => {
    if (!depths.has(id)) {
      depths.set(id, 0);
      const producers = (byId.get(id).dependsOn || []).filter(p => byId.has(p));
      depths.set(id, producers.length ? 1 + Math.max(...producers.map(depth)) : 0);
    }
    return depths.get(id);
  };
  const columns = [];
  for (const s of stages) (columns[depth(s.id)] = columns[depth(s.id)] || []).push(s);
  // A source stands right before its first reader, so that edges stay short.
  for (const s of stages) {
    if ((s.dependsOn || []).length) continue;
    const readers = stages.filter(r => (r.dependsOn || []).includes(s.id)).map(r => depths.get(r.id));
    const wanted = readers.length ? Math.min(...readers) - 1 : 0;
    if (wanted > 0) {
      columns[0] = columns[0].filter(o => o !== s);
      (columns[wanted] = columns[wanted] || []).push(s);
    }
  }
  const places = new Map();
  let rows = 1;
  columns.forEach((column, x) => {
    const middle = s => {
      const ys = (s.dependsOn || []).filter(p => places.has(p)).map(p => places.get(p).y);
      return ys.length ? ys.reduce((a, b) => a + b, 0) / ys.length : 0;
    };
    column.sort((a, b) => middle(a) - middle(b));
    column.forEach((s, y) => places.set(s.id, {x: margin + x * (width + gapX), y: margin + y * (height + gapY)}));
    rows = Math.max(rows, column.length);
  });
  return {places, width: 2 * margin + columns.length * (width + gapX) - gapX, height: 2 * margin + rows * (height + gapY) - gapY};
}

const cut = (text, most) => text.length > most ? text.slice(0, most - 1) + "…" : text;

export class StageGraph {
  // `chosen(id)` is told which stage the reader picked, null for none.
  constructor(chosen) {
    this.chosen = chosen;
    this.drawing = svg("svg", {class: "graph"});
    this.node = el("div", {class: "card graphs", role: "group", "aria-label": "Plan as a graph of stages", hidden: ""}, this.drawing);
    this.nodes = new Map();
    this.picked = null;
  }

  update(stages, colorOf) {
    this.node.hidden = stages.length === 0;
    if (!stages.length) { this.shape = null; return; }
    const shape = JSON.stringify(stages.map(s => [s.id, s.dependsOn]));
    if (shape !== this.shape) { this.shape = shape; this.draw(stages); }
    for (const s of stages) {
      const parts = this.nodes.get(s.id);
      const share = s.tasks.total ? s.tasks.done / s.tasks.total : 0;
      setAttribute(parts.group, "class", "stage " + s.state + (this.picked === s.id ? " picked" : ""));
      setAttribute(parts.group, "aria-label", "Stage " + s.id + ", " + s.name + ": " + s.state + ", " + s.tasks.done + " of "
        + s.tasks.total + " tasks done" + (s.tasks.running ? ", " + s.tasks.running + " running" : ""));
      setAttribute(parts.group, "aria-pressed", this.picked === s.id);
      setAttribute(parts.done, "width", Math.round((width - 24) * share));
      setAttribute(parts.stripe, "class", "stripe f" + colorOf(s.id));
      setText(parts.tasks, s.tasks.done + "/" + s.tasks.total + (s.tasks.running ? " · " + s.tasks.running + " running" : "")
        + (s.tasks.failed ? " · " + s.tasks.failed + " failed" : ""));
      setText(parts.title, s.id + " " + s.name);
      for (const edge of parts.edges) setAttribute(edge, "class", "edge" + (s.state === "running" ? " busy" : s.state === "waiting" ? " waiting" : ""));
    }
  }

  draw(stages) {
    const plan = layout(stages);
    this.nodes.clear();
    this.drawing.replaceChildren();
    for (const [name, value] of [["width", plan.width], ["height", plan.height], ["viewBox", "0 0 " + plan.width + " " + plan.height]])
      this.drawing.setAttribute(name, value);
    for (const s of stages) {
      const to = plan.places.get(s.id), edges = [];
      for (const producer of s.dependsOn || []) {
        const from = plan.places.get(producer);
        if (!from) continue;
        const x1 = from.x + width, y1 = from.y + height / 2, x2 = to.x, y2 = to.y + height / 2, bend = Math.max(24, (x2 - x1) / 2);
        edges.push(this.drawing.appendChild(svg("path", {class: "edge",
          d: "M" + x1 + " " + y1 + "C" + (x1 + bend) + " " + y1 + " " + (x2 - bend) + " " + y2 + " " + x2 + " " + y2})));
      }
      this.nodes.set(s.id, {edges});
    }
    for (const s of stages) this.drawNode(s, plan.places.get(s.id), this.nodes.get(s.id));
  }

  drawNode(s, place, parts) {
    const inside = place.x + 14;
    parts.title = svg("title");
    parts.stripe = svg("rect", {x: place.x, y: place.y + 8, width: 4, height: height - 16, rx: 2});
    parts.done = svg("rect", {class: "done", x: inside, y: place.y + 47, width: 0, height: 6, rx: 3});
    parts.tasks = svg("text", {class: "small", x: inside, y: place.y + 38});
    const pick = () => {
      this.picked = this.picked === s.id ? null : s.id;
      for (const [id, other] of this.nodes) {
        other.group.classList.toggle("picked", id === this.picked);
        other.group.setAttribute("aria-pressed", id === this.picked);
      }
      this.chosen(this.picked);
    };
    parts.group = svg("g", {class: "stage", tabindex: "0", role: "button", click: pick, keydown: event => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
    }}, parts.title,
    svg("rect", {class: "box", x: place.x, y: place.y, width, height, rx: 8}), parts.stripe,
    svg("text", {class: "label", x: inside, y: place.y + 20}, cut(s.id + "  " + s.name, 31)), parts.tasks,
    svg("rect", {class: "rail", x: inside, y: place.y + 47, width: width - 24, height: 6, rx: 3}), parts.done);
    this.drawing.append(parts.group);
  }
}
