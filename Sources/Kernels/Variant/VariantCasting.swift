import Columns
import Memory
import Vocabulary

/// Converts variants to values of a type and back, as Spark's `VariantGet.cast` does.
package struct VariantCasting {
    private let zone: Zone
    /// Whether a value that does not fit fails; otherwise it is null.
    private let failsOnMisfit: Bool

    package init(zone: Zone, failsOnMisfit: Bool) {
        self.zone = zone
        self.failsOnMisfit = failsOnMisfit
    }

    /// Returns a value as one of `type`, null for a variant's null. Throws INVALID_VARIANT_CAST.
    package func scalar(_ value: VariantValue, as type: DataType) throws(EngineError) -> Scalar {
        if type == .variant {
            var builder = VariantBuilder()
            builder.append(value)
            return .binary(builder.finish())
        }
        let content = value.content
        switch (content, type) {
        case (.null, _): return .null
        case (.array, .array(let element, _)):
            var elements: [Scalar] = []
            for child in value.children { elements.append(try scalar(child, as: element)) }
            return .array(elements)
        case (.object, .map(.string, let element, _)):
            var (keys, values): ([Scalar], [Scalar]) = ([], [])
            for member in value.members {
                keys.append(.string(member.name))
                values.append(try scalar(member.value, as: element))
            }
            return .map(keys: keys, values: values)
        case (.object, .structure(let fields)):
            var members: [Scalar] = []
            for field in fields {
                members.append(
                    try value.member(field.name).map { member throws(EngineError) in
                        try scalar(member, as: field.type)
                    } ?? .null)
            }
            return .structure(members)
        case (.object, .string), (.array, .string): return .string(json(value))
        case (.object, _), (.array, _): return try misfit(value, type)
        default: return type.isNested ? try misfit(value, type) : try plain(value, content, type)
        }
    }

    private func plain(
        _ value: VariantValue, _ content: VariantValue.Content, _ type: DataType
    ) throws(EngineError) -> Scalar {
        let literal: Literal
        switch content {
        case .boolean(let flag): literal = .boolean(flag)
        case .integer(let number): literal = .int64(number)
        case .float(let number): literal = Literal(.float(number), .float)
        case .double(let number): literal = .double(number)
        case .decimal(let unscaled, let scale):
            let digits = max(String(unscaled.magnitude).utf8.count, scale)
            literal = Literal(.decimal(unscaled), .decimal(precision: min(digits, 38), scale: scale))
        case .date(let days): literal = Literal(.integer(days), .date)
        case .timestamp(let micros): literal = Literal(.integer(micros), .timestamp)
        case .timestampNTZ(let micros): literal = Literal(.integer(micros), .timestampNTZ)
        case .string(let bytes): literal = .string(String(decoding: bytes, as: UTF8.self))
        case .binary(let bytes): literal = Literal(.binary(Array(bytes)), .binary)
        case .null, .object, .array: return .null
        }
        if literal.type == type { return literal.value }
        guard Self.isCastable(literal.type, type) else { return try misfit(value, type) }
        let one = Vector.of(literal.type, [literal.value])
        let cast = try? Casting.cast(one, to: type, mode: .null, zone: zone).scalar(at: 0)
        guard let cast, !cast.isNull else { return try misfit(value, type) }
        return cast
    }

    /// Whether ANSI mode has the cast between types without members.
    private static func isCastable(_ from: DataType, _ to: DataType) -> Bool {
        let times: Set<DataType> = [.date, .timestamp, .timestampNTZ]
        if to.isInterval || to == .calendarInterval { return from == .string }
        if to == .string || from == .string { return true }
        if from == .binary || to == .binary { return false }
        if times.contains(from), times.contains(to) { return true }
        if from == .timestamp { return to.isNumeric }
        if to == .timestamp { return from.isNumeric }
        return !times.contains(from) && !times.contains(to)
    }

    private func json(_ value: VariantValue) -> String {
        var text: [UInt8] = []
        VariantText.write(value, zone, &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Null, or the error of a value that does not fit.
    private func misfit(_ value: VariantValue, _ type: DataType) throws(EngineError) -> Scalar {
        if !failsOnMisfit { return .null }
        throw .data(
            "INVALID_VARIANT_CAST",
            "The variant value `\(json(value).prefix(200))` cannot be cast into `\(type.sqlName)`.",
            remedy: "Use `try_variant_get` to get null instead.")
    }
}

extension CastJob {
    /// Converts every variant to the target type.
    func fromVariant() throws(EngineError) -> Vector {
        let casting = VariantCasting(zone: zone, failsOnMisfit: mode != .null)
        let views = input.pointer(as: StringView.self)
        let builder = VectorBuilder(target)
        for row in 0..<count {
            if input.isNull(row) {
                builder.append(.null)
                continue
            }
            let result = views[row].withBytes { bytes in
                Result { () throws(EngineError) in try casting.scalar(VariantValue(bytes), as: target) }
            }
            builder.append(try result.get())
        }
        return builder.finish()
    }

    /// Makes a variant of every value.
    func toVariant() throws(EngineError) -> Vector { try VariantCasting.variants(input) }
}

extension VariantCasting {
    /// Makes a variant of every value of a flat vector. Throws `VARIANT_DUPLICATE_KEY` (data).
    package static func variants(_ input: Vector) throws(EngineError) -> Vector {
        let out = ViewBuilder(count: input.count)
        for row in 0..<input.count where !input.isNull(row) {
            var builder = VariantBuilder()
            if let name = builder.append(input, row) { throw duplicate(name) }
            out.put(builder.finish(), row)
        }
        return out.finish(.variant, validity: input.validity)
    }

    /// The error of an object that holds a name twice.
    package static func duplicate(_ name: String) -> EngineError {
        .data(
            "VARIANT_DUPLICATE_KEY", "An object of a variant holds a key twice: '\(name)'.",
            remedy: "Remove one of the two.")
    }
}
