import Columns
import Formats
import Functions
import Kernels
import Plans

/// Applies a scan's filters inside a decoder: its own conditions, then what joins above it would drop.
final class ScanDecodeFilter: DecodeFilter {
    private struct KeyFilter {
        let filter: JoinKeyFilter
        let columns: [Int]
    }

    /// The conditions' columns, in order, then further ones of the key filters.
    private(set) var columns: [Int]
    private let predicateColumns: [Int]
    private let predicate: Predicate?
    private var keyFilters: [KeyFilter] = []

    /// Makes a filter that passes all rows.
    init() {
        columns = []
        predicateColumns = []
        predicate = nil
    }

    /// `conjuncts` are over the reader's columns.
    init(_ conjuncts: [Expression], settings: SessionSettings) throws {
        var used = Set<Int>()
        for conjunct in conjuncts { conjunct.forEach { if case .input(let at, _) = $0 { used.insert(at) } } }
        let order = used.sorted()
        columns = order
        predicateColumns = order
        predicate = try Predicate(
            conjuncts.map { conjunct in
                conjunct.rewritten { node in
                    guard case .input(let at, let type) = node, let place = order.firstIndex(of: at) else {
                        return node
                    }
                    return .input(place, type)
                }
            }, settings: settings)
    }

    /// Adds a join's keys, which are these of the reader's columns.
    func add(_ filter: JoinKeyFilter, columns: [Int]) {
        keyFilters.append(KeyFilter(filter: filter, columns: columns))
        collectColumns()
    }

    private func collectColumns() {
        columns = predicateColumns
        for filter in keyFilters {
            for column in filter.columns where !columns.contains(column) { columns.append(column) }
        }
    }

    func select(_ batch: Batch) throws -> Selection {
        var selected = try predicate?.select(batch)
        var isStale = false
        for entry in keyFilters {
            if selected?.count == 0 { break }
            var keys = entry.columns.compactMap { column in
                columns.firstIndex(of: column).map { batch.columns[$0] }
            }
            let before = selected.flatMap { $0.count < batch.count ? $0 : nil }
            if let before { keys = keys.map { $0.gathered(before.rows, count: before.count) } }
            let passed = entry.filter.select(keys, count: before?.count ?? batch.count)
            if let before {
                var i = 0
                while i < passed.count {
                    passed.rows[i] = before.rows[Int(passed.rows[i])]
                    i &+= 1
                }
            }
            selected = passed
            isStale = isStale || !entry.filter.pays
        }
        if isStale {
            keyFilters.removeAll { !$0.filter.pays }
            collectColumns()
        }
        return selected ?? Selecting.all(batch.count)
    }
}
