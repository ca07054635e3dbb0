import Columns
import Memory
import Vocabulary

extension CastJob {
    /// Writes every value as text.
    func toText() throws(EngineError) -> Vector {
        if input.type == .binary { return input.retyped(.string) }
        if input.type.isNested { return try nestedText() }
        let builder = ViewBuilder(count: count)
        var scratch: [UInt8] = []
        let zone = self.zone
        switch input.type {
        case .boolean: booleanText(builder)
        case .int8: integerText(Int8.self, builder)
        case .int16: integerText(Int16.self, builder)
        case .int32: integerText(Int32.self, builder)
        case .int64: integerText(Int64.self, builder)
        case .float:
            let values = input.pointer(as: Float.self)
            each { builder.put(NumberText.text(values[$0]), $0) }
        case .double:
            let values = input.pointer(as: Double.self)
            each { row in
                scratch.removeAll(keepingCapacity: true)
                NumberText.append(values[row], to: &scratch)
                builder.put(scratch, row)
            }
        case .decimal(_, let scale):
            let reader = DecimalArithmetic.Reader(input)
            let isPlain = mode != .legacy
            each { row in
                let value = reader[row]
                if DecimalText.put(value, scale: scale, isPlain: isPlain, builder, row) { return }
                builder.put(
                    isPlain
                        ? WideDecimal.text(value, scale: scale)
                        : WideDecimal.scientificText(value, scale: scale), row)
            }
        case .date:
            let values = input.pointer(as: Int32.self)
            each { row in
                if let view = TimeText.view(ofDate: Int(values[row])) { return builder.share(view, row) }
                scratch.removeAll(keepingCapacity: true)
                TimeText.date(Int(values[row]), &scratch)
                builder.put(scratch, row)
            }
        case .timestamp, .timestampNTZ:
            let values = input.pointer(as: Int64.self)
            let isLocal = input.type == .timestampNTZ
            each { row in
                let local = isLocal ? Int(values[row]) : zone.local(Int(values[row]))
                if PlainTimestamp.put(local, builder, row) { return }
                scratch.removeAll(keepingCapacity: true)
                TimeText.timestamp(local, &scratch)
                builder.put(scratch, row)
            }
        case .time:
            let values = input.pointer(as: Int64.self)
            each { builder.put(ClockText.text(Int(values[$0])), $0) }
        case .yearMonthInterval(let fields):
            let values = input.pointer(as: Int32.self)
            each { builder.put(IntervalText.text(Int64(values[$0]), fields), $0) }
        case .dayTimeInterval(let fields):
            let values = input.pointer(as: Int64.self)
            each { builder.put(IntervalText.text(values[$0], fields), $0) }
        case .calendarInterval:
            let values = input.pointer(as: Int128.self)
            each { builder.put(CalendarIntervalText.text(CalendarInterval(bits: values[$0])), $0) }
        default: throw .internal("no cast from \(input.type.sqlName) to STRING")
        }
        return builder.finish(.string, validity: input.validity)
    }

    private func booleanText(_ builder: ViewBuilder) {
        let values = input.pointer(as: UInt8.self)
        each { builder.put(values[$0] != 0 ? "true" : "false", $0) }
    }

    /// Calls `body` for each row that is not null.
    @inline(__always)
    private func each(_ body: (Int) -> Void) {
        let nulls = NullCollector(input.validity, count: count)
        var row = 0
        while row < count {
            if !nulls.wasNull(row) { body(row) }
            row &+= 1
        }
    }

