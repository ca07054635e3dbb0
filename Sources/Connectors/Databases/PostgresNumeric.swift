import Columns
import Memory

/// Turns numbers of PostgreSQL's type `numeric` into decimals.
///
/// ```
///   digits │ weight of the first │ sign │ digits after the point │ the digits, to the base 10 000
///     2              2              2               2              2 for each, all of them big-endian
/// ```
/// Source: PostgreSQL, `numeric_send` in `src/backend/utils/adt/numeric.c`.
struct PostgresNumeric {
    private let values: PostgresValues

    init(_ values: PostgresValues) { self.values = values }

    private static let headBytes: Int32 = 8
    private static let negative: UInt16 = 0x4000
    private static let notANumber: UInt16 = 0xC000
    private static let infinity: UInt16 = 0xD000
    private static let minusInfinity: UInt16 = 0xF000
    /// Digits that surely fit 64 and 128 bits.
    private static let shortDigits = 4
    private static let longDigits = 9

    /// Powers of ten that 64 and 128 bits hold.
    private static let shortPowers = powers(Int64.self, 19)
    private static let longPowers = powers(Int128.self, 39)

    private static func powers<T: FixedWidthInteger>(_ type: T.Type, _ count: Int) -> [T] {
        var all: [T] = [1]
        while all.count < count { all.append(all[all.count - 1] * 10) }
        return all
    }

    /// Returns decimals of the type; texts, which casting reads and refuses, where a value is not among them
    /// or must be rounded. nil where a value is no number.
    func vector(_ type: DataType) -> Vector? {
        guard case .decimal(let precision, let scale) = type else { return nil }
        let decimals =
            type.physical == .int128
            ? decimals(type, Int128.self, precision, scale) : decimals(type, Int64.self, precision, scale)
        return decimals ?? texts()
    }

    private func decimals<Value: FixedWidthInteger>(
        _ type: DataType, _ value: Value.Type, _ precision: Int, _ scale: Int
    ) -> Vector? {
        let buffer = Buffer(byteCount: values.count * MemoryLayout<Value>.stride)
        let out = buffer.pointer(as: Value.self)
        let most = min(precision, PostgresNumeric.shortPowers.count - 1)
        let fits = PostgresNumeric.shortPowers.withUnsafeBufferPointer { short in
            PostgresNumeric.longPowers.withUnsafeBufferPointer { long in
                var row = 0
                while row < values.count {
                    let place = values.places[row]
                    if place.length < 0 {
                        out[row] = 0
                    } else {
                        guard let head = head(place) else { return false }
                        if let number = unscaled(head, scale, short), abs(number) < short[most] {
                            out[row] = Value(truncatingIfNeeded: number)
                        } else if let number = unscaled(head, scale, long), abs(number) < long[precision] {
                            out[row] = Value(truncatingIfNeeded: number)
                        } else {
                            return false
                        }
                    }
                    row &+= 1
                }
                return true
            }
        }
        guard fits else { return nil }
        return .flat(type, count: values.count, values: buffer, validity: values.validity())
    }

    /// A value's parts; `digits` is where they lie.
    private struct Head {
        var count: Int
        var weight: Int
        var sign: UInt16
        var shown: Int
        var digits: UnsafeRawPointer
    }

    @inline(__always)
    private func head(_ place: PostgresRecord.Place) -> Head? {
        guard place.length >= PostgresNumeric.headBytes else { return nil }
        let base = values.base + Int(place.start)
        let count = Int(PostgresValues.number(base, UInt16.self))
        guard Int(place.length) == Int(PostgresNumeric.headBytes) + 2 * count else { return nil }
        return Head(
            count: count, weight: Int(PostgresValues.number(base + 2, Int16.self)),
            sign: PostgresValues.number(base + 4, UInt16.self),
            shown: Int(PostgresValues.number(base + 6, UInt16.self)), digits: base + 8)
    }

    /// Returns the number times ten to the power of `scale`; nil where that is no whole number or too large.
    @inline(__always)
    private func unscaled<Value: FixedWidthInteger & SignedInteger>(
        _ head: Head, _ scale: Int, _ powers: UnsafeBufferPointer<Value>
    ) -> Value? {
        let most =
            Value.bitWidth == 64 ? PostgresNumeric.shortDigits : PostgresNumeric.longDigits
        guard head.count <= most, head.sign == 0 || head.sign == PostgresNumeric.negative else { return nil }
        if head.count == 0 { return 0 }
        var number: Value = 0
        var digit = 0
        while digit < head.count {
            let next = PostgresValues.number(head.digits + 2 &* digit, UInt16.self)
            number = number &* 10_000 &+ Value(truncatingIfNeeded: next)
            digit &+= 1
        }
        let exponent = 4 &* (head.weight &- head.count &+ 1) &+ scale
        guard abs(exponent) < powers.count else { return nil }
        if exponent >= 0 {
            let (product, overflows) = number.multipliedReportingOverflow(by: powers[exponent])
            if overflows { return nil }
            number = product
        } else {
            let (quotient, rest) = number.quotientAndRemainder(dividingBy: powers[-exponent])
            if rest != 0 { return nil }
            number = quotient
        }
        return head.sign == 0 ? number : -number
    }

    /// Returns all values as the server would write them.
    private func texts() -> Vector? {
        var texts: [String?] = []
        texts.reserveCapacity(values.count)
        for row in 0..<values.count {
            let place = values.places[row]
            if place.length < 0 {
                texts.append(nil)
                continue
            }
            guard let head = head(place) else { return nil }
            texts.append(text(head))
        }
        return .of(.string, texts.map { $0.map { .string($0) } ?? .null })
    }

    private func text(_ head: Head) -> String {
        switch head.sign {
        case PostgresNumeric.notANumber: return "NaN"
        case PostgresNumeric.infinity: return "Infinity"
        case PostgresNumeric.minusInfinity: return "-Infinity"
        default: break
        }
        /// The four decimal digits of the place `10000 ^ power`.
        func four(_ power: Int) -> String {
            let index = head.weight - power
            guard (0..<head.count).contains(index) else { return "0000" }
            let text = String(PostgresValues.number(head.digits + 2 * index, UInt16.self))
            return String(repeating: "0", count: max(0, 4 - text.count)) + text
        }
        var whole = ""
        for power in stride(from: max(0, head.weight), through: 0, by: -1) { whole += four(power) }
        var fraction = ""
        for power in 1..<(2 + (head.shown + 3) / 4) { fraction += four(-power) }
        let sign = head.sign == PostgresNumeric.negative ? "-" : ""
        let shown = head.shown == 0 ? "" : "." + fraction.prefix(head.shown)
        let digits = whole.drop { $0 == "0" }
        return sign + (digits.isEmpty ? "0" : digits) + shown
    }
}
