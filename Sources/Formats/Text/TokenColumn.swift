import CKernels
import Columns
import Kernels
import Memory
import Vocabulary

/// Says how tokens are written.
enum TokenStyle {
    /// As in JSON: strings keep their quotes.
    case json
    /// As in CSV: quotes are off.
    case plain
}

/// Turns tokens of a text (where each value of a column lies) into a vector.
struct TokenColumn {
    /// The text; string values point into it.
    let heap: Buffer
    let starts: UnsafeMutablePointer<UInt32>
    let ends: UnsafeMutablePointer<UInt32>
    let count: Int
    let style: TokenStyle
    let zone: Zone
    var patterns = TextPatterns()
    /// Gives what long strings with escapes take.
    var memory = CountedMemory.unlimited

    /// What came out: the vector, and one bit per token that is no value of the type (nil where all are).
    struct Outcome {
        var vector: Vector
        var bad: Bitmap?
    }

    /// Parses the tokens as values of `type`, a type without members. Throws `UNSUPPORTED_FEATURE` (user) for
    /// types that have no text form.
    func parse(as type: DataType) throws(EngineError) -> Outcome {
        if type == .string { return Outcome(vector: try strings(), bad: nil) }
        if type == .binary { return try binaries() }
        if type == .null { return Outcome(vector: .nulls(.null, count: count), bad: nil) }
        let values = Buffer(byteCount: max(1, count) * type.physical.width)
        let valid = Bitmap.makeWords(count)
        let bad = Bitmap.makeWords(count)
        var tokens = text_tokens()
        tokens.text = UnsafePointer(heap.pointer(as: UInt8.self))
        (tokens.starts, tokens.ends, tokens.count) = (UnsafePointer(starts), UnsafePointer(ends), count)
        tokens.valid = valid.pointer(as: UInt64.self)
        tokens.bad = bad.pointer(as: UInt64.self)
        let badCount: Int
        if let parser = pattern(of: type) {
            badCount = parse(tokens, with: parser, as: type, into: values)
        } else {
            badCount = try parse(&tokens, as: type, into: values)
        }
        let vector = Vector.flat(type, count: count, values: values, validity: Bitmap(valid, count: count))
        return Outcome(vector: vector, bad: badCount == 0 ? nil : Bitmap(bad, count: count))
    }

    private func parse(_ tokens: inout text_tokens, as type: DataType, into values: Buffer)
        throws(EngineError) -> Int
    {
        let json: Int32 = style == .json ? 1 : 0
        switch type {
        case .boolean: return text_parse_booleans(&tokens, 1 - json, values.pointer(as: UInt8.self))
        case .int8: return text_parse_integers(&tokens, -128, 127, 1, 1 - json, values.base)
        case .int16: return text_parse_integers(&tokens, -32768, 32767, 2, 1 - json, values.base)
        case .int32:
            return text_parse_integers(&tokens, Int64(Int32.min), Int64(Int32.max), 4, 1 - json, values.base)
        case .int64: return text_parse_integers(&tokens, Int64.min, Int64.max, 8, 1 - json, values.base)
        case .float: return text_parse_floats(&tokens, json, values.pointer(as: Float.self))
        case .double: return text_parse_doubles(&tokens, json, values.pointer(as: Double.self))
        case .decimal(let precision, let scale):
            if type.physical == .int64 {
                return text_parse_decimals64(
                    &tokens, Int32(precision), Int32(scale), values.pointer(as: Int64.self))
            }
            return text_parse_decimals128(&tokens, Int32(precision), Int32(scale), values.base)
        case .date: return text_parse_dates(&tokens, json, values.pointer(as: Int32.self))
        case .timestamp, .timestampNTZ: return parseTimestamps(&tokens, as: type, into: values)
        default:
            throw .user("UNSUPPORTED_FEATURE", "Text files cannot be read as values of type \(type.sqlName)")
        }
    }

    /// Parses timestamps and moves those that name no zone from the session's clock to UTC.
    private func parseTimestamps(_ tokens: inout text_tokens, as type: DataType, into values: Buffer) -> Int {
        let zoned = Buffer(byteCount: max(1, count))
        let flags = zoned.pointer(as: UInt8.self)
        let out = values.pointer(as: Int64.self)
        let badCount = text_parse_timestamps(&tokens, style == .json ? 1 : 0, out, flags)
        if type == .timestamp, !zone.isUTC {
            for i in 0..<count where flags[i] == 0 { out[i] = Int64(zone.instant(local: Int(out[i]))) }
        }
        if type == .timestampNTZ { return badCount + refuseZones(tokens, flags) }
        return badCount
    }

