import Columns
import Formats
import Planner
import Vocabulary

/// Draws what the planner wants to know of a column from footers.
enum ParquetColumnFacts {
    static func of(_ field: Field, in footers: [ParquetFile], rows: Double) -> ColumnFacts? {
        var facts = ColumnFacts()
        var nulls = 0
        var counted = 0
        var bytes = 0
        var hasBounds = true
        for footer in footers {
            guard let column = footer.schema.index(of: field.name) else { continue }
            bytes += footer.byteCount(column: column)
            counted += footer.rowCount
            guard let known = footer.statistics(column: column) else {
                hasBounds = false
                continue
            }
            nulls += known.nullCount ?? 0
            if footers.count == 1 { facts.distinctCount = known.distinctCount.map(Double.init) }
            if known.nullCount == footer.rowCount { continue }
            guard let least = known.least, let greatest = known.greatest else {
                hasBounds = false
                continue
            }
            if facts.minimum.map({ precedes(least, $0) }) ?? true { facts.minimum = least }
            if facts.maximum.map({ precedes($0, greatest) }) ?? true { facts.maximum = greatest }
        }
        if counted == 0 { return nil }
        if !hasBounds { (facts.minimum, facts.maximum) = (nil, nil) }
        facts.nullFraction = Double(nulls) / Double(counted)
        if facts.distinctCount == nil, field.type == .string {
            facts.distinctCount = distinctTexts(bytesPerRow: Double(bytes) / Double(counted), rows: rows)
        }
        return facts
    }

    /// Guesses the number of distinct texts from what a value takes on disk: dictionary codes of `b` bits
    /// stand for at most 2^b texts, and beyond 20 bits writers have given up the dictionary.
    private static func distinctTexts(bytesPerRow: Double, rows: Double) -> Double {
        let bits = bytesPerRow * 8
        if bits > 20 { return max(1, rows) }
        var distinct = 1.0
        for _ in 0..<Int(bits.rounded(.up)) { distinct *= 2 }
        return max(1, min(distinct, rows))
    }

    private static func precedes(_ first: Scalar, _ second: Scalar) -> Bool {
        switch (first, second) {
        case (.integer(let a), .integer(let b)): a < b
        case (.decimal(let a), .decimal(let b)): a < b
        case (.double(let a), .double(let b)): a < b
        case (.float(let a), .float(let b)): a < b
        case (.string(let a), .string(let b)): a < b
        default: false
        }
    }
}
