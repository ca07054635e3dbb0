import Columns
import Kernels
import Vocabulary

/// Renders the rows of a batch as text: JSON lines, CSV lines, or cells for a table. Every leaf column is
/// cast to a string once per batch, as Spark's CAST does in the session's zone; rows then only copy bytes.
package struct RowText {
    /// Holds one column with its values as text, and its parts when it is nested.
    private struct Column {
        let name: String
        let vector: Vector
        /// The values as text; nil for nested types in JSON.
        let text: Vector?
        let parts: [Column]
    }

    private let columns: [Column]
    package let rowCount: Int

    /// Prepares a batch of `schema`; instants are shown in `zone`. With `isJSON`, nested values become JSON
    /// and not Spark's text.
    package init(_ batch: Batch, schema: Schema, isJSON: Bool, zone: Zone) throws(EngineError) {
        var columns: [Column] = []
        for (index, field) in schema.fields.enumerated() {
            columns.append(try RowText.column(field.name, batch.columns[index], isJSON, zone))
        }
        self.columns = columns
        rowCount = batch.count
    }

    private static func column(
        _ name: String, _ vector: Vector, _ isJSON: Bool, _ zone: Zone
    ) throws(EngineError) -> Column {
        let flat = vector.flattened()
        if isJSON, vector.type.isNested, !vector.isNullConstant {
            var names: [String] = []
            if case .structure(let fields) = vector.type { names = fields.map(\.name) }
            var parts: [Column] = []
            for (index, child) in flat.children.enumerated() {
                let name = index < names.count ? names[index] : ""
                parts.append(try column(name, child, true, zone))
            }
            return Column(name: name, vector: flat, text: nil, parts: parts)
        }
        if case .binary = vector.type { return Column(name: name, vector: flat, text: flat, parts: []) }
        if isJSON, vector.type == .variant {
            return Column(name: name, vector: flat, text: VariantText.json(flat, zone: zone), parts: [])
        }
        let text = try Casting.cast(flat, to: .string, mode: .null, zone: zone).flattened()
        return Column(name: name, vector: flat, text: text, parts: [])
    }

    // MARK: - Cells

    /// Returns a value as a table shows it, nil for null.
    package func cell(row: Int, column: Int) -> String? {
        let column = columns[column]
        if column.vector.isNull(row) { return nil }
        guard let text = column.text, !text.isNull(row) else { return nil }
        let view = text.pointer(as: StringView.self)[row]
        return text.type == .binary ? view.withBytes { Hexadecimal.text($0, isUpper: true) } : view.string
    }

    // MARK: - CSV

    /// Appends the names of the columns as a CSV line (RFC 4180, line feed).
    package static func appendCSVHeader(_ schema: Schema, to out: inout [UInt8]) {
        for (index, name) in schema.names.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            var copy = name
            copy.withUTF8 { appendCSVField(UnsafeRawBufferPointer($0), to: &out) }
        }
        out.append(UInt8(ascii: "\n"))
    }

    /// Appends one row as a CSV line; null is an empty field, an empty string is `""`.
    package func appendCSV(row: Int, to out: inout [UInt8]) {
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            guard !column.vector.isNull(row), let text = column.text, !text.isNull(row) else { continue }
            text.pointer(as: StringView.self)[row].withBytes { bytes in
                if text.type == .binary {
                    out.append(contentsOf: Hexadecimal.text(bytes, isUpper: true).utf8)
                } else {
                    RowText.appendCSVField(bytes, to: &out)
                }
            }
        }
        out.append(UInt8(ascii: "\n"))
    }

    private static func appendCSVField(_ bytes: UnsafeRawBufferPointer, to out: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let mustQuote =
            bytes.isEmpty || bytes.contains { $0 == quote || $0 == UInt8(ascii: ",") || $0 == 10 || $0 == 13 }
        guard mustQuote else { return out.append(contentsOf: bytes) }
        out.append(quote)
        for byte in bytes {
            if byte == quote { out.append(quote) }
            out.append(byte)
        }
        out.append(quote)
    }

    // MARK: - JSON

    /// Appends one row as a JSON object and a line feed; nulls are written as `null`.
    package func appendJSON(row: Int, to out: inout [UInt8]) {
        appendObject(columns, row: row, to: &out)
        out.append(UInt8(ascii: "\n"))
    }

    private func appendObject(_ columns: [Column], row: Int, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        for (index, column) in columns.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            JSONString.append(column.name, to: &out)
            out.append(UInt8(ascii: ":"))
            appendValue(column, row: row, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private func appendValue(_ column: Column, row: Int, to out: inout [UInt8]) {
        if column.vector.isNull(row) { return out.append(contentsOf: "null".utf8) }
        guard let text = column.text else { return appendNested(column, row: row, to: &out) }
        if text.isNull(row) { return out.append(contentsOf: "null".utf8) }
        let view = text.pointer(as: StringView.self)[row]
        view.withBytes { bytes in
            switch column.vector.type {
            case .boolean, .int8, .int16, .int32, .int64, .decimal, .variant: out.append(contentsOf: bytes)
            case .float, .double:
                // JSON has no NaN and no infinities; Spark writes them as strings.
                let last = bytes.last ?? 0
                let isFinite = last != UInt8(ascii: "N") && last != UInt8(ascii: "y")
                isFinite ? out.append(contentsOf: bytes) : JSONString.append(bytes, to: &out)
            case .binary: JSONString.append(Hexadecimal.text(bytes, isUpper: true), to: &out)
            // JSON is UTF-8: what of a text is none becomes U+FFFD.
            default: view.withUTF8 { JSONString.append($0, to: &out) }
            }
        }
    }

    private func appendNested(_ column: Column, row: Int, to out: inout [UInt8]) {
        if case .structure = column.vector.type { return appendObject(column.parts, row: row, to: &out) }
        let offsets = column.vector.offsets
        let isMap = column.parts.count == 2
        out.append(UInt8(ascii: isMap ? "{" : "["))
        var element = Int(offsets[row])
        let end = Int(offsets[row + 1])
        let start = element
        while element < end {
            if element > start { out.append(UInt8(ascii: ",")) }
            if isMap {
                appendKey(column.parts[0], row: element, to: &out)
                out.append(UInt8(ascii: ":"))
            }
            appendValue(column.parts[isMap ? 1 : 0], row: element, to: &out)
            element += 1
        }
        out.append(UInt8(ascii: isMap ? "}" : "]"))
    }

    /// Appends a map's key, which JSON wants as a string.
    private func appendKey(_ column: Column, row: Int, to out: inout [UInt8]) {
        var key: [UInt8] = []
        appendValue(column, row: row, to: &key)
        if key.first == UInt8(ascii: "\"") { return out.append(contentsOf: key) }
        JSONString.append(String(decoding: key, as: UTF8.self), to: &out)
    }
}
