/// Draws the steps of a pipeline with what flows between them, as SVG: layers from left to right, each step
/// in the layer after the last that it reads. Pure; the same steps give the same drawing.
struct LineageDrawing {
    private static let boxWidth = 190
    private static let boxHeight = 34
    private static let columnWidth = 250
    private static let rowHeight = 52
    private static let margin = 16

    /// A thing that is drawn: a step, or a file from outside.
    private struct Node {
        var name: String
        var kind: String
        var parents: [String]
        var layer = 0
        var row = 0
    }
    private var nodes: [Node] = []

    /// Steps must be ordered, parents first.
    init(_ steps: [PipelineStep]) {
        var known: [String: Int] = [:]
        func add(_ node: Node) {
            var node = node
            node.layer = node.parents.compactMap { known[$0].map { nodes[$0].layer + 1 } }.max() ?? 0
            known[node.name] = nodes.count
            nodes.append(node)
        }
        for step in steps {
            var parents = Set(step.dependencies).sorted()
            for relation in step.relations where relation.step == nil {
                guard let path = relation.path else { continue }
                if known[path] == nil { add(Node(name: path, kind: "file", parents: [])) }
                if !parents.contains(path) { parents.append(path) }
            }
            add(Node(name: step.name, kind: step.kind.rawValue, parents: parents))
        }
        placeRows(known)
    }

    /// Puts each step near the middle of its parents.
    private mutating func placeRows(_ known: [String: Int]) {
        let layers = (nodes.map(\.layer).max() ?? 0) + 1
        for layer in 0..<layers {
            let places = nodes.indices.filter { nodes[$0].layer == layer }
            let sorted = places.map { place -> (Double, Int) in
                let rows = nodes[place].parents.compactMap { known[$0].map { Double(nodes[$0].row) } }
                return (rows.isEmpty ? Double(place) : rows.reduce(0, +) / Double(rows.count), place)
            }
            .sorted { $0 < $1 }
            for (row, entry) in sorted.enumerated() { nodes[entry.1].row = row }
        }
    }

    private func x(_ node: Node) -> Int { LineageDrawing.margin + node.layer * LineageDrawing.columnWidth }
    private func y(_ node: Node) -> Int { LineageDrawing.margin + node.row * LineageDrawing.rowHeight }

    /// The drawing; steps are links to their descriptions.
    var svg: String {
        let width = (nodes.map(x).max() ?? 0) + LineageDrawing.boxWidth + LineageDrawing.margin
        let height = (nodes.map(y).max() ?? 0) + LineageDrawing.boxHeight + LineageDrawing.margin
        var text =
            "<svg role=\"img\" aria-label=\"Lineage of the steps\" viewBox=\"0 0 \(width) \(height)\" "
            + "width=\"\(width)\" height=\"\(height)\">\n"
        let byName = Dictionary(nodes.map { ($0.name, $0) }) { first, _ in first }
        for node in nodes {
            for parent in node.parents.compactMap({ byName[$0] }) {
                let (x1, y1) = (x(parent) + LineageDrawing.boxWidth, y(parent) + LineageDrawing.boxHeight / 2)
                let (x2, y2) = (x(node), y(node) + LineageDrawing.boxHeight / 2)
                let middle = (x1 + x2) / 2
                text += "<path d=\"M\(x1) \(y1)C\(middle) \(y1) \(middle) \(y2) \(x2) \(y2)\"/>\n"
            }
        }
        for node in nodes { text += box(node) }
        return text + "</svg>\n"
    }

    private func box(_ node: Node) -> String {
        let (left, top) = (x(node), y(node))
        let label = node.name.count > 26 ? "…" + node.name.suffix(25) : node.name
        let shape =
            "<g class=\"\(node.kind)\"><rect x=\"\(left)\" y=\"\(top)\" rx=\"6\" "
            + "width=\"\(LineageDrawing.boxWidth)\" height=\"\(LineageDrawing.boxHeight)\"/>"
            + "<text x=\"\(left + 10)\" y=\"\(top + 22)\">\(HTMLText.escaped(label))</text>"
            + "<title>\(HTMLText.escaped("\(node.kind) \(node.name)"))</title></g>"
        return node.kind == "file" ? shape + "\n" : "<a href=\"#\(node.name)\">\(shape)</a>\n"
    }
}

/// Writes text into HTML.
enum HTMLText {
    /// Returns text with the characters that HTML takes for its own replaced.
    static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.append(character)
            }
        }
        return out
    }
}
