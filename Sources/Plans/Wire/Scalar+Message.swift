import Columns
import FoundationEssentials
import Vocabulary

extension Scalar: MessageMapped {
    func message() throws(EngineError) -> WireScalar {
        var message = WireScalar()
        switch self {
        case .null: message.null = true
        case .boolean(let flag): message.boolean = flag
        case .integer(let number): message.integer = number
        case .decimal(let unscaled):
            message.decimal = withUnsafeBytes(of: unscaled.littleEndian) { Data($0) }
        case .float(let number): message.floatBits = number.bitPattern
        case .double(let number): message.doubleBits = number.bitPattern
        case .string(let text): message.text = text
        case .binary(let bytes): message.binary = Data(bytes)
        case .array(let items): message.array.items = try items.messages()
        case .structure(let items): message.structure.items = try items.messages()
        case .map(let keys, let values):
            message.map.keys = try keys.messages()
            message.map.values = try values.messages()
        }
        return message
    }

    init(_ message: WireScalar) throws(EngineError) {
        switch message.value {
        case .null: self = .null
        case .boolean(let flag): self = .boolean(flag)
        case .integer(let number): self = .integer(number)
        case .decimal(let bytes): self = .decimal(try Self.decimal(bytes))
        case .floatBits(let bits): self = .float(Float(bitPattern: bits))
        case .doubleBits(let bits): self = .double(Double(bitPattern: bits))
        case .text(let text): self = .string(text)
        case .binary(let bytes): self = .binary([UInt8](bytes))
        case .array(let list): self = .array(try [Scalar](list.items))
        case .structure(let list): self = .structure(try [Scalar](list.items))
        case .map(let map):
            if map.keys.count != map.values.count {
                throw PlanCodec.corrupt("a map has more keys than values, or fewer")
            }
            self = .map(keys: try [Scalar](map.keys), values: try [Scalar](map.values))
        case nil: throw PlanCodec.corrupt("a value is missing, or of a kind that this release does not know")
        }
    }

    private static func decimal(_ bytes: Data) throws(EngineError) -> Int128 {
        if bytes.count != 16 { throw PlanCodec.corrupt("a decimal has not 16 bytes") }
        return bytes.withUnsafeBytes { Int128(littleEndian: $0.loadUnaligned(as: Int128.self)) }
    }
}
