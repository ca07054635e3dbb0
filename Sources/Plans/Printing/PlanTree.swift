/// Draws a tree as Spark does: each child below its parent behind `+- ` or `:- `.
package enum PlanTree {
    /// Returns one line per node. `text` names a node and `children` gives its inputs. Of nodes with one
    /// `identity` the first is drawn with what is below it, the others say that they are the same.
    package static func draw<Node>(
        _ root: Node, text: (Node) -> String, children: (Node) -> [Node],
        identity: (Node) -> AnyHashable? = { _ in nil }
    ) -> String {
        var lines: [String] = []
        var drawn: Set<AnyHashable> = []
        func walk(_ node: Node, lead: String, below: String) {
            let nodeLines = text(node).split(separator: "\n", omittingEmptySubsequences: false)
            for (index, line) in nodeLines.enumerated() { lines.append((index == 0 ? lead : below) + line) }
            if let same = identity(node), !drawn.insert(same).inserted {
                lines[lines.count - 1] += ", as above"
                return
            }
            let inputs = children(node)
            for (index, child) in inputs.enumerated() {
                let isLast = index == inputs.count - 1
                walk(child, lead: below + (isLast ? "+- " : ":- "), below: below + (isLast ? "   " : ":  "))
            }
        }
        walk(root, lead: "", below: "")
        return lines.joined(separator: "\n")
    }

    /// Draws a node above a tree that is drawn already.
    package static func draw(_ root: String, above tree: String) -> String {
        let lines = tree.split(separator: "\n", omittingEmptySubsequences: false)
        return ([root] + lines.enumerated().map { ($0 == 0 ? "+- " : "   ") + $1 }).joined(separator: "\n")
    }
}
