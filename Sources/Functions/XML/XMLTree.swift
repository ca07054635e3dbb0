import Vocabulary

/// Holds an XML document as a list of nodes in document order: a node's subtree is the stretch behind it.
///
///     0 root │ 1 <a> │ 2 @id │ 3 text │ 4 <b> │ 5 text │ 6 <c>
///     end:    7       7                 6
struct XMLTree {
    enum Kind: UInt8 { case root, element, attribute, text, comment, instruction }

    struct Node {
        var kind: Kind
        /// Of elements and attributes, with their prefixes; of instructions their target.
        var name = ""
        /// Of all but elements and the root.
        var value = ""
        var parent: Int
        /// One past the last node of the subtree.
        var end = 0
        /// True for the part of a text behind a `<![CDATA[…]]>` border, which XPath takes for the same text.
        var isContinuation = false
    }

    private(set) var nodes: [Node] = [Node(kind: .root, parent: -1)]

    /// Appends a node without a subtree as yet; returns its place.
    mutating func append(_ node: Node) -> Int {
        nodes.append(node)
        nodes[nodes.count - 1].end = nodes.count
        return nodes.count - 1
    }

    /// Notes that all of a node's subtree is there.
    mutating func close(_ node: Int) { nodes[node].end = nodes.count }

    /// The element that holds all others.
    var documentElement: Int? { children(of: 0).first { nodes[$0].kind == .element } }

    /// Places of a node's children, in order, attributes left out.
    func children(of node: Int) -> [Int] {
        var found: [Int] = []
        guard nodes[node].kind == .root || nodes[node].kind == .element else { return found }
        var next = node + 1
        while next < nodes[node].end {
            if nodes[next].kind != .attribute { found.append(next) }
            next = nodes[next].end
        }
        return found
    }

    func attributes(of node: Int) -> [Int] {
        guard nodes[node].kind == .element else { return [] }
        var next = node + 1
        while next < nodes[node].end, nodes[next].kind == .attribute, nodes[next].parent == node { next += 1 }
        return Array(node + 1..<next)
    }

    /// The text that XPath takes a node for: all texts below an element, the value of others.
    func text(of node: Int) -> String {
        guard nodes[node].kind == .root || nodes[node].kind == .element else { return nodes[node].value }
        var text = ""
        for place in node..<nodes[node].end where nodes[place].kind == .text { text += nodes[place].value }
        return text
    }
}
