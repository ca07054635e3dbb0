import Columns
import Kernels
import Memory
import Vocabulary

/// Declares functions of regular expressions.
enum RegexFunctions {
    static let all: [ScalarFunction] = [
        ScalarFunction(
            "rlike", aliases: ["regexp", "regexp_like"], typing: Signature.of([.string, .string], .boolean),
            "Says whether a regular expression matches somewhere.", example: "'Spark' RLIKE '^S'"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("rlike")
            return try rows.map(UInt8.self, .boolean) { row in
                let expression = try cache.expression(rows.columns[1], row)
                return rows.columns[0].view(row).withBytes { expression.matches($0) } ? 1 : 0
            }
        },
        ScalarFunction(
            "regexp_replace", typing: Signature.of([.string, .string, .string, .int], optional: 1, .string),
            "Replaces every match; $1 stands for a group.",
            example: "regexp_replace('100-200', '(\\\\d+)', 'num')"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_replace")
            let hasStart = call.arguments.count == 4
            return try rows.written { row, out in
                let expression = try cache.expression(rows.columns[1], row)
                try rows.columns[0].view(row).withBytes { bytes in
                    let start =
                        hasStart ? UTF8Text.offset(bytes, character: max(0, rows.integer(3, row) - 1)) : 0
                    try rows.columns[2].view(row).withBytes { replacement in
                        try replace(expression, bytes, start, replacement, &out)
                    }
                }
                return true
            }
        },
        ScalarFunction(
            "regexp_extract", typing: Signature.of([.string, .string, .int], optional: 1, .string),
            "Returns a group of the first match, empty without one.",
            example: "regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 1)"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_extract")
            let builder = ViewBuilder(count: call.count)
            try rows.each { row in
                let expression = try cache.expression(rows.columns[1], row)
                let group = try group(call, rows, row, expression)
                rows.columns[0].view(row).withBytes { bytes in
                    guard expression.search(bytes, from: 0), let range = expression.range(group),
                        let base = bytes.baseAddress
                    else { return }
                    builder.share(StringView(base + range.lowerBound, count: range.count), row)
                }
            }
            return builder.finish(.string, validity: rows.validity, shared: call[0].heaps)
        },
        ScalarFunction(
            "regexp_extract_all",
            typing: Signature.of([.string, .string, .int], optional: 1, .array(.string, containsNull: true)),
            "Returns a group of every match.", example: "regexp_extract_all('1a2b', '(\\\\d)', 1)"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_extract_all")
            return try rows.scalars(call.type) { row in
                let expression = try cache.expression(rows.columns[1], row)
                let group = try group(call, rows, row, expression)
                var found: [Scalar] = []
                rows.columns[0].view(row).withBytes { bytes in
                    expression.all(bytes) {
                        let text = expression.range(group).map { String(decoding: bytes[$0], as: UTF8.self) }
                        found.append(.string(text ?? ""))
                        return true
                    }
                }
                return .array(found)
            }
        },
        ScalarFunction(
            "regexp_count", typing: Signature.of([.string, .string], .int32), "Counts the matches.",
            example: "regexp_count('aab', 'a')"
        ) { call in
            let rows = Rows(call)
            var cache = RegexCache("regexp_count")
            return try rows.map(Int32.self, .int32) { row in
                let expression = try cache.expression(rows.columns[1], row)
                var count: Int32 = 0
                rows.columns[0].view(row).withBytes { bytes in
                    expression.all(bytes) {
                        count += 1
                        return true
                    }
                }
                return count
            }
        },
        ScalarFunction(
            "split",
            typing: Signature.of(
                [.string, .string, .int], optional: 1, .array(.string, containsNull: false)),
            "Splits a text at the matches of a regular expression.", example: "split('a,b', ',')"
        ) { call in
            try split(call)
        },
    ]

    private static func group(
        _ call: Invocation, _ rows: Rows, _ row: Int, _ expression: RegularExpression
    ) throws -> Int {
        let group = call.arguments.count > 2 ? rows.integer(2, row) : 1
        if group >= 0, group <= expression.groupCount { return group }
        throw EngineError.data(
            "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
            "The value of parameter(s) `idx` in `\(call.name)` is invalid: Expects group index between 0 "
                + "and \(expression.groupCount), but got \(group)."
        )
    }

