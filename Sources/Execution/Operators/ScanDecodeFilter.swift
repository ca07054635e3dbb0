import Columns
import Formats
import Functions
import Kernels
import Plans

/// Applies a scan's filters inside a decoder, one after the other: its own conditions, and what joins above
/// it would drop. The order follows what earlier batches showed: what drops many rows at little cost comes
/// first, and the columns of what follows are decoded for the rest only.
final class ScanDecodeFilter: DecodeFilter {
    private enum Test {
        case condition(Predicate)
        case key(JoinKeyFilter)
    }

    private struct Step {
        let test: Test
        /// As positions in the reader's columns.
        let columns: [Int]
        var rowsIn = 1.0
        var rowsOut = 0.5

        /// Cost per row that it takes out; small is good.
        var rank: Double {
            let work =
                switch test {
                case .condition(let predicate): predicate.cost
                case .key(let filter): filter.cost
                }
            return (Double(columns.count) + work) / max(0.001, 1 - rowsOut / rowsIn)
        }
    }

    private var steps: [Step] = []
    private var batches = 0
    /// Conditions that may fail are one step, in the order in which they were written, and come first.
    private var mayReorder = true

    /// Batches after which the order is thought over.
    private static let judgedBatches = 16

    /// Makes a filter that passes all rows.
    init() {}

    /// `conjuncts` are over the reader's columns.
    init(_ conjuncts: [Expression], settings: SessionSettings) throws {
        var groups: [(columns: [Int], conjuncts: [Expression])] = []
        for conjunct in conjuncts {
            let used = ScanDecodeFilter.columns(of: [conjunct])
            if let same = groups.firstIndex(where: { $0.columns == used }) {
                groups[same].conjuncts.append(conjunct)
            } else {
                groups.append((used, [conjunct]))
            }
        }
        var made: [Step] = []
        for group in groups {
            made.append(try ScanDecodeFilter.step(group.conjuncts, group.columns, settings))
        }
        mayReorder = made.allSatisfy {
            if case .condition(let predicate) = $0.test { predicate.mayReorder } else { true }
        }
        if !mayReorder, made.count > 1 {
            made = [
                try ScanDecodeFilter.step(conjuncts, ScanDecodeFilter.columns(of: conjuncts), settings)
            ]
        }
        steps = made
    }

    private static func columns(of conjuncts: [Expression]) -> [Int] {
        var used = Set<Int>()
        for conjunct in conjuncts { conjunct.forEach { if case .input(let at, _) = $0 { used.insert(at) } } }
        return used.sorted()
    }

    private static func step(
        _ conjuncts: [Expression], _ columns: [Int], _ settings: SessionSettings
    ) throws -> Step {
        let renumbered = conjuncts.map { conjunct in
            conjunct.rewritten { node in
                guard case .input(let at, let type) = node, let place = columns.firstIndex(of: at) else {
                    return node
                }
                return .input(place, type)
            }
        }
        return Step(test: .condition(try Predicate(renumbered, settings: settings)), columns: columns)
    }

    /// Adds a join's keys, which are these of the reader's columns.
    func add(_ filter: JoinKeyFilter, columns: [Int]) {
        steps.append(Step(test: .key(filter), columns: columns))
    }

    func begin() -> [[Int]] {
        if batches % ScanDecodeFilter.judgedBatches == 0 { arrange() }
        batches &+= 1
        return steps.map(\.columns)
    }

    private func arrange() {
        steps.removeAll { step in
            if case .key(let filter) = step.test { !filter.pays } else { false }
        }
        let fixed = mayReorder ? 0 : 1
        if steps.count > fixed + 1 { steps[fixed...].sort { $0.rank < $1.rank } }
    }

    func select(_ batch: Batch, step: Int) throws -> Selection {
        let passed: Selection
        switch steps[step].test {
        case .condition(let predicate): passed = try predicate.select(batch)
        case .key(let filter): passed = filter.select(batch.columns, count: batch.count)
        }
        steps[step].rowsIn = steps[step].rowsIn * 0.9 + Double(batch.count)
        steps[step].rowsOut = steps[step].rowsOut * 0.9 + Double(passed.count)
        return passed
    }
}
