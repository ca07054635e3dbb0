import Columns
import Kernels
import Memory
import Plans
import Vocabulary

/// Computes physical expressions (columns are `.input` ordinals) over batches. The tree is compiled once;
/// each distinct subexpression is computed once per batch. Used by one thread.
package final class Evaluator {
    private let nodes: [Node]
    private let slots: Int
    private var pieces: EvaluationPieces

    /// Compiles the expressions. Throws `UNRESOLVED_ROUTINE` or `INVALID_TIMEZONE`.
    package init(_ expressions: [Expression], settings: SessionSettings) throws {
        var compiler = try Compiler(settings)
        nodes = try expressions.map { try compiler.compile($0) }
        slots = compiler.slotCount
        pieces = EvaluationPieces(expressions)
    }

    /// Returns one vector of the batch's length per expression. Throws the error of the first row that fails,
    /// and `OUT_OF_MEMORY` where the vectors, or what one row needs on the way, have no room.
    package func evaluate(_ batch: Batch) throws -> [Vector] {
        let parts = try pieces.over(batch) { piece, _ in try whole(piece) }
        if parts.count == 1 { return parts[0] }
        return nodes.indices.map { node in Concat.vectors(parts.map { $0[node] }) }
    }

    private func whole(_ batch: Batch) throws -> [Vector] {
        let frame = Frame(batch, slots: slots)
        var result: [Vector] = []
        result.reserveCapacity(nodes.count)
        for node in nodes { result.append(try node.value(frame).typed(node.type)) }
        return result
    }
}

/// Finds the rows of batches that satisfy every conjunct. Conjuncts run one by one on the rows that are left,
/// cheap and selective ones first: the order follows what earlier batches showed. Used by one thread.
package final class Predicate {
    private struct Conjunct {
        let node: Node
        var rowsIn = 1.0
        var rowsOut = 0.5

        /// Cost per row that it takes out; small is good.
        var rank: Double { (node.cost + 0.3) / max(0.001, 1 - rowsOut / rowsIn) }
    }

    private var conjuncts: [Conjunct]
    private let slots: Int
    private var pieces: EvaluationPieces
    private var batches = 0
    /// Whether no conjunct can fail, so that their order does not show.
    package let mayReorder: Bool

    /// Cost of all conjuncts for a row, in units of a simple comparison.
    package var cost: Double { conjuncts.reduce(0) { $0 + $1.node.cost } }

    /// Compiles the conjuncts. Throws `UNRESOLVED_ROUTINE` or `INVALID_TIMEZONE`.
    package init(_ expressions: [Expression], settings: SessionSettings) throws {
        var compiler = try Compiler(settings)
        conjuncts = try expressions.map { Conjunct(node: try compiler.compile($0)) }
        slots = compiler.slotCount
        pieces = EvaluationPieces(expressions)
        // A conjunct that may fail stays behind those that were written before it.
        mayReorder = conjuncts.allSatisfy { $0.node.isHarmless }
    }

    /// Returns the rows at which all conjuncts are true. Throws the error of a row that fails, and
    /// `OUT_OF_MEMORY` where what one row needs has no room.
    package func select(_ batch: Batch) throws -> Selection {
        let parts = try pieces.over(batch) { piece, from in (from, try whole(piece)) }
        if parts.count == 1 { return parts[0].1 }
        let total = parts.reduce(0) { $0 + $1.1.count }
        let buffer = Buffer(byteCount: max(total * 4, 16))
        let rows = buffer.pointer(as: UInt32.self)
        var at = 0
        for (from, selection) in parts {
            for i in 0..<selection.count {
                rows[at] = selection.rows[i] &+ UInt32(truncatingIfNeeded: from)
                at &+= 1
            }
        }
        return Selection(rows: rows, count: total, owner: buffer)
    }

    private func whole(_ batch: Batch) throws -> Selection {
        if mayReorder, batches & 15 == 0, conjuncts.count > 1 { conjuncts.sort { $0.rank < $1.rank } }
        batches &+= 1
        let whole = Frame(batch, slots: slots)
        var frame = whole
        var selected: Selection?
        for i in conjuncts.indices {
            let result = try conjuncts[i].node.value(frame).asBoolean
            let passed = Selecting.selectTrue(result)
            conjuncts[i].rowsIn = conjuncts[i].rowsIn * 0.9 + Double(frame.count)
            conjuncts[i].rowsOut = conjuncts[i].rowsOut * 0.9 + Double(passed.count)
            if passed.count == frame.count { continue }
            if let before = selected {
                let rows = passed.rows
                var k = 0
                while k < passed.count {
                    rows[k] = before.rows[Int(rows[k])]
                    k &+= 1
                }
            }
            selected = passed
            if passed.count == 0 { break }
            if i + 1 < conjuncts.count { frame = Frame(whole, passed) }
        }
        return selected ?? Selecting.all(batch.count)
    }
}
