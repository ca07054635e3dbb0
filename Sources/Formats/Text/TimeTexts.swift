import Columns
import Kernels
import Memory
import Vocabulary

/// Writes times as the patterns say that options `dateFormat`, `timestampFormat` and `timestampNTZFormat`
/// name. Whoever makes the options of a writer knows the patterns' language and gives a function for each.
package struct TimeTexts: Sendable {
    /// Appends the text of days since 1970 for dates, else of microseconds, of UTC where the type has a zone.
    package typealias Writer = @Sendable (Int64, inout [UInt8]) -> Void

    package var date: Writer?
    package var timestamp: Writer?
    package var timestampNTZ: Writer?

    package init(date: Writer? = nil, timestamp: Writer? = nil, timestampNTZ: Writer? = nil) {
        self.date = date
        self.timestamp = timestamp
        self.timestampNTZ = timestampNTZ
    }

    /// Whether values of the type have a pattern.
    func hasPattern(_ type: DataType) -> Bool { writer(of: type) != nil }

    private func writer(of type: DataType) -> Writer? {
        switch type {
        case .date: date
        case .timestamp: timestamp
        case .timestampNTZ: timestampNTZ
        default: nil
        }
    }

    /// Returns the column as flat strings as text files hold them.
    func text(_ column: Vector, zone: Zone) throws(EngineError) -> Vector {
        guard let writer = writer(of: column.type) else {
            return try ValueText.fileText(column, zone: zone)
        }
        let flat = column.flattened()
        let builder = ViewBuilder(count: flat.count)
        var text: [UInt8] = []
        for row in 0..<flat.count where !flat.isNull(row) {
            text.removeAll(keepingCapacity: true)
            let value =
                flat.type == .date
                ? Int64(flat.pointer(as: Int32.self)[row]) : flat.pointer(as: Int64.self)[row]
            writer(value, &text)
            builder.put(text, row)
        }
        return builder.finish(.string, validity: flat.validity)
    }
}
