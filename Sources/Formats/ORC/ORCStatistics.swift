import Columns
import Vocabulary

/// Holds what a stripe's statistics say of a column.
struct ORCStatistics: Sendable {
    /// Number of values that are not null, nil where it is not said.
    var valueCount: Int?
    /// False where there is no null for sure.
    var mayHaveNull = true
    var least: Scalar?
    var greatest: Scalar?

    /// Most statistics that are kept of a file.
    private static let limit = 1 << 20

    /// Reads the metadata of a file: for each stripe the statistics of its top-level columns.
    static func read(_ bytes: [UInt8], tree: ORCTypeTree) throws(EngineError) -> [[ORCStatistics]] {
        var message = ORCMessage(bytes[...])
        var stripes: [[ORCStatistics]] = []
        var places: [Int: Int] = [:]
        for (place, id) in tree.types[0].children.enumerated() { places[id] = place }
        while let (field, value) = try message.next() {
            if field != 1 { continue }
            // Beyond, stripes are not ruled out.
            if (stripes.count + 1) * places.count > limit { break }
            var columns = [ORCStatistics](repeating: ORCStatistics(), count: places.count)
            var stripe = ORCMessage(try value.message())
            var id = 0
            while let (field, value) = try stripe.next() {
                if field != 1 { continue }
                if let place = places[id] {
                    columns[place] = try ORCStatistics(try value.message(), kind: tree.types[id].kind)
                }
                id += 1
            }
            stripes.append(columns)
        }
        return stripes
    }

    private init() {}

    private init(_ bytes: ArraySlice<UInt8>, kind: ORCType.Kind) throws(EngineError) {
        var message = ORCMessage(bytes)
        while let (field, value) = try message.next() {
            switch (field, kind) {
            case (1, _): valueCount = try value.count()
            case (2, .byte), (2, .short), (2, .int), (2, .long), (7, .date):
                try readBounds(value) { value throws(EngineError) in value.signed.map { .integer($0) } }
            case (4, .string), (4, .varchar):
                try readBounds(value) { value throws(EngineError) in .string(try value.text()) }
            case (10, _): mayHaveNull = try value.count() != 0
            default: break
            }
        }
    }

    private mutating func readBounds(
        _ value: ORCMessage.Value, _ scalar: (ORCMessage.Value) throws(EngineError) -> Scalar?
    ) throws(EngineError) {
        var message = ORCMessage(try value.message())
        while let (field, value) = try message.next() {
            if field == 1 { least = try scalar(value) }
            if field == 2 { greatest = try scalar(value) }
        }
    }

    /// Says whether rows may pass.
    func mayMatch(_ predicate: ColumnPredicate) -> Bool {
        switch predicate.operation {
        case .isNull: return mayHaveNull
        case .isNotNull: return valueCount != 0
        default: break
        }
        if valueCount == 0 { return false }
        guard let least, let greatest, let first = predicate.values.first, Self.areComparable(least, first)
        else { return true }
        switch predicate.operation {
        case .less: return Self.precedes(least, first)
        case .lessOrEqual: return !Self.precedes(first, least)
        case .greater: return Self.precedes(first, greatest)
        case .greaterOrEqual: return !Self.precedes(greatest, first)
        case .equal, .in:
            return predicate.values.contains {
                !Self.precedes($0, least) && !Self.precedes(greatest, $0)
            }
        case .isNull, .isNotNull: return true
        }
    }

    private static func areComparable(_ first: Scalar, _ second: Scalar) -> Bool {
        switch (first, second) {
        case (.integer, .integer), (.string, .string): true
        default: false
        }
    }

    /// Says whether a value comes before another, texts by their bytes.
    private static func precedes(_ first: Scalar, _ second: Scalar) -> Bool {
        switch (first, second) {
        case (.integer(let a), .integer(let b)): a < b
        case (.string(let a), .string(let b)): a.utf8.lexicographicallyPrecedes(b.utf8)
        default: false
        }
    }
}

extension ORCFile {
    /// Says whether a stripe may hold rows that pass all predicates, whose columns are positions in the
    /// file's schema.
    package func mayMatch(_ predicates: [ColumnPredicate], stripe: Int) -> Bool {
        guard stripe < statistics.count else { return true }
        return predicates.allSatisfy { predicate in
            guard predicate.column < statistics[stripe].count else { return true }
            // Days of the Julian calendar are not those that the query speaks of.
            if isJulian, schema[predicate.column].type == .date { return true }
            return statistics[stripe][predicate.column].mayMatch(predicate)
        }
    }
}