    /// Returns lists of the stretches of texts between matches; long ones share the texts' bytes.
    private static func split(_ call: Invocation) throws -> Vector {
        let rows = Rows(call)
        var cache = RegexCache("split")
        let hasLimit = call.arguments.count == 3
        let offsets = Buffer(byteCount: (call.count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var views: [StringView] = []
        views.reserveCapacity(call.count * 4)
        for row in 0..<call.count {
            if rows.isValid(row) {
                let expression = try cache.expression(rows.columns[1], row)
                let limit = hasLimit ? rows.integer(2, row) : -1
                rows.columns[0].view(row).withBytes { split(expression, $0, limit, &views) }
            }
            ends[row + 1] = Int32(truncatingIfNeeded: views.count)
        }
        let items = Buffer(byteCount: max(views.count * 16, 16))
        views.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { items.base.copyMemory(from: base, byteCount: bytes.count) }
        }
        let parts = Vector.flat(
            .string, count: views.count, values: items, validity: nil, heaps: call[0].heaps)
        return .flat(
            call.type, count: call.count, values: offsets, validity: rows.validity, children: [parts])
    }

    private static func split(
        _ expression: RegularExpression, _ bytes: UnsafeRawBufferPointer, _ limit: Int,
        _ parts: inout [StringView]
    ) {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            parts.append(StringView(head: 0, tail: 0))
            return
        }
        var from = 0
        var made = 0
        expression.all(bytes) {
            if limit > 0, made == limit - 1 { return false }
            let (start, end) = (expression.start, expression.end)
            // Java gives no empty part for a match of no width at the start.
            if start == end, start == 0 || start >= bytes.count { return true }
            parts.append(StringView(base + from, count: start - from))
            made += 1
            from = end
            return true
        }
        parts.append(StringView(base + from, count: bytes.count - from))
    }

    private static func replace(
        _ expression: RegularExpression, _ bytes: UnsafeRawBufferPointer, _ start: Int,
        _ replacement: UnsafeRawBufferPointer, _ out: inout [UInt8]
    ) throws {
        var from = 0
        var bad: String?
        let isPlain = !replacement.contains { $0 == 92 || $0 == 36 }
        expression.all(bytes, from: start) {
            out.append(contentsOf: bytes[from..<expression.start])
            from = expression.end
            if isPlain {
                out.append(contentsOf: replacement)
            } else {
                bad = appendReplacement(expression, bytes, replacement, &out)
            }
            return bad == nil
        }
        if let bad { throw Failure.invalidArgument("regexp_replace", "there is no group \(bad)") }
        out.append(contentsOf: bytes[from..<bytes.count])
    }

    /// Appends what stands for a match: `$1` and `${name}` are groups. Returns the number or name of a group
    /// that there is not.
    private static func appendReplacement(
        _ expression: RegularExpression, _ bytes: UnsafeRawBufferPointer,
        _ replacement: UnsafeRawBufferPointer,
        _ out: inout [UInt8]
    ) -> String? {
        var i = 0
        while i < replacement.count {
            let byte = replacement[i]
            if byte == 92, i + 1 < replacement.count {
                out.append(replacement[i + 1])
                i += 2
            } else if byte == 36, i + 1 < replacement.count, (48...57).contains(replacement[i + 1]) {
                var group = Int(replacement[i + 1] - 48)
                i += 2
                while i < replacement.count, (48...57).contains(replacement[i]),
                    group * 10 + Int(replacement[i] - 48) <= expression.groupCount
                {
                    group = group * 10 + Int(replacement[i] - 48)
                    i += 1
                }
                if group > expression.groupCount { return "\(group)" }
                if let range = expression.range(group) { out.append(contentsOf: bytes[range]) }
            } else if byte == 36, i + 1 < replacement.count, replacement[i + 1] == UInt8(ascii: "{"),
                let end = replacement[i...].firstIndex(of: UInt8(ascii: "}"))
            {
                let name = Array(replacement[(i + 2)..<end])
                guard let group = expression.group(named: name) else {
                    return String(decoding: name, as: UTF8.self)
                }
                i = end + 1
                if let range = expression.range(group) { out.append(contentsOf: bytes[range]) }
            } else {
                out.append(byte)
                i += 1
            }
        }
        return nil
    }
}
