import Columns
import Vocabulary

extension Scalar: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        switch self {
        case .null: writer.presentFlag(1, true)
        case .boolean(let flag): writer.presentFlag(2, flag)
        case .integer(let number): writer.presentSigned(3, number)
        case .decimal(let unscaled):
            let low = UInt64(truncatingIfNeeded: unscaled)
            let high = UInt64(truncatingIfNeeded: unscaled >> 64)
            writer.data(4, Self.bytes(low) + Self.bytes(high))
        case .float(let number): writer.fixed32(5, number.bitPattern)
        case .double(let number): writer.fixed64(6, number.bitPattern)
        case .string(let text): writer.text(7, text)
        case .binary(let bytes): writer.data(8, bytes)
        case .array(let items): try writer.message(9, ScalarList(items: items))
        case .structure(let items): try writer.message(10, ScalarList(items: items))
        case .map(let keys, let values): try writer.message(11, ScalarMap(keys: keys, values: values))
        }
    }

    private static func bytes(_ value: UInt64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var value: Scalar?
        while let field = try reader.next() {
            switch field {
            case 1:
                _ = try reader.flag()
                value = .null
            case 2: value = .boolean(try reader.flag())
            case 3: value = .integer(try reader.signed())
            case 4: value = .decimal(try Self.decimal(try reader.data()))
            case 5: value = .float(Float(bitPattern: try reader.fixed32()))
            case 6: value = .double(Double(bitPattern: try reader.fixed64()))
            case 7: value = .string(try reader.text())
            case 8: value = .binary(Array(try reader.data()))
            case 9: value = .array(try reader.message(ScalarList.self).items)
            case 10: value = .structure(try reader.message(ScalarList.self).items)
            case 11:
                let map = try reader.message(ScalarMap.self)
                value = .map(keys: map.keys, values: map.values)
            default: try reader.skip()
            }
        }
        self = try ProtobufReader.required(value, "a value")
    }

    private static func decimal(_ bytes: ArraySlice<UInt8>) throws(EngineError) -> Int128 {
        if bytes.count != 16 { throw ProtobufReader.corrupt("a decimal has not 16 bytes") }
        return bytes.reversed().reduce(Int128(0)) { $0 << 8 | Int128($1) }
    }
}

private struct ScalarList: ProtobufMessage {
    var items: [Scalar]

    init(items: [Scalar]) { self.items = items }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) { try writer.messages(1, items) }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        items = []
        while let field = try reader.next() {
            if field == 1 { items.append(try reader.message()) } else { try reader.skip() }
        }
    }
}

private struct ScalarMap: ProtobufMessage {
    var keys: [Scalar]
    var values: [Scalar]

    init(keys: [Scalar], values: [Scalar]) {
        self.keys = keys
        self.values = values
    }

    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.messages(1, keys)
        try writer.messages(2, values)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        keys = []
        values = []
        while let field = try reader.next() {
            switch field {
            case 1: keys.append(try reader.message())
            case 2: values.append(try reader.message())
            default: try reader.skip()
            }
        }
        if keys.count != values.count {
            throw ProtobufReader.corrupt("a map has more keys than values, or fewer")
        }
    }
}

extension Literal: ProtobufMessage {
    func encode(to writer: inout ProtobufWriter) throws(EngineError) {
        try writer.message(1, value)
        try writer.message(2, type)
    }

    init(decoding reader: inout ProtobufReader) throws(EngineError) {
        var value: Scalar?
        var type: DataType?
        while let field = try reader.next() {
            switch field {
            case 1: value = try reader.message()
            case 2: type = try reader.message()
            default: try reader.skip()
            }
        }
        self.init(
            try ProtobufReader.required(value, "a literal's value"),
            try ProtobufReader.required(type, "a literal's type"))
    }
}