    private func pattern(of type: DataType) -> TextPatterns.Parser? {
        switch type {
        case .date: patterns.date
        case .timestamp: patterns.timestamp
        case .timestampNTZ: patterns.timestampNTZ
        default: nil
        }
    }

    /// Parses times by a pattern, one by one; returns the number of bad ones.
    private func parse(
        _ tokens: text_tokens, with parser: TextPatterns.Parser, as type: DataType, into values: Buffer
    ) -> Int {
        var badCount = 0
        for i in 0..<count where starts[i] < TEXT_NULL {
            let bit: UInt64 = 1 << UInt64(i & 63)
            var text = UnsafeBufferPointer(
                start: tokens.text + Int(starts[i]), count: Int(ends[i] - starts[i]))
            let isQuoted = style == .json && text.count >= 2 && text[0] == 0x22
            if isQuoted { text = .init(rebasing: text[1..<(text.count - 1)]) }
            if style == .plain || isQuoted, let value = parser(text) {
                tokens.valid[i >> 6] |= bit
                if type == .date {
                    values.pointer(as: Int32.self)[i] = Int32(truncatingIfNeeded: value)
                } else {
                    values.pointer(as: Int64.self)[i] = value
                }
            } else {
                tokens.bad[i >> 6] |= bit
                badCount += 1
            }
        }
        return badCount
    }

    /// Makes bad the values that name a zone, which a timestamp without zone cannot; returns their number.
    private func refuseZones(_ tokens: text_tokens, _ flags: UnsafeMutablePointer<UInt8>) -> Int {
        var refused = 0
        for i in 0..<count where flags[i] != 0 {
            let bit: UInt64 = 1 << UInt64(i & 63)
            if tokens.valid[i >> 6] & bit == 0 { continue }
            tokens.valid[i >> 6] &= ~bit
            tokens.bad[i >> 6] |= bit
            refused += 1
        }
        return refused
    }

    /// Returns the tokens as they are, as strings.
    func lines() throws(EngineError) -> Vector { try strings() }

    private func strings() throws(EngineError) -> Vector {
        let views = Buffer(byteCount: max(1, count) * 16)
        let valid = Bitmap.makeWords(count)
        let bad = Bitmap.makeWords(count)
        let special = Buffer(byteCount: max(1, count) * 4)
        var tokens = text_tokens()
        tokens.text = UnsafePointer(heap.pointer(as: UInt8.self))
        (tokens.starts, tokens.ends, tokens.count) = (UnsafePointer(starts), UnsafePointer(ends), count)
        tokens.valid = valid.pointer(as: UInt64.self)
        tokens.bad = bad.pointer(as: UInt64.self)
        let isJSON = style == .json
        // Only strings that are in quotes in the text can have escapes.
        let escaped = text_make_views(
            &tokens, isJSON ? 0x22 : 0, isJSON ? 0x5C : 0, views.base, special.pointer(as: UInt32.self))
        var heaps = [heap]
        if escaped > 0 {
            heaps.append(
                try unescape(views.pointer(as: StringView.self), special.pointer(as: UInt32.self), escaped))
        }
        return .flat(
            .string, count: count, values: views, validity: Bitmap(valid, count: count), heaps: heaps)
    }

    /// Replaces the views of strings with escapes by views of their plain text, in the buffer that it
    /// returns.
    private func unescape(
        _ views: UnsafeMutablePointer<StringView>, _ rows: UnsafeMutablePointer<UInt32>, _ rowCount: Int
    ) throws(EngineError) -> Buffer {
        var total = 0
        for i in 0..<rowCount { total += views[Int(rows[i])].count }
        let plain = try memory.buffer(byteCount: total)
        let text = heap.pointer(as: UInt8.self)
        var used = 0
        var i = 0
        while i < rowCount {
            let row = Int(rows[i])
            let length = Int(ends[row] - starts[row]) - 2
            let out = plain.pointer(as: UInt8.self) + used
            let made = max(0, Int(json_unescape(text + Int(starts[row]) + 1, length, out)))
            views[row] = StringView(out, count: made)
            used += made
            i &+= 1
        }
        return plain
    }

    private func binaries() throws(EngineError) -> Outcome {
        let text = try strings()
        if style == .plain { return Outcome(vector: text.retyped(.binary), bad: nil) }
        let builder = VectorBuilder(.binary)
        var bad = [Bool](repeating: false, count: count)
        for row in 0..<count {
            if text.isNull(row) {
                builder.append(.null)
                continue
            }
            let bytes = text.pointer(as: StringView.self)[row].withBytes { Base64.decode($0) }
            bad[row] = bytes == nil
            builder.append(bytes.map { .binary($0) } ?? .null)
        }
        return Outcome(vector: builder.finish(), bad: bad.contains(true) ? Bitmap(bad) : nil)
    }
}
