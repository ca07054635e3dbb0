import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Casts between intervals and numbers of their unit, and between intervals of one kind: what is below
    /// the target's least unit is cut off.
    func intervals() throws(EngineError) -> Vector {
        if let fields = target.intervalFields {
            let unit = fields.last.amount
            if input.type.isInterval {
                return try mapped { (row) in
                    let value = input.scalar(at: row).integerValue
                    return fields.last == .second ? value : value / Int128(unit) * Int128(unit)
                }
            }
            if case .decimal(_, let scale) = input.type {
                return try mapped { (row) in
                    let value = input.scalar(at: row).integerValue
                    return WideDecimal.multiply(value, Int128(unit), droppingDigits: scale)
                }
            }
            let whole = try Casting.cast(input, to: .int64, mode: mode, zone: zone)
            return try mapped { (row) in whole.scalar(at: row).integerValue * Int128(unit) }
        }
        guard let fields = input.type.intervalFields else {
            throw .internal("no cast from \(input.type.sqlName) to \(target.sqlName)")
        }
        let unit = Int128(fields.last.amount)
        if target.isDecimal { return try decimals(unit) }
        let numbers = try CastJob(input: input, target: .int64, mode: mode, zone: zone).mapped { (row) in
            input.scalar(at: row).integerValue / unit
        }
        return try Casting.cast(numbers, to: target, mode: mode == .legacy ? .error : mode, zone: zone)
    }

    /// Gives the number of units with its fraction, rounded half up.
    private func decimals(_ unit: Int128) throws(EngineError) -> Vector {
        let (precision, scale) = DecimalArithmetic.shape(target)
        let sink = DecimalSink(target, count: count)
        var nulls = NullCollector(input.validity, count: count)
        for row in 0..<count where !nulls.wasNull(row) {
            let amount = input.scalar(at: row).integerValue
            let value = WideDecimal.divide(amount, byScaled: unit, addingDigits: scale)
            if let value, WideDecimal.fits(value, precision: precision) {
                sink.put(value, row)
            } else if mode == .null {
                nulls.setNull(row)
            } else {
                throw Failure.outOfRange(WideDecimal.text(amount / unit, scale: 0), target)
            }
        }
        return .flat(target, count: count, values: sink.buffer, validity: nulls.validity)
    }

    /// Computes each row that is not null; values that do not fit are null where casts are tried, and fail
    /// else: in Spark's legacy mode as well.
    private func mapped(_ body: (Int) -> Int128?) throws(EngineError) -> Vector {
        let isWide = target.physical == .int64
        let buffer = Buffer.zeroed(byteCount: max(count * 8, 16))
        var nulls = NullCollector(input.validity, count: count)
        for row in 0..<count where !nulls.wasNull(row) {
            if isWide, let fitting = body(row).flatMap({ Int64(exactly: $0) }) {
                buffer.pointer(as: Int64.self)[row] = fitting
            } else if !isWide, let fitting = body(row).flatMap({ Int32(exactly: $0) }) {
                buffer.pointer(as: Int32.self)[row] = fitting
            } else if mode == .null {
                nulls.setNull(row)
            } else {
                throw overflow(row)
            }
        }
        return .flat(target, count: count, values: buffer, validity: nulls.validity)
    }
}

/// Writes and reads intervals in Spark's ANSI form, `INTERVAL '1 02:03' DAY TO MINUTE`.
package enum IntervalText {
    /// Returns the text of months or microseconds.
    package static func text(_ amount: Int64, _ fields: IntervalFields) -> String {
        var rest = amount.magnitude
        var body = amount < 0 ? "-" : ""
        for unit in units(fields) {
            let size = unit.amount.magnitude
            if unit != fields.first { body += unit == .month ? "-" : unit == .hour ? " " : ":" }
            let digits = "\(rest / size)"
            let isPadded = unit == .hour || unit == .minute || unit == .second
            body += (isPadded && digits.utf8.count < 2 ? "0" : "") + digits
            rest %= size
        }
        if fields.last == .second, rest > 0 {
            var fraction = String("\(rest + 1_000_000)".dropFirst())
            while fraction.hasSuffix("0") { fraction.removeLast() }
            body += ".\(fraction)"
        }
        return "INTERVAL '\(body)' \(fields.sqlName)"
    }

    private static func units(_ fields: IntervalFields) -> [IntervalFields.Unit] {
        IntervalFields.Unit.allCases.filter {
            $0.rawValue >= fields.first.rawValue && $0.rawValue <= fields.last.rawValue
        }
    }

    /// Reads `1-2`, `1 02:03`, `5`, also within `INTERVAL '…' DAY TO MINUTE`, as months or microseconds; nil
    /// for
    /// other texts and for units that are not those of `fields`.
    package static func parse(_ text: UnsafeRawBufferPointer, _ fields: IntervalFields) -> Int64? {
        let whole = String(decoding: text, as: UTF8.self)
        let parts = whole.split(separator: "'", omittingEmptySubsequences: false)
        var body = Substring(whole)
        var isNegative = false
        if parts.count == 3 {
            let before = parts[0].uppercased().filter { $0 != " " }
            guard ["INTERVAL", "INTERVAL-", "INTERVAL+"].contains(before),
                parts[2].uppercased().split(separator: " ").joined(separator: " ") == fields.sqlName
            else { return nil }
            isNegative = before.hasSuffix("-")
            body = parts[1]
        }
        while body.first == " " { body.removeFirst() }
        while body.last == " " { body.removeLast() }
        if body.first == "-" || body.first == "+" {
            if body.first == "-" { isNegative.toggle() }
            body.removeFirst()
        }
        guard let amount = amount(body, units(fields)) else { return nil }
        return isNegative ? -amount : amount
    }

    /// Greatest values of the units behind the first.
    private static func limit(_ unit: IntervalFields.Unit) -> Int64 {
        switch unit {
        case .month: 11
        case .hour: 23
        default: 59
        }
    }

    private static func amount(_ body: Substring, _ units: [IntervalFields.Unit]) -> Int64? {
        var rest = body
        var total: Int64 = 0
        for (place, unit) in units.enumerated() {
            if place > 0 {
                let separator: Character = unit == .month ? "-" : unit == .hour ? " " : ":"
                guard rest.first == separator else { return nil }
                rest.removeFirst()
            }
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let value = Int64(digits), place == 0 || value <= limit(unit) else { return nil }
            rest = rest[digits.endIndex...]
            let (product, overflow) = value.multipliedReportingOverflow(by: unit.amount)
            let (sum, carry) = total.addingReportingOverflow(product)
            if overflow || carry { return nil }
            total = sum
        }
        if units.last == .second, rest.first == "." {
            let digits = rest.dropFirst()
            guard digits.utf8.count <= 9, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
                let micros = Int64(digits.prefix(6) + String(repeating: "0", count: max(0, 6 - digits.count)))
            else { return nil }
            let (sum, carry) = total.addingReportingOverflow(micros)
            return carry ? nil : sum
        }
        return rest.isEmpty ? total : nil
    }
}