    private func integerText<T: FixedWidthInteger>(_ type: T.Type, _ builder: ViewBuilder) {
        let values = input.pointer(as: T.self)
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 8) { digits in
            each { row in
                var at = 24
                var rest = UInt64(Int64(values[row]).magnitude)
                repeat {
                    at &-= 1
                    digits[at] = UInt8(truncatingIfNeeded: 48 &+ rest % 10)
                    rest /= 10
                } while rest > 0
                if values[row] < 0 {
                    at &-= 1
                    digits[at] = 45
                }
                if let base = digits.baseAddress { builder.put(base + at, count: 24 &- at, row) }
            }
        }
    }

    /// Writes arrays, maps and structures as Spark shows them: `[a, null]`, `{k -> v}`, `{x, y}`.
    private func nestedText() throws(EngineError) -> Vector {
        var texts: [Vector] = []
        for child in input.children {
            texts.append(try Casting.cast(child, to: .string, mode: mode, zone: zone))
        }
        let builder = ViewBuilder(count: count)
        func text(_ child: Int, _ row: Int) -> String {
            if case .string(let value) = texts[child].scalar(at: row) { return value }
            return "null"
        }
        each { row in
            if case .structure = input.type {
                builder.put("{" + texts.indices.map { text($0, row) }.joined(separator: ", ") + "}", row)
                return
            }
            let range = Int(input.offsets[row])..<Int(input.offsets[row + 1])
            if texts.count == 1 {
                builder.put("[" + range.map { text(0, $0) }.joined(separator: ", ") + "]", row)
            } else {
                builder.put(
                    "{" + range.map { text(0, $0) + " -> " + text(1, $0) }.joined(separator: ", ") + "}", row)
            }
        }
        return builder.finish(.string, validity: input.validity)
    }

    /// Reads texts as values of the target type.
    func fromText() throws(EngineError) -> Vector {
        let cutting = mode == .legacy
        switch target {
        case .binary: return input.retyped(.binary)
        case .boolean: return try parse(UInt8.self) { BooleanText.parse($0) }
        case .int8:
            return try parse(Int8.self) {
                NumberText.parseInteger($0, cutting: cutting).flatMap { Int8(exactly: $0) }
            }
        case .int16:
            return try parse(Int16.self) {
                NumberText.parseInteger($0, cutting: cutting).flatMap { Int16(exactly: $0) }
            }
        case .int32:
            return try parse(Int32.self) {
                NumberText.parseInteger($0, cutting: cutting).flatMap { Int32(exactly: $0) }
            }
        case .int64: return try parse(Int64.self) { NumberText.parseInteger($0, cutting: cutting) }
        case .float: return try parse(Float.self) { NumberText.parseFloat($0) }
        case .double: return try parse(Double.self) { NumberText.parseDouble($0) }
        case .date: return try parse(Int32.self) { TimeText.parseDate($0) }
        case .timestamp:
            let zone = self.zone
            return try parse(Int64.self) { TimeText.parseTimestamp($0, zone: zone) }
        case .timestampNTZ: return try parse(Int64.self) { TimeText.parseTimestamp($0, zone: nil) }
        case .time: return try parse(Int64.self) { ClockText.parse($0) }
        case .yearMonthInterval(let fields):
            return try parse(Int32.self) { IntervalText.parse($0, fields).flatMap { Int32(exactly: $0) } }
        case .dayTimeInterval(let fields): return try parse(Int64.self) { IntervalText.parse($0, fields) }
        case .calendarInterval:
            // Spark gives null for a text that is none, in ANSI mode too.
            return try CastJob(input: input, target: target, mode: .null, zone: zone)
                .parse(Int128.self) { CalendarIntervalText.parse($0)?.bits }
        case .decimal(let precision, let scale): return try parseDecimals(precision, scale)
        default: throw .internal("no cast from STRING to \(target.sqlName)")
        }
    }

    @inline(__always)
    private func parse<R>(_ type: R.Type, _ body: (UnsafeRawBufferPointer) -> R?) throws(EngineError)
        -> Vector
    {
        let buffer = Buffer.zeroed(byteCount: max(count * MemoryLayout<R>.stride, 16))
        let out = buffer.pointer(as: R.self)
        let views = input.pointer(as: StringView.self)
        var nulls = NullCollector(input.validity, count: count)
        var row = 0
        while row < count {
            if !nulls.wasNull(row) {
                if let value = views[row].withBytes(body) {
                    out[row] = value
                } else if mode == .error {
                    throw malformed(row)
                } else {
                    nulls.setNull(row)
                }
            }
            row &+= 1
        }
        return .flat(target, count: count, values: buffer, validity: nulls.validity)
    }

    private func parseDecimals(_ precision: Int, _ scale: Int) throws(EngineError) -> Vector {
        let sink = DecimalSink(target, count: count)
        let views = input.pointer(as: StringView.self)
        var nulls = NullCollector(input.validity, count: count)
        for row in 0..<count where !nulls.wasNull(row) {
            let value = views[row].withBytes { NumberText.parseDecimal($0, scale: scale) }
            if let value, WideDecimal.fits(value, precision: precision) {
                sink.put(value, row)
            } else if mode == .error {
                let isNumber = views[row].withBytes { NumberText.parseDouble($0) } != nil
                throw isNumber ? Failure.outOfRange(views[row].string, target) : malformed(row)
            } else {
                nulls.setNull(row)
            }
        }
        return .flat(target, count: count, values: sink.buffer, validity: nulls.validity)
    }
}

/// Reads booleans as Spark does.
enum BooleanText {
    static func parse(_ text: UnsafeRawBufferPointer) -> UInt8? {
        switch String(decoding: text, as: UTF8.self).lowercased().split(separator: " ").joined(separator: " ")
        {
        case "t", "true", "y", "yes", "1": 1
        case "f", "false", "n", "no", "0": 0
        default: nil
        }
    }
}
