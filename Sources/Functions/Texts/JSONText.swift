import Columns
import Kernels
import Vocabulary

/// Writes values as JSON, as Spark's `to_json` does: members that are null are left out.
enum JSONText {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "to_json",
            typing: { request in
                try Signature.checkCount(request, 1...2)
                guard request.types[0].isNested || request.types[0] == .variant else {
                    throw Signature.mismatch(
                        request, argument: 0, requires: "\"STRUCT\", \"MAP\" or \"ARRAY\"")
                }
                return Typing(request.types, .string)
            }, "Writes a structure, map, array or variant as JSON.", example: "to_json(named_struct('a', 1))"
        ) { call in
            let vector = call[0].flattened()
            let options = TextOptionValues(call, at: 1)
            let form = JSONForm(
                values: try ValueWriter(options, zone: call.zone), zone: call.zone,
                leavesNullsOut: options.isTrue("ignorenullfields") ?? true)
            return Rows(call).texts { row in
                var text = ""
                write(vector, row, form, into: &text)
                return text
            }
        }
    ]

    private static func write(_ vector: Vector, _ row: Int, _ form: JSONForm, into text: inout String) {
        if vector.type == .null || vector.isNullConstant || vector.isNull(row) {
            text += "null"
            return
        }
        switch vector.type {
        case .structure(let fields):
            var parts: [String] = []
            for (field, child) in zip(fields, vector.children)
            where !form.leavesNullsOut || !isNull(child, row) {
                parts.append("\(quoted(field.name)):\(one(child, row, form))")
            }
            text += "{\(parts.joined(separator: ","))}"
        case .array:
            let range = Int(vector.offsets[row])..<Int(vector.offsets[row + 1])
            text += "[\(range.map { one(vector.children[0], $0, form) }.joined(separator: ","))]"
        case .map:
            let range = Int(vector.offsets[row])..<Int(vector.offsets[row + 1])
            let parts = range.map { at in
                "\(quoted(key(vector.children[0], at, form.zone))):\(one(vector.children[1], at, form))"
            }
            text += "{\(parts.joined(separator: ","))}"
        case .boolean, .int8, .int16, .int32, .int64, .decimal: text += plain(vector, row, form.zone)
        case .float, .double:
            let number = plain(vector, row, form.zone)
            text += number.hasSuffix("N") || number.hasSuffix("y") ? "\"\(number)\"" : number
        case .timestamp, .timestampNTZ, .date: text += quoted(form.values.text(vector, row) ?? "")
        case .variant:
            var bytes: [UInt8] = []
            vector.pointer(as: StringView.self)[row].withBytes {
                VariantText.write(VariantValue($0), form.zone, &bytes)
            }
            text += String(decoding: bytes, as: UTF8.self)
        case .binary:
            text += quoted(String(decoding: Base64.encode(Column(vector).bytes(row)), as: UTF8.self))
        default: text += quoted(plain(vector, row, form.zone))
        }
    }

    /// A map's key as its name: a structure's members between brackets, as Spark's rows show themselves.
    private static func key(_ vector: Vector, _ row: Int, _ zone: Zone) -> String {
        let flat = vector.flattened()
        guard case .structure = flat.type else { return plain(vector, row, zone) }
        let members = flat.children.map { isNull($0, row) ? "null" : key($0, row, zone) }
        return "[\(members.joined(separator: ","))]"
    }

    private static func one(_ vector: Vector, _ row: Int, _ form: JSONForm) -> String {
        var text = ""
        write(vector.flattened(), row, form, into: &text)
        return text
    }

    private static func isNull(_ vector: Vector, _ row: Int) -> Bool {
        vector.type == .null || vector.isNullConstant || vector.isNull(row)
    }

    /// A value as a cast to STRING shows it.
    private static func plain(_ vector: Vector, _ row: Int, _ zone: Zone) -> String {
        let part = vector.flattened().sliced(from: row, count: 1).flattened()
        let text = try? Casting.cast(part, to: .string, mode: .null, zone: zone).scalar(at: 0)
        if case .string(let value)? = text { return value }
        return ""
    }

    /// `2024-02-29T13:14:15.123Z`: milliseconds, and for instants the zone's distance.
    static func instant(_ vector: Vector, _ row: Int, _ zone: Zone) -> String {
        let micros = Column(vector).integer(row)
        let local = vector.type == .timestamp ? zone.local(micros) : micros
        let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
        let milliseconds = ClockTime.floorRemainder(local, ClockTime.microsecondsPerDay) / 1000
        let day = plain(.of(.date, [.integer(Int64(days))]), 0, zone)
        let seconds = milliseconds / 1000
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        let text = "\(day)T\(clock.joined(separator: ":")).\(padded(milliseconds % 1000, 3))"
        if vector.type == .timestampNTZ { return text }
        let offset = (local &- micros) / 60_000_000
        if offset == 0 { return text + "Z" }
        return text + "\(offset < 0 ? "-" : "+")\(padded(abs(offset) / 60, 2)):\(padded(abs(offset) % 60, 2))"
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Returns a text in quotes as Jackson, and so Spark, writes it: `\b`, `\f`, digits in capitals.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{c}": result += "\\f"
            case _ where scalar.value < 32:
                let byte = CollectionOfOne(UInt8(scalar.value))
                result += "\\u00" + Hexadecimal.text(byte, isUpper: true)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

/// Says how `to_json` writes.
struct JSONForm {
    let values: ValueWriter
    let zone: Zone
    let leavesNullsOut: Bool
}
