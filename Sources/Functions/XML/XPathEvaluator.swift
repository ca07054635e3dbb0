import Vocabulary

/// Finds what an XPath stands for in a document.
struct XPathEvaluator {
    let tree: XMLTree

    /// Reports a set of nodes that was asked for where there is none.
    struct Failure: Error {
        var reason: String
    }

    /// Where an expression is looked at: a node, and its place among those looked at.
    struct Place {
        var node: Int
        var position = 1
        var last = 1
    }

    func value(_ path: XPath, at place: Place = Place(node: 0)) throws(Failure) -> XPathValue {
        switch path {
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .path(let path):
            return .nodes(try walk([path.isAbsolute ? 0 : place.node], path.steps))
        case .filtered(let inner, let predicates, let steps):
            if predicates.isEmpty, steps.isEmpty { return try value(inner, at: place) }
            var found = try nodes(inner, at: place)
            for predicate in predicates { found = try kept(found, by: predicate) }
            return .nodes(try walk(found, steps))
        case .negated(let inner): return .number(-(try value(inner, at: place).number(in: tree)))
        case .binary(let operation, let left, let right):
            return try binary(operation, left, right, at: place)
        case .call(let name, let arguments): return try call(name, arguments, at: place)
        }
    }

    private func nodes(_ path: XPath, at place: Place) throws(Failure) -> [Int] {
        guard case .nodes(let found) = try value(path, at: place) else {
            throw Failure(reason: "a set of nodes was expected")
        }
        return found
    }

    // MARK: Steps

    private func walk(_ start: [Int], _ steps: [XPath.Step]) throws(Failure) -> [Int] {
        var current = start
        for step in steps {
            var next: Set<Int> = []
            for node in current {
                var found = along(step.axis, from: node).filter { matches($0, step) }
                for predicate in step.predicates { found = try kept(found, by: predicate) }
                next.formUnion(found)
            }
            current = next.sorted()
        }
        return current
    }

    private func kept(_ nodes: [Int], by predicate: XPath) throws(Failure) -> [Int] {
        var kept: [Int] = []
        for (index, node) in nodes.enumerated() {
            let place = Place(node: node, position: index + 1, last: nodes.count)
            let value = try value(predicate, at: place)
            if case .number(let number) = value {
                if number == Double(place.position) { kept.append(node) }
            } else if value.boolean {
                kept.append(node)
            }
        }
        return kept
    }

    /// Nodes on an axis, the nearest first.
    private func along(_ axis: XPath.Axis, from node: Int) -> [Int] {
        let nodes = tree.nodes
        let end = nodes[node].kind == .attribute ? node + 1 : nodes[node].end
        switch axis {
        case .child: return tree.children(of: node)
        case .attribute: return tree.attributes(of: node)
        case .itself: return [node]
        case .parent: return nodes[node].parent < 0 ? [] : [nodes[node].parent]
        case .descendant: return (node + 1..<max(end, node + 1)).filter { nodes[$0].kind != .attribute }
        case .descendantOrSelf:
            return [node] + (node + 1..<max(end, node + 1)).filter { nodes[$0].kind != .attribute }
        case .ancestor, .ancestorOrSelf:
            var found = axis == .ancestor ? [] : [node]
            var next = nodes[node].parent
            while next >= 0 {
                found.append(next)
                next = nodes[next].parent
            }
            return found
        case .followingSibling, .precedingSibling:
            guard nodes[node].kind != .attribute, nodes[node].parent >= 0 else { return [] }
            let siblings = tree.children(of: nodes[node].parent)
            return axis == .followingSibling
                ? siblings.filter { $0 > node } : siblings.reversed().filter { $0 < node }
        case .following: return (end..<nodes.count).filter { nodes[$0].kind != .attribute }
        case .preceding:
            return (1..<max(node, 1)).reversed().filter {
                nodes[$0].kind != .attribute && nodes[$0].end <= node
            }
        }
    }

    private func matches(_ place: Int, _ step: XPath.Step) -> Bool {
        let node = tree.nodes[place]
        let principal: XMLTree.Kind = step.axis == .attribute ? .attribute : .element
        switch step.test {
        case .any: return node.kind == principal
        // A prefix stands for no namespace here, so that nothing has such a name.
        case .name(let name): return node.kind == principal && node.name == name && !name.contains(":")
        case .node: return !node.isContinuation
        case .text: return node.kind == .text && !node.isContinuation
        case .comment: return node.kind == .comment
        case .instruction(let target):
            return node.kind == .instruction && (target == nil || node.name == target)
        }
    }

    // MARK: Operators

    private func binary(
        _ operation: XPath.Operator, _ left: XPath, _ right: XPath, at place: Place
    ) throws(Failure) -> XPathValue {
        switch operation {
        case .or, .and:
            let first = try value(left, at: place).boolean
            if first == (operation == .or) { return .boolean(first) }
            return .boolean(try value(right, at: place).boolean)
        case .union:
            return .nodes(Set(try nodes(left, at: place)).union(try nodes(right, at: place)).sorted())
        default: break
        }
        let (a, b) = (try value(left, at: place), try value(right, at: place))
        switch operation {
        case .plus: return .number(a.number(in: tree) + b.number(in: tree))
        case .minus: return .number(a.number(in: tree) - b.number(in: tree))
        case .times: return .number(a.number(in: tree) * b.number(in: tree))
        case .div: return .number(a.number(in: tree) / b.number(in: tree))
        case .mod: return .number(a.number(in: tree).truncatingRemainder(dividingBy: b.number(in: tree)))
        default: return .boolean(compare(operation, a, b))
        }
    }

