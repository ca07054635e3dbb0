import FoundationEssentials

/// Holds a value of JSON, for schemas.
enum AvroJSON: Decodable, Sendable {
    case null
    case boolean(Bool)
    case integer(Int64)
    case number(Double)
    case string(String)
    case array([AvroJSON])
    case object([String: AvroJSON])

    init(from decoder: any Decoder) throws {
        let single = try decoder.singleValueContainer()
        if single.decodeNil() {
            self = .null
        } else if let text = try? single.decode(String.self) {
            self = .string(text)
        } else if let flag = try? single.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? single.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? single.decode(Double.self) {
            self = .number(number)
        } else if let items = try? single.decode([AvroJSON].self) {
            self = .array(items)
        } else {
            self = .object(try single.decode([String: AvroJSON].self))
        }
    }
}
