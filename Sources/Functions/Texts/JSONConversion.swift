import Columns
import Kernels
import Vocabulary

/// Turns JSON texts into values of a type, as Spark's JacksonParser does in mode PERMISSIVE: what does not
/// fit is null, what stands beside it is kept.
struct JSONConversion {
    private let type: DataType
    let reader: TextValueReader
    /// Place of the member that takes records which do not fit.
    let corruptMember: Int?
    private let failsFast: Bool

    init(_ type: DataType, _ options: TextOptionValues, zone: Zone) throws {
        self.type = type
        reader = try TextValueReader(options, zone: zone)
        failsFast = try options.failsFast("from_json")
        let name = options["columnnameofcorruptrecord"] ?? "_corrupt_record"
        if case .structure(let fields) = type {
            corruptMember = fields.firstIndex { $0.name == name && $0.type == .string }
        } else {
            corruptMember = nil
        }
    }

    /// Returns the value of a text. Throws MALFORMED_RECORD_IN_PARSING in mode FAILFAST.
    func value(_ text: [UInt8]) throws -> Scalar {
        if text.allSatisfy({ $0 <= 32 }) { return .null }
        var isBroken = false
        var result: Scalar?
        if let parsed = JSONValue.parsed(text) { result = whole(parsed, &isBroken) }
        if result == nil { isBroken = true }
        if isBroken { try text.withUnsafeBytes { try checkMode($0) } }
        if isBroken, case .array(let element, _) = type, !element.isNested { return .null }
        guard case .structure(let fields) = type else { return result ?? .null }
        var members = fields.map { _ in Scalar.null }
        if case .structure(let found)? = result { members = found }
        if let corruptMember {
            members[corruptMember] = isBroken ? .string(String(decoding: text, as: UTF8.self)) : .null
        }
        return .structure(members)
    }

    /// Throws MALFORMED_RECORD_IN_PARSING for a record that does not fit, in mode FAILFAST.
    func checkMode(_ text: UnsafeRawBufferPointer) throws {
        if failsFast { throw TextOptionValues.misfit(String(decoding: text, as: UTF8.self)) }
    }

    /// The outermost value: an object beside an array's type is its only element.
    private func whole(_ value: JSONValue, _ isBroken: inout Bool) -> Scalar? {
        switch (type, value) {
        case (.array(let element, _), .object):
            guard case .structure = element else { return nil }
            return convert(value, element, &isBroken).map { .array([$0]) }
        case (.structure, .null), (.array, .null), (.map, .null): return nil
        default: return convert(value, type, &isBroken)
        }
    }

    /// Returns a value of `type`; nil when it does not fit. What does not fit inside sets `isBroken`.
    func convert(_ value: JSONValue, _ type: DataType, _ isBroken: inout Bool) -> Scalar? {
        if type == .variant { return variant(value) }
        if case .null = value { return .null }
        switch (type, value) {
        case (.structure(let fields), .object(let members)):
            return .structure(structure(fields, members, &isBroken))
        case (.array(let element, _), .array(let elements)):
            // An element that does not fit at all takes the whole array with it, one of a structure's members
            // not.
            var converted: [Scalar] = []
            for value in elements {
                guard let scalar = convert(value, element, &isBroken) else { return nil }
                converted.append(scalar)
            }
            return .array(converted)
        case (.map(let key, let element, _), .object(let members)):
            guard key == .string else { return nil }
            var places: [String: Int] = [:]
            var (keys, values): ([Scalar], [Scalar]) = ([], [])
            for member in members {
                guard let converted = convert(member.value, element, &isBroken) else { return nil }
                if let place = places[member.name] {
                    values[place] = converted
                } else {
                    places[member.name] = keys.count
                    keys.append(.string(member.name))
                    values.append(converted)
                }
            }
            return .map(keys: keys, values: values)
        case (.string, _): return value.plainText.map { .string($0) } ?? .null
        default: return type.isNested ? nil : scalar(value, type)
        }
    }

    /// Says whether a value and all within it fit.
    func fits(_ value: JSONValue, _ type: DataType) -> Bool {
        var isBroken = false
        return convert(value, type, &isBroken) != nil && !isBroken
    }

    private func variant(_ value: JSONValue) -> Scalar? {
        var builder = VariantBuilder()
        return VariantJSON.append(value, to: &builder) ? .binary(builder.finish()) : nil
    }

    private func part(_ value: JSONValue, _ type: DataType, _ isBroken: inout Bool) -> Scalar {
        if let converted = convert(value, type, &isBroken) { return converted }
        isBroken = true
        return .null
    }

    private func structure(
        _ fields: [Field], _ members: [(name: String, value: JSONValue)], _ isBroken: inout Bool
    ) -> [Scalar] {
        var result = fields.map { _ in Scalar.null }
        for member in members {
            guard let place = fields.firstIndex(where: { $0.name == member.name }) else { continue }
            result[place] = part(member.value, fields[place].type, &isBroken)
        }
        return result
    }

    private func scalar(_ value: JSONValue, _ type: DataType) -> Scalar? {
        switch (value, type) {
        case (.boolean(let flag), .boolean): return .boolean(flag)
        case (.integer(let digits), .int8), (.integer(let digits), .int16), (.integer(let digits), .int32),
            (.integer(let digits), .int64):
            guard let number = Int64(digits) else { return nil }
            let bits = type.physical.width * 8
            return number >> (bits - 1) == number >> 63 ? .integer(number) : nil
        // The integer -0 has no sign.
        case (.integer("-0"), .double): return .double(0)
        case (.integer("-0"), .float): return .float(0)
        case (.integer(let digits), .double), (.fraction(let digits), .double):
            return Double(digits).map { .double($0) }
        case (.integer(let digits), .float), (.fraction(let digits), .float):
            return Float(digits).map { .float($0) }
        case (.string(let text), .double): return Self.special(text).map { .double($0) }
        case (.string(let text), .float): return Self.special(text).map { .float(Float($0)) }
        case (.integer(let digits), .decimal), (.fraction(let digits), .decimal):
            return reader.value(digits, type)
        case (.integer(let digits), .timestamp):
            return Int64(digits).flatMap { seconds in
                let (micros, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
                return overflow ? nil : .integer(micros)
            }
        case (.string(let text), .binary):
            return Base64.decodeLenient(Array(text.utf8)).map { .binary($0) }
        case (.string(let text), .date), (.string(let text), .timestamp), (.string(let text), .timestampNTZ),
            (.string(let text), .decimal), (.string(let text), .yearMonthInterval),
            (.string(let text), .dayTimeInterval), (.string(let text), .time):
            return reader.value(text, type)
        default: return nil
        }
    }

    private static func special(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "+INF", "+Infinity", "Infinity": .infinity
        case "-INF", "-Infinity": -.infinity
        default: nil
        }
    }
}
