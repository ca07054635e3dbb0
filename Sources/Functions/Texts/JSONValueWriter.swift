import Columns
import Kernels
import Vocabulary

/// Writes the rows of a vector as JSON. What a row needs is made once: names in quotes, texts of types that
/// only a cast knows how to write. Used by one thread.
final class JSONValueWriter {
    private enum Kind { case structure, array, map, boolean, integer, double, string, bare, quoted, other }

    private let vector: Vector
    private let column: Column
    private let form: JSONForm
    private let kind: Kind
    private let children: [JSONValueWriter]
    /// Of a structure: each name in quotes and the colon behind it.
    private let names: [[UInt8]]
    /// The values as a cast to STRING shows them.
    private let texts: Column?
    private let isAlwaysNull: Bool

    /// Prepares for a flat or constant vector.
    init(_ vector: Vector, _ form: JSONForm) {
        let vector = vector.flattened()
        self.vector = vector
        column = Column(vector)
        self.form = form
        isAlwaysNull = vector.type == .null || vector.isNullConstant
        kind = isAlwaysNull ? .other : Self.kind(vector.type)
        var names: [[UInt8]] = []
        if case .structure(let fields) = vector.type {
            names = fields.map { Array((JSONText.quoted($0.name) + ":").utf8) }
        }
        self.names = names
        children = isAlwaysNull ? [] : vector.children.map { JSONValueWriter($0, form) }
        if kind == .bare || kind == .quoted {
            texts = (try? Casting.cast(vector, to: .string, mode: .null, zone: form.zone)).map {
                Column($0.flattened())
            }
        } else {
            texts = nil
        }
    }

    private static func kind(_ type: DataType) -> Kind {
        switch type {
        case .structure: .structure
        case .array: .array
        case .map: .map
        case .boolean: .boolean
        case .int8, .int16, .int32, .int64: .integer
        case .double: .double
        case .string: .string
        case .decimal, .float: .bare
        case .timestamp, .timestampNTZ, .date, .variant, .binary: .other
        default: .quoted
        }
    }

    @inline(__always)
    private func isNull(_ row: Int) -> Bool { isAlwaysNull || vector.isNull(row) }

    /// Appends a row's value.
    func write(_ row: Int, to out: inout [UInt8]) {
        if isNull(row) { return out.append(contentsOf: StaticString("null").bytes) }
        switch kind {
        case .structure: writeMembers(row, to: &out)
        case .array: writeElements(row, to: &out)
        case .map: writeEntries(row, to: &out)
        case .boolean:
            let isTrue = vector.pointer(as: UInt8.self)[row] != 0
            out.append(contentsOf: (isTrue ? StaticString("true") : "false").bytes)
        case .integer: IntegerText.append(column.integer(row), to: &out)
        case .double:
            let value = vector.pointer(as: Double.self)[row]
            if value.isFinite { return NumberText.append(value, to: &out) }
            out.append(contentsOf: JSONText.quoted(NumberText.text(value)).utf8)
        case .string:
            vector.pointer(as: StringView.self)[row].withUTF8 { JSONQuoting.append($0, to: &out) }
        case .bare: writeNumber(row, to: &out)
        case .quoted: text(row).withUTF8 { JSONQuoting.append($0, to: &out) }
        case .other: writeOther(row, to: &out)
        }
    }

    private func text(_ row: Int) -> StringView {
        guard let texts, !texts.isNull(row) else { return .empty }
        return texts.view(row)
    }

    private func writeNumber(_ row: Int, to out: inout [UInt8]) {
        text(row).withBytes { digits in
            // NaN and Infinity.
            let isName = digits.last.map { $0 == UInt8(ascii: "N") || $0 == UInt8(ascii: "y") } ?? false
            if isName { return JSONQuoting.append(digits, to: &out) }
            out.append(contentsOf: digits)
        }
    }

    private func writeMembers(_ row: Int, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        for i in children.indices where !form.leavesNullsOut || !children[i].isNull(row) {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            out.append(contentsOf: names[i])
            children[i].write(row, to: &out)
        }
        out.append(UInt8(ascii: "}"))
    }

    private func writeElements(_ row: Int, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "["))
        let (start, end) = (Int(vector.offsets[row]), Int(vector.offsets[row + 1]))
        var at = start
        while at < end {
            if at > start { out.append(UInt8(ascii: ",")) }
            children[0].write(at, to: &out)
            at += 1
        }
        out.append(UInt8(ascii: "]"))
    }

    private func writeEntries(_ row: Int, to out: inout [UInt8]) {
        out.append(UInt8(ascii: "{"))
        let (start, end) = (Int(vector.offsets[row]), Int(vector.offsets[row + 1]))
        var at = start
        while at < end {
            if at > start { out.append(UInt8(ascii: ",")) }
            children[0].writeKey(at, to: &out)
            out.append(UInt8(ascii: ":"))
            children[1].write(at, to: &out)
            at += 1
        }
        out.append(UInt8(ascii: "}"))
    }

    private func writeKey(_ row: Int, to out: inout [UInt8]) {
        switch kind {
        case .string, .quoted: write(row, to: &out)
        default: out.append(contentsOf: JSONText.quoted(JSONText.key(vector, row, form.zone)).utf8)
        }
    }

    private func writeOther(_ row: Int, to out: inout [UInt8]) {
        switch vector.type {
        case .variant:
            vector.pointer(as: StringView.self)[row].withBytes {
                VariantText.write(VariantValue($0), form.zone, &out)
            }
        case .binary:
            let text = Base64.encode(Column(vector).bytes(row))
            text.withUnsafeBytes { JSONQuoting.append($0, to: &out) }
        default:
            var text: [UInt8] = []
            form.values.append(vector, row, to: &text)
            text.withUnsafeBytes { JSONQuoting.append($0, to: &out) }
        }
    }
}
