import Columns
import Kernels
import Memory
import Vocabulary

/// Writes values as text in the forms that files want, whole columns at a time.
enum ValueText {
    /// Returns the column as flat strings as text files hold them: numbers as Java prints them, timestamps in
    /// ISO 8601 with milliseconds and offset, everything else as CAST to STRING.
    static func fileText(_ column: Vector, zone: Zone) throws(EngineError) -> Vector {
        switch column.type {
        case .string: return column.flattened()
        case .timestamp, .timestampNTZ: return timestamps(column.flattened(), zone: zone)
        case .null: return Vector.of(.string, Array(repeating: .null, count: column.count))
        default: return try Casting.cast(column, to: .string, mode: .error, zone: zone).flattened()
        }
    }

    private static func timestamps(_ column: Vector, zone: Zone) -> Vector {
        let builder = ViewBuilder(count: column.count)
        let values = column.pointer(as: Int64.self)
        let isLocal = column.type == .timestampNTZ
        var text: [UInt8] = []
        for row in 0..<column.count where !column.isNull(row) {
            text.removeAll(keepingCapacity: true)
            let value = Int(values[row])
            timestamp(isLocal ? value : zone.local(value), &text)
            if !isLocal { offset(zone.offset(at: ClockTime.floorDivide(value, 1_000_000)), &text) }
            builder.put(text, row)
        }
        return builder.finish(.string, validity: column.validity)
    }

    /// Appends `yyyy-MM-ddTHH:mm:ss.SSS` of a local time in microseconds.
    private static func timestamp(_ microseconds: Int, _ out: inout [UInt8]) {
        let days = ClockTime.floorDivide(microseconds, ClockTime.microsecondsPerDay)
        let milliseconds = (microseconds &- days &* ClockTime.microsecondsPerDay) / 1000
        TimeText.date(days, &out)
        out.append(UInt8(ascii: "T"))
        pair(milliseconds / 3_600_000, &out)
        out.append(UInt8(ascii: ":"))
        pair(milliseconds / 60_000 % 60, &out)
        out.append(UInt8(ascii: ":"))
        pair(milliseconds / 1000 % 60, &out)
        out.append(UInt8(ascii: "."))
        out.append(48 + UInt8(milliseconds / 100 % 10))
        pair(milliseconds % 100, &out)
    }

    private static func offset(_ seconds: Int, _ out: inout [UInt8]) {
        if seconds == 0 { return out.append(UInt8(ascii: "Z")) }
        out.append(UInt8(ascii: seconds < 0 ? "-" : "+"))
        let minutes = abs(seconds) / 60
        pair(minutes / 60, &out)
        out.append(UInt8(ascii: ":"))
        pair(minutes % 60, &out)
    }

    private static func pair(_ value: Int, _ out: inout [UInt8]) {
        out.append(48 + UInt8(value / 10))
        out.append(48 + UInt8(value % 10))
    }
}

extension StringView {
    /// Appends the value's bytes.
    func append(to out: inout [UInt8]) { withBytes { out.append(contentsOf: $0) } }
}

extension EngineError {
    /// Reports a column that a text format cannot hold.
    static func unsupportedColumn(_ field: Field, format: String) -> EngineError {
        .user(
            "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
            "The \(format) datasource doesn't support the column `\(field.name)` of the type "
                + "\"\(field.type.sqlName)\"",
            remedy: "Cast it to STRING, or write Parquet.")
    }
}
