import Columns

/// Holds Spark 4's rules for implicit conversions between types.
package enum Coercion {
    /// The decimal type that holds every value of an integral type; nil for other types.
    package static func decimal(holding type: DataType) -> DataType? {
        switch type {
        case .int8: .decimal(precision: 3, scale: 0)
        case .int16: .decimal(precision: 5, scale: 0)
        case .int32: .decimal(precision: 10, scale: 0)
        case .int64: .decimal(precision: 20, scale: 0)
        case .decimal: type
        default: nil
        }
    }

    /// The smallest decimal type that holds an integral literal, which Spark takes beside a decimal operand.
    package static func decimal(holding literal: Literal) -> DataType? {
        guard literal.type.isIntegral, case .integer(let value) = literal.value else { return nil }
        return .decimal(precision: String(value.magnitude).utf8.count, scale: 0)
    }

    /// Returns the decimal type that holds all values of both, with scale given up before integral digits.
    package static func widerDecimal(_ a: DataType, _ b: DataType) -> DataType? {
        guard case .decimal(let p, let s) = a, case .decimal(let q, let t) = b else { return nil }
        let scale = max(s, t)
        let digits = max(p - s, q - t)
        if digits + scale <= DataType.maximumPrecision {
            return .decimal(precision: digits + scale, scale: scale)
        }
        let integral = min(digits, DataType.maximumPrecision)
        return .decimal(precision: 38, scale: min(scale, max(38 - integral, 0)))
    }

    private static func rank(_ type: DataType) -> Int {
        switch type {
        case .int8: 1
        case .int16: 2
        case .int32: 3
        case .int64: 4
        case .float: 6
        case .double: 7
        default: 5
        }
    }

    /// Returns the type that numbers of both types are converted to, or nil when one is not numeric.
    package static func commonNumericType(_ a: DataType, _ b: DataType, ansi: Bool = true) -> DataType? {
        guard a.isNumeric, b.isNumeric else { return nil }
        if a == b { return a }
        if a.isFloating || b.isFloating {
            let other = a.isFloating ? b : a
            if other.isDecimal { return .double }
            if ansi, other.isIntegral, a == .float || b == .float { return .double }
            return rank(a) > rank(b) ? a : b
        }
        if a.isDecimal || b.isDecimal {
            guard let x = decimal(holding: a), let y = decimal(holding: b) else { return nil }
            return widerDecimal(x, y)
        }
        return rank(a) > rank(b) ? a : b
    }

    /// Returns the type to which values of both types are converted where they meet (CASE, coalesce, IN,
    /// UNION, comparison), or nil when there is none.
    package static func commonType(_ a: DataType, _ b: DataType, ansi: Bool = true) -> DataType? {
        if a == b { return a }
        if a == .null { return b }
        if b == .null { return a }
        if let number = commonNumericType(a, b, ansi: ansi) { return number }
        switch (a, b) {
        case (.date, .timestamp), (.timestamp, .date), (.timestampNTZ, .timestamp),
            (.timestamp, .timestampNTZ):
            return .timestamp
        case (.date, .timestampNTZ), (.timestampNTZ, .date):
            return .timestampNTZ
        case (.yearMonthInterval(let x), .yearMonthInterval(let y)),
            (.dayTimeInterval(let x), .dayTimeInterval(let y)):
            return .interval(x.union(y))
        case (.string, let other), (let other, .string):
            return commonType(stringWith: other, ansi: ansi)
        case (.array(let x, let n), .array(let y, let m)):
            return commonType(x, y, ansi: ansi).map { .array($0, containsNull: n || m) }
        case (.map(let k, let v, let n), .map(let l, let w, let m)):
            guard let key = commonType(k, l, ansi: ansi), let value = commonType(v, w, ansi: ansi) else {
                return nil
            }
            return .map(key: key, value: value, valueContainsNull: n || m)
        case (.structure(let x), .structure(let y)):
            return commonStructure(x, y, ansi: ansi)
        default:
            return nil
        }
    }

    private static func commonType(stringWith other: DataType, ansi: Bool) -> DataType? {
        if other.isNested || other == .variant { return nil }
        if case .unsupported = other { return nil }
        if !ansi { return other == .binary || other == .boolean ? nil : .string }
        if other.isIntegral { return .int64 }
        if other.isNumeric { return .double }
        return other
    }

    private static func commonStructure(_ x: [Field], _ y: [Field], ansi: Bool) -> DataType? {
        guard x.count == y.count else { return nil }
        var fields: [Field] = []
        for (a, b) in zip(x, y) {
            guard a.name.lowercased() == b.name.lowercased(),
                let type = commonType(a.type, b.type, ansi: ansi)
            else {
                return nil
            }
            fields.append(Field(a.name, type, nullable: a.nullable || b.nullable))
        }
        return .structure(fields)
    }

    /// Returns the common type of all, or nil. Void when there is none to go by.
    package static func commonType(_ types: [DataType], ansi: Bool = true) -> DataType? {
        var result = DataType.null
        // Strings last: what the others agree on decides what a string is converted to.
        for type in types.filter({ $0 != .string }) + types.filter({ $0 == .string }) {
            guard let next = commonType(result, type, ansi: ansi) else { return nil }
            result = next
        }
        return result
    }

    /// Says whether a function that takes `to` accepts a value of type `from`.
    package static func canImplicitlyCast(_ from: DataType, _ to: DataType, ansi: Bool) -> Bool {
        if from == to || from == .null { return true }
        switch (from, to) {
        case (_, .variant), (.variant, _), (.unsupported, _): return false
        case (_, .string): return !from.isNested && from != .binary || from == .binary && !ansi
        case (.string, _): return !to.isNested
        case (.date, .timestamp), (.date, .timestampNTZ), (.timestampNTZ, .timestamp),
            (.timestamp, .timestampNTZ):
            return true
        case (.timestamp, .date), (.timestampNTZ, .date): return true
        case (.yearMonthInterval, .yearMonthInterval), (.dayTimeInterval, .dayTimeInterval): return true
        case (.array(let x, _), .array(let y, _)): return canImplicitlyCast(x, y, ansi: ansi)
        case (.map(let k, let v, _), .map(let l, let w, _)):
            return canImplicitlyCast(k, l, ansi: ansi) && canImplicitlyCast(v, w, ansi: ansi)
        default:
            if from.isNumeric && to.isNumeric {
                return !ansi || commonNumericType(from, to) == to || to == .float || to == .double
                    || to.isDecimal
                    || from.isIntegral && to.isIntegral
            }
            return false
        }
    }

    /// Says whether an explicit CAST between the types exists.
    package static func canCast(_ from: DataType, _ to: DataType, ansi: Bool) -> Bool {
        if from == to || from == .null { return true }
        switch (from, to) {
        case (.array(let x, _), .array(let y, _)): return canCast(x, y, ansi: ansi)
        case (.map(let k, let v, _), .map(let l, let w, _)):
            return canCast(k, l, ansi: ansi) && canCast(v, w, ansi: ansi)
        case (.structure(let x), .structure(let y)):
            return x.count == y.count && zip(x, y).allSatisfy { canCast($0.type, $1.type, ansi: ansi) }
        case (.unsupported, _), (_, .unsupported): return false
        case (.variant, _): return isVariantContent(to, allowsMembers: true)
        case (_, .variant): return isVariantContent(from, allowsMembers: false)
        case (_, .string): return true
        case (.calendarInterval, _): return false
        case (_, .calendarInterval): return from == .string
        default: break
        }
        if from.isNested || to.isNested { return false }
        let times: Set<DataType> = [.date, .timestamp, .timestampNTZ]
        if from == .string { return true }
        if from.isClock { return to.isClock || to.isIntegral || to.isDecimal }
        if to.isClock { return false }
        // In ANSI mode numbers are no bytes.
        if from == .binary || to == .binary { return to == .binary && from.isIntegral && !ansi }
        if times.contains(from) && times.contains(to) { return true }
        if from == .date, !ansi, to.isNumeric || to == .boolean { return true }
        if from == .date || to == .date || from == .timestampNTZ || to == .timestampNTZ { return false }
        if from == .timestamp { return to.isNumeric || !ansi && to == .boolean }
        if to == .timestamp { return from.isNumeric || from == .boolean && !ansi }
        let plain = { (type: DataType) in type.isNumeric || type == .boolean }
        if plain(from) && plain(to) { return true }
        if from.isInterval, to.isInterval { return from.isYearMonthInterval == to.isYearMonthInterval }
        if from.isInterval, to.isDecimal { return true }
        if to.isInterval, from.isIntegral || from.isDecimal { return true }
        // Of other numbers only those of an interval of one unit.
        guard let fields = from.intervalFields ?? to.intervalFields, fields.first == fields.last else {
            return false
        }
        return from.isInterval ? to.isNumeric : from.isNumeric
    }

    /// Says whether a variant is cast to and from a type. Structures and maps are made into variants by
    /// `to_variant_object` only.
    static func isVariantContent(_ type: DataType, allowsMembers: Bool) -> Bool {
        switch type {
        case .array(let element, _): return isVariantContent(element, allowsMembers: allowsMembers)
        case .map(let key, let value, _):
            return allowsMembers && key == .string && isVariantContent(value, allowsMembers: true)
        case .structure(let fields):
            return allowsMembers && fields.allSatisfy { isVariantContent($0.type, allowsMembers: true) }
        case .null, .yearMonthInterval, .dayTimeInterval, .calendarInterval, .time, .unsupported: return false
        default: return true
        }
    }
}
