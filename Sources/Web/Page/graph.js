// What depends on what, from left to right, with progress on each: a statement's stages, or a pipeline's steps.
import {el, setAttribute, setText, svg} from "./elements.js";

const width = 226, height = 62, gapX = 54, gapY = 18, margin = 4;

// Places items in columns by their longest way from a source, then orders each column by where its inputs lie.
function layout(items) {
  const byId = new Map(items.map(s => [s.id, s]));
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
  for (const s of items) (columns[depth(s.id)] = columns[depth(s.id)] || []).push(s);
  // A source stands right before its first reader, so that edges stay short.
  const firstReader = new Map();
  for (const s of items)
    for (const p of s.dependsOn || []) firstReader.set(p, Math.min(firstReader.get(p) ?? Infinity, depths.get(s.id)));
  for (const s of items) {
    const wanted = (s.dependsOn || []).length ? 0 : (firstReader.get(s.id) ?? 1) - 1;
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

export class Graph {
  // describe(item) gives {kind, label, note, isBad, share, color, spoken}; `chosen(id)` is told which item the reader
  // picked, null for none.
  constructor(title, describe, chosen) {
    Object.assign(this, {describe, chosen, nodes: new Map(), picked: null});
    this.drawing = svg("svg", {class: "graph"});
    this.node = el("div", {class: "card graphs", role: "group", "aria-label": title, hidden: ""}, this.drawing);
  }

  // items: [{id, dependsOn, state}].
  update(items) {
    this.node.hidden = items.length === 0;
    if (!items.length) { this.shape = null; return; }
    const shape = JSON.stringify(items.map(s => [s.id, s.dependsOn]));
    if (shape !== this.shape) { this.shape = shape; this.draw(items); }
    for (const s of items) {
      const parts = this.nodes.get(s.id), shown = this.describe(s);
      setAttribute(parts.group, "class", "stage " + s.state + (this.picked === s.id ? " picked" : ""));
      setAttribute(parts.group, "aria-label", shown.spoken);
      setAttribute(parts.group, "aria-pressed", this.picked === s.id);
      setAttribute(parts.done, "width", Math.round((width - 24) * shown.share));
      setAttribute(parts.stripe, "class", "stripe f" + shown.color);
      setAttribute(parts.note, "class", shown.isBad ? "small bad" : "small");
      setText(parts.note, shown.note);
      setText(parts.title, shown.kind + " " + shown.label + "\n" + shown.note);
      for (const edge of parts.edges) setAttribute(edge, "class", "edge" + (s.state === "running" ? " busy" : s.state === "waiting" ? " waiting" : ""));
    }
  }

  draw(items) {
    const plan = layout(items);
    this.nodes.clear();
    this.drawing.replaceChildren();
    for (const [name, value] of [["width", plan.width], ["height", plan.height], ["viewBox", "0 0 " + plan.width + " " + plan.height]])
      this.drawing.setAttribute(name, value);
    for (const s of items) {
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
    for (const s of items) this.drawNode(s, plan.places.get(s.id), this.nodes.get(s.id));
  }

  drawNode(s, place, parts) {
    const inside = place.x + 14, shown = this.describe(s);
    parts.title = svg("title");
    parts.stripe = svg("rect", {x: place.x, y: place.y + 8, width: 4, height: height - 16, rx: 2});
    parts.done = svg("rect", {class: "done", x: inside, y: place.y + 47, width: 0, height: 6, rx: 3});
    parts.note = svg("text", {class: "small", x: 0, y: 38});
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
    // What is too long is cut at the box's edge.
    svg("svg", {x: inside, y: place.y, width: width - 20, height}, svg("text", {x: 0, y: 20},
      svg("tspan", {class: "soft"}, shown.kind + "  "), shown.label), parts.note),
    svg("rect", {class: "rail", x: inside, y: place.y + 47, width: width - 24, height: 6, rx: 3}), parts.done);
    this.drawing.append(parts.group);
  }
}
