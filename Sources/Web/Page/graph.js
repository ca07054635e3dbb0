// What depends on what, from left to right, with progress on each: a statement's stages, or a pipeline's steps.
import {el, setAttribute, setText, svg} from "./elements.js";

const width = 226, gapX = 54, gapY = 18, margin = 4;
// Of a box with one line of name, and what a second one adds.
const lowest = 62, lineHeight = 17;

const pen = document.createElement("canvas").getContext("2d");

// How wide a name is as it is drawn.
function wide(text) {
  pen.font = "13px " + getComputedStyle(document.body).fontFamily;
  return pen.measureText(text).width;
}

// Cuts a text that is wider than `room`, with an ellipsis.
function cut(text, room) {
  if (wide(text) <= room) return text;
  while (text && wide(text + "…") > room) text = text.slice(0, -1);
  return text.trimEnd() + "…";
}

// Breaks a name between words into two lines at most; `lead` is what stands before the first.
function lines(lead, name) {
  const room = width - 26, first = room - wide(lead);
  if (wide(name) <= first) return [name];
  const words = name.split(" ");
  let taken = 0;
  while (taken < words.length && wide(words.slice(0, taken + 1).join(" ")) <= first) taken++;
  // An arrow begins a line: it says what comes next.
  if (taken > 1 && words[taken - 1] === "→") taken--;
  if (taken === 0) return [cut(name, first)];
  return [words.slice(0, taken).join(" "), cut(words.slice(taken).join(" "), room)];
}

// Places items in columns by their longest way from a source, then orders each column by where its inputs lie.
function layout(items, height) {
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
    const names = new Map(items.map(s => {
      const shown = this.describe(s);
      return [s.id, lines(shown.kind + "  ", shown.label)];
    }));
    // All boxes are alike: as high as the one that needs most.
    const height = this.height = lowest + ([...names.values()].some(n => n.length > 1) ? lineHeight : 0);
    const plan = layout(items, height);
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
    for (const s of items) this.drawNode(s, plan.places.get(s.id), this.nodes.get(s.id), names.get(s.id));
  }

  drawNode(s, place, parts, name) {
    const inside = place.x + 14, height = this.height, shown = this.describe(s), rail = place.y + height - 15;
    parts.title = svg("title");
    parts.stripe = svg("rect", {x: place.x, y: place.y + 8, width: 4, height: height - 16, rx: 2});
    parts.done = svg("rect", {class: "done", x: inside, y: rail, width: 0, height: 6, rx: 3});
    parts.note = svg("text", {class: "small", x: 0, y: height - 24});
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
    svg("svg", {x: inside, y: place.y, width: width - 20, height}, svg("text", {x: 0, y: 20},
      svg("tspan", {class: "soft"}, shown.kind + "  "), ...name.map((line, i) => i ? svg("tspan", {x: 0, dy: lineHeight}, line) : line)),
    parts.note),
    svg("rect", {class: "rail", x: inside, y: rail, width: width - 24, height: 6, rx: 3}), parts.done);
    this.drawing.append(parts.group);
  }
}