    /// Compares as XPath does: a set of nodes is in a relation when some node of it is.
    private func compare(_ operation: XPath.Operator, _ a: XPathValue, _ b: XPathValue) -> Bool {
        if case .boolean = a { return single(operation, a, .boolean(b.boolean)) }
        if case .boolean = b { return single(operation, .boolean(a.boolean), b) }
        func values(_ value: XPathValue) -> [XPathValue] {
            if case .nodes(let nodes) = value { return nodes.map { .text(tree.text(of: $0)) } }
            return [value]
        }
        let others = values(b)
        return values(a).contains { one in others.contains { single(operation, one, $0) } }
    }

    private func single(_ operation: XPath.Operator, _ a: XPathValue, _ b: XPathValue) -> Bool {
        switch (operation, a, b) {
        case (.equal, .boolean, _), (.equal, _, .boolean): return a.boolean == b.boolean
        case (.notEqual, .boolean, _), (.notEqual, _, .boolean): return a.boolean != b.boolean
        case (.equal, .text(let x), .text(let y)): return x == y
        case (.notEqual, .text(let x), .text(let y)): return x != y
        default: break
        }
        let (x, y) = (a.number(in: tree), b.number(in: tree))
        switch operation {
        case .equal: return x == y
        case .notEqual: return x != y
        case .less: return x < y
        case .lessOrEqual: return x <= y
        case .greater: return x > y
        default: return x >= y
        }
    }

    // MARK: Functions

    private func call(_ name: String, _ arguments: [XPath], at place: Place) throws(Failure) -> XPathValue {
        func text(_ index: Int) throws(Failure) -> String {
            if index >= arguments.count { return tree.text(of: place.node) }
            return try value(arguments[index], at: place).text(in: tree)
        }
        func number(_ index: Int) throws(Failure) -> Double {
            if index >= arguments.count { return XPathValue.number(of: tree.text(of: place.node)) }
            return try value(arguments[index], at: place).number(in: tree)
        }
        switch name {
        case "last": return .number(Double(place.last))
        case "position": return .number(Double(place.position))
        case "count": return .number(Double(try nodes(arguments[0], at: place).count))
        case "sum":
            let found = try nodes(arguments[0], at: place)
            return .number(found.reduce(0) { $0 + XPathValue.number(of: tree.text(of: $1)) })
        case "name", "local-name":
            let node = arguments.isEmpty ? place.node : try nodes(arguments[0], at: place).first
            return .text(node.map { tree.nodes[$0].name } ?? "")
        case "boolean": return .boolean(try value(arguments[0], at: place).boolean)
        case "not": return .boolean(!(try value(arguments[0], at: place).boolean))
        case "true", "false": return .boolean(name == "true")
        case "number": return .number(try number(0))
        case "floor": return .number(try number(0).rounded(.down))
        case "ceiling": return .number(try number(0).rounded(.up))
        case "round": return .number((try number(0) + 0.5).rounded(.down))
        case "string": return .text(try text(0))
        case "concat":
            var joined = ""
            for index in arguments.indices { joined += try text(index) }
            return .text(joined)
        case "starts-with": return .boolean(try text(0).utf8.starts(with: try text(1).utf8))
        case "contains", "substring-before", "substring-after":
            let whole = try text(0)
            let found = whole.firstRange(of: try text(1))
            if name == "contains" { return .boolean(try text(1).isEmpty || found != nil) }
            guard let found else { return .text("") }
            return .text(
                String(name == "substring-before" ? whole[..<found.lowerBound] : whole[found.upperBound...]))
        case "substring":
            let count = arguments.count > 2 ? try number(2) : .infinity
            return .text(Self.part(try text(0), try number(1), count))
        case "string-length": return .number(Double(try text(0).utf16.count))
        case "normalize-space":
            return .text(try text(0).split(whereSeparator: \.isWhitespace).joined(separator: " "))
        default: return .text(Self.translated(try text(0), Array(try text(1)), Array(try text(2))))
        }
    }

    /// Characters from a rounded place on, as many as a rounded number says.
    private static func part(_ text: String, _ start: Double, _ count: Double) -> String {
        let first = (start + 0.5).rounded(.down)
        let end = first + (count + 0.5).rounded(.down)
        var kept = String.UnicodeScalarView()
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let place = Double(index + 1)
            if place >= first, place < end { kept.append(scalar) }
        }
        return String(kept)
    }

    private static func translated(_ text: String, _ from: [Character], _ to: [Character]) -> String {
        var result = ""
        for character in text {
            guard let place = from.firstIndex(of: character) else {
                result.append(character)
                continue
            }
            if place < to.count { result.append(to[place]) }
        }
        return result
    }
}
