import Columns
import Vocabulary

/// Writes variants as JSON, as Spark's `Variant.toJson` does: members by name, times as quoted text.
package enum VariantText {
    /// Returns the JSON text of every row of a flat vector of variants.
    package static func json(_ input: Vector, zone: Zone) -> Vector {
        let builder = ViewBuilder(count: input.count)
        let views = input.pointer(as: StringView.self)
        for row in 0..<input.count where !input.isNull(row) {
            var text: [UInt8] = []
            views[row].withBytes { write(VariantValue($0), zone, &text) }
            builder.put(text, row)
        }
        return builder.finish(.string, validity: input.validity)
    }

    /// Appends the JSON text of a value.
    package static func write(_ value: VariantValue, _ zone: Zone, _ out: inout [UInt8]) {
        switch value.content {
        case .null: out += "null".utf8
        case .boolean(let flag): out += (flag ? "true" : "false").utf8
        case .integer(let number): out += String(number).utf8
        case .float(let number): write(NumberText.text(number), isFinite: number.isFinite, &out)
        case .double(let number): write(NumberText.text(number), isFinite: number.isFinite, &out)
        case .decimal(let unscaled, let scale): out += WideDecimal.text(unscaled, scale: scale).utf8
        case .date(let days):
            quote(&out) { TimeText.date(Int(days), &$0) }
        case .timestamp(let micros):
            quote(&out) { text in
                TimeText.timestamp(zone.local(Int(micros)), &text)
                let minutes = (zone.local(Int(micros)) &- Int(micros)) / 60_000_000
                text.append(UInt8(ascii: minutes < 0 ? "-" : "+"))
                TimeText.pad(abs(minutes) / 60, 2, &text)
                text.append(UInt8(ascii: ":"))
                TimeText.pad(abs(minutes) % 60, 2, &text)
            }
        case .timestampNTZ(let micros):
            quote(&out) { TimeText.timestamp(Int(micros), &$0) }
        case .string(let bytes): string(bytes, &out)
        case .binary(let bytes):
            quote(&out) { $0 += Base64.encode(bytes) }
        case .object:
            out.append(UInt8(ascii: "{"))
            for (place, member) in value.members.enumerated() {
                if place > 0 { out.append(UInt8(ascii: ",")) }
                var name = member.name
                name.withUTF8 { string(UnsafeRawBufferPointer($0), &out) }
                out.append(UInt8(ascii: ":"))
                write(member.value, zone, &out)
            }
            out.append(UInt8(ascii: "}"))
        case .array:
            out.append(UInt8(ascii: "["))
            for (place, element) in value.children.enumerated() {
                if place > 0 { out.append(UInt8(ascii: ",")) }
                write(element, zone, &out)
            }
            out.append(UInt8(ascii: "]"))
        }
    }

    private static func quote(_ out: inout [UInt8], _ body: (inout [UInt8]) -> Void) {
        out.append(UInt8(ascii: "\""))
        body(&out)
        out.append(UInt8(ascii: "\""))
    }

    private static func write(_ number: String, isFinite: Bool, _ out: inout [UInt8]) {
        if isFinite { out += number.utf8 } else { quote(&out) { $0 += number.utf8 } }
    }

    /// Appends a text in quotes as Jackson does: `\b`, `\f`, code units in capitals.
    private static func string(_ bytes: UnsafeRawBufferPointer, _ out: inout [UInt8]) {
        out.append(UInt8(ascii: "\""))
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
            case 10: out += "\\n".utf8
            case 13: out += "\\r".utf8
            case 9: out += "\\t".utf8
            case 8: out += "\\b".utf8
            case 12: out += "\\f".utf8
            case 0..<32:
                out += "\\u00".utf8
                Hexadecimal.append(byte, Hexadecimal.upper, to: &out)
            default: out.append(byte)
            }
        }
        out.append(UInt8(ascii: "\""))
    }
}
