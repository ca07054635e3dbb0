// A job's SQL, with the operators marked whose stages run, and those of the stage that the reader picked.
import {el, setAttribute, setText} from "./elements.js";

const marks = {running: "▶ running", succeeded: "✓ done", failed: "✗ failed", cancelled: "– cancelled", waiting: "waiting"};

// Cuts a text where marks begin and end: [{text, stages}].
function pieces(text, places) {
  const cuts = [...new Set([0, text.length, ...places.flatMap(p => [p.start, p.end])])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => ({
    text: text.slice(cuts[i], end),
    stages: places.filter(p => p.start <= cuts[i] && p.end >= end).map(p => p.stage)}));
}

export class SQLText {
  constructor() {
    this.node = el("ol", {class: "card sql"});
    this.parts = [];
    this.stages = [];
    this.picked = null;
  }

  show(source) {
    this.parts = [];
    this.heads = source.statements.map((s, place) => ({
      place, state: s.state, where: source.file + ":" + s.line, mark: el("span", {class: "mark"}), at: el("span")}));
    this.node.replaceChildren(...source.statements.map((s, place) => {
      const text = el("pre", {tabindex: "0"});
      for (const piece of pieces(s.text, s.marks || [])) {
        const node = piece.stages.length ? el("mark", {}, piece.text) : document.createTextNode(piece.text);
        if (piece.stages.length) this.parts.push({node, stages: piece.stages});
        text.append(node);
      }
      const head = this.heads[place];
      return el("li", {class: s.state, "aria-current": s.state === "running" ? "step" : null},
        el("p", {class: "small soft"}, head.where + " · ", head.mark, head.at), text);
    }));
    this.refresh();
  }

  update(stages) {
    this.stages = stages;
    this.refresh();
  }

  pick(stage) {
    this.picked = stage;
    this.refresh();
  }

  refresh() {
    const running = this.stages.filter(s => s.tasks.running > 0);
    const ids = new Set(running.map(s => s.id));
    for (const {node, stages} of this.parts)
      setAttribute(node, "class", (stages.some(s => ids.has(s)) ? "now" : "") + (stages.includes(this.picked) ? " picked" : ""));
    for (const head of this.heads || []) {
      setText(head.mark, marks[head.state] || head.state);
      const here = running.filter(s => s.id.startsWith(head.place + "."));
      setText(head.at, here.length && head.state === "running" ? ": " + here.map(s => s.name).join("; ") : "");
    }
  }
}
