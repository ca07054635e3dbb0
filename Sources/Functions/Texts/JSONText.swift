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
            let writer = JSONValueWriter(vector, form)
            return Rows(call).written { row, out in
                writer.write(row, to: &out)
                return true
            }
        }
    ]

    /// A map's key as its name: a structure's members between brackets, as Spark's rows show themselves.
    static func key(_ vector: Vector, _ row: Int, _ zone: Zone) -> String {
        let flat = vector.flattened()
        guard case .structure = flat.type else { return plain(vector, row, zone) }
        let members = flat.children.map { isNull($0, row) ? "null" : key($0, row, zone) }
        return "[\(members.joined(separator: ","))]"
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

    /// Appends `2024-02-29T13:14:15.123Z`: milliseconds, and for instants the zone's distance.
    static func appendInstant(_ vector: Vector, _ row: Int, _ zone: Zone, to out: inout [UInt8]) {
        let micros = Column(vector).integer(row)
        let local = vector.type == .timestamp ? zone.local(micros) : micros
        let days = ClockTime.floorDivide(local, ClockTime.microsecondsPerDay)
        let milliseconds = ClockTime.floorRemainder(local, ClockTime.microsecondsPerDay) / 1000
        let seconds = milliseconds / 1000
        TimeText.date(days, &out)
        out.append(UInt8(ascii: "T"))
        appendPair(seconds / 3600, to: &out)
        out.append(UInt8(ascii: ":"))
        appendPair(seconds / 60 % 60, to: &out)
        out.append(UInt8(ascii: ":"))
        appendPair(seconds % 60, to: &out)
        out.append(UInt8(ascii: "."))
        out.append(UInt8(48 + milliseconds % 1000 / 100))
        appendPair(milliseconds % 100, to: &out)
        if vector.type == .timestampNTZ { return }
        let offset = (local &- micros) / 60_000_000
        if offset == 0 { return out.append(UInt8(ascii: "Z")) }
        out.append(UInt8(ascii: offset < 0 ? "-" : "+"))
        appendPair(abs(offset) / 60, to: &out)
        out.append(UInt8(ascii: ":"))
        appendPair(abs(offset) % 60, to: &out)
    }

    /// Appends a number below 100 as two digits.
    private static func appendPair(_ number: Int, to out: inout [UInt8]) {
        out.append(UInt8(truncatingIfNeeded: 48 &+ number / 10))
        out.append(UInt8(truncatingIfNeeded: 48 &+ number % 10))
    }

    /// Returns a text in quotes as Jackson, and so Spark, writes it.
    static func quoted(_ text: String) -> String {
        var (copy, out) = (text, [UInt8]())
        copy.withUTF8 { JSONQuoting.append(UnsafeRawBufferPointer($0), to: &out) }
        return String(decoding: out, as: UTF8.self)
    }
}

/// Says how `to_json` writes.
struct JSONForm {
    let values: ValueWriter
    let zone: Zone
    let leavesNullsOut: Bool
}
