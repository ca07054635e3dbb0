import Columns
import Memory

/// Finds the groups of rows whose key columns are all dictionary codes or constants, by an array over the
/// combinations of codes. Kept from batch to batch while the dictionaries are the same objects.
struct CodeCache {
    /// Most combinations of codes that the array covers.
    static let combinationLimit = 1 << 16

    private var sources: [Vector] = []
    /// Codes of each column, and one more for null.
    private var sizes: [Int] = []
    /// Group + 1 of each combination; 0: not seen yet.
    private var groups = Buffer(byteCount: 0)
    private var combinations = Buffer(byteCount: 0)

    /// Says whether the columns can be handled, and forgets the last dictionaries if these are others.
    mutating func prepare(_ columns: [Vector]) -> Bool {
        if columns.isEmpty { return false }
        var product = 1
        var anyDictionary = false
        for column in columns {
            switch column.form {
            case .flat: return false
            case .constant: break
            case .dictionary:
                anyDictionary = true
                product *= (column.dictionary?.count ?? 0) + 1
                if product > CodeCache.combinationLimit { return false }
            }
        }
        if !anyDictionary { return false }
        let current = columns.map { $0.dictionary ?? $0 }
        if current.count == sources.count, zip(current, sources).allSatisfy({ $0 === $1 }) { return true }
        sources = current
        sizes = columns.map { ($0.dictionary?.count ?? 0) + 1 }
        groups = Buffer.zeroed(byteCount: product * 4)
        return true
    }

    /// Writes the group of each row; `groupOfRow` finds or makes the group of a row seen for the first time.
    mutating func assign(
        _ columns: [Vector], count: Int, into target: UnsafeMutablePointer<UInt32>,
        groupOfRow: (Int) -> UInt32
    ) {
        if combinations.byteCount < count * 4 { combinations = Buffer(byteCount: count * 4) }
        let combined = combinations.pointer(as: UInt32.self)
        combined.update(repeating: 0, count: count)
        for (column, size) in zip(columns, sizes) where column.form == .dictionary {
            CodeCache.combine(column, size: UInt32(size), count: count, into: combined)
        }
        let known = groups.pointer(as: UInt32.self)
        var row = 0
        while row < count {
            let at = Int(combined[row])
            if known[at] == 0 { known[at] = groupOfRow(row) &+ 1 }
            target[row] = known[at] &- 1
            row &+= 1
        }
    }

    private static func combine(
        _ column: Vector, size: UInt32, count: Int, into combined: UnsafeMutablePointer<UInt32>
    ) {
        let codes = UnsafeMutableRawPointer(column.codes).assumingMemoryBound(to: UInt32.self)
        var row = 0
        if let validity = column.validity {
            while row < count {
                let code = validity.isSet(row) ? codes[row] : size &- 1
                combined[row] = combined[row] &* size &+ code
                row &+= 1
            }
        } else {
            while row < count {
                combined[row] = combined[row] &* size &+ codes[row]
                row &+= 1
            }
        }
    }
}
