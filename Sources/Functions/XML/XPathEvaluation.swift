import Kernels

#if canImport(Glibc)
    import Glibc
#endif

/// Holds what an XPath expression gives.
enum XPathValue {
    case nodes([XMLNode])
    case number(Double)
    case text(String)
    case boolean(Bool)

    var number: Double {
        switch self {
        case .number(let value): value
        case .boolean(let value): value ? 1 : 0
        case .text, .nodes: Self.number(text)
        }
    }

    var text: String {
        switch self {
        case .nodes(let nodes): nodes.first?.text ?? ""
        case .text(let value): value
        case .boolean(let value): value ? "true" : "false"
        case .number(let value): Self.text(value)
        }
    }

    var boolean: Bool {
        switch self {
        case .nodes(let nodes): !nodes.isEmpty
        case .text(let value): !value.isEmpty
        case .boolean(let value): value
        case .number(let value): value != 0 && !value.isNaN
        }
    }

    /// Reads digits with a sign and a point; NaN for other texts.
    static func number(_ text: String) -> Double {
        let trimmed = text.trimmingSpaces
        let isPlain = trimmed.utf8.allSatisfy { (48...57).contains($0) || $0 == 46 || $0 == 45 }
        return isPlain ? Double(trimmed) ?? .nan : .nan
    }

    /// Writes whole numbers without a point.
    static func text(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "Infinity" : "-Infinity" }
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int(value)) }
        return NumberText.text(value)
    }
}

/// Evaluates XPath expressions over one document.
struct XPathEvaluation {
    /// Where an expression is evaluated: a node, its place among the nodes of its step, and their number.
    struct Context {
        var node: XMLNode
        var place = 1
        var size = 1
    }

    let document: XMLNode

    /// Returns nil for functions that are not known, and for nodes where there are none.
    func value(_ expression: XPath, _ context: Context) -> XPathValue? {
        switch expression {
        case .number(let number): return .number(number)
        case .literal(let text): return .text(text)
        case .negate(let inner): return value(inner, context).map { .number(-$0.number) }
        case .binary(let kind, let left, let right): return binary(kind, left, right, context)
        case .call(let name, let arguments):
            var values: [XPathValue] = []
            for argument in arguments {
                guard let found = value(argument, context) else { return nil }
                values.append(found)
            }
            return XPathCalls.value(name, values, context)
        case .filter(let inner, let conditions):
            guard case .nodes(let nodes)? = value(inner, context) else { return nil }
            return passing(nodes, conditions).map { .nodes($0) }
        case .path(let start, let isAbsolute, let steps):
            var nodes = [isAbsolute ? document : context.node]
            if let start {
                guard case .nodes(let found)? = value(start, context) else { return nil }
                nodes = found
            }
            for step in steps {
                guard let next = take(step, from: nodes) else { return nil }
                nodes = next
            }
            return .nodes(nodes)
        }
    }

    /// Returns the nodes of a step from each of some nodes, once each, in the order of the document.
    private func take(_ step: XPath.Step, from nodes: [XMLNode]) -> [XMLNode]? {
        var found: [XMLNode] = []
        var seen: Set<ObjectIdentifier> = []
        for node in nodes {
            let candidates = along(step.axis, node).filter { fits($0, step) }
            guard let passed = passing(candidates, step.conditions) else { return nil }
            for next in passed where seen.insert(ObjectIdentifier(next)).inserted { found.append(next) }
        }
        return found.sorted { $0.order < $1.order }
    }

    private func passing(_ nodes: [XMLNode], _ conditions: [XPath]) -> [XMLNode]? {
        var kept = nodes
        for condition in conditions {
            var next: [XMLNode] = []
            for (index, node) in kept.enumerated() {
                let context = Context(node: node, place: index + 1, size: kept.count)
                guard let result = value(condition, context) else { return nil }
                if case .number(let place) = result {
                    if Double(context.place) == place { next.append(node) }
                } else if result.boolean {
                    next.append(node)
                }
            }
            kept = next
        }
        return kept
    }

    private func fits(_ node: XMLNode, _ step: XPath.Step) -> Bool {
        switch step.test {
        case .node: true
        case .text: node.kind == .text
        case .any: node.kind == (step.axis == .attribute ? .attribute : .element)
        case .name(let name):
            // Prefixes stand for nothing, as in Spark, whose documents know no namespaces.
            node.kind == (step.axis == .attribute ? .attribute : .element) && node.name == name
                && !name.contains(":")
        }
    }

    private func along(_ axis: XPath.Axis, _ node: XMLNode) -> [XMLNode] {
        switch axis {
        case .child: return node.children
        case .attribute: return node.attributes
        case .itself: return [node]
        case .parent: return node.parent.map { [$0] } ?? []
        case .descendant, .descendantOrSelf:
            var nodes: [XMLNode] = []
            node.collect(into: &nodes)
            return axis == .descendant ? Array(nodes.dropFirst()) : nodes
        case .ancestor, .ancestorOrSelf:
            var nodes = axis == .ancestor ? [] : [node]
            var next = node.parent
            while let above = next {
                nodes.append(above)
                next = above.parent
            }
            return nodes
        case .followingSibling, .precedingSibling:
            let all = node.parent?.children ?? []
            guard let place = all.firstIndex(where: { $0 === node }) else { return [] }
            return axis == .followingSibling ? Array(all[(place + 1)...]) : all[..<place].reversed()
        }
    }

    // MARK: Operators

    private func binary(
        _ kind: String, _ left: XPath, _ right: XPath, _ context: Context
    ) -> XPathValue? {
        guard let a = value(left, context) else { return nil }
        if kind == "and", !a.boolean { return .boolean(false) }
        if kind == "or", a.boolean { return .boolean(true) }
        guard let b = value(right, context) else { return nil }
        switch kind {
        case "and", "or": return .boolean(b.boolean)
        case "+": return .number(a.number + b.number)
        case "-": return .number(a.number - b.number)
        case "*": return .number(a.number * b.number)
        case "div": return .number(a.number / b.number)
        case "mod": return .number(fmod(a.number, b.number))
        case "|":
            guard case .nodes(let first) = a, case .nodes(let second) = b else { return nil }
            var seen: Set<ObjectIdentifier> = []
            let all = (first + second).filter { seen.insert(ObjectIdentifier($0)).inserted }
            return .nodes(all.sorted { $0.order < $1.order })
        default: return .boolean(Self.compare(kind, a, b))
        }
    }

    /// Compares nodes one by one: one that fits is enough.
    private static func compare(_ kind: String, _ a: XPathValue, _ b: XPathValue) -> Bool {
        if case .boolean = b, case .nodes = a { return compare(kind, .boolean(a.boolean), b) }
        if case .boolean = a, case .nodes = b { return compare(kind, a, .boolean(b.boolean)) }
        if case .nodes(let nodes) = a { return nodes.contains { compare(kind, .text($0.text), b) } }
        if case .nodes(let nodes) = b { return nodes.contains { compare(kind, a, .text($0.text)) } }
        switch kind {
        case "=", "!=":
            let isSame: Bool
            switch (a, b) {
            case (.boolean, _), (_, .boolean): isSame = a.boolean == b.boolean
            case (.number, _), (_, .number): isSame = a.number == b.number
            default: isSame = a.text == b.text
            }
            return isSame == (kind == "=")
        case "<": return a.number < b.number
        case "<=": return a.number <= b.number
        case ">": return a.number > b.number
        default: return a.number >= b.number
        }
    }
}
