import Columns
import Kernels
import Memory
import Vocabulary

// Strings put together from several: joining, repeating, replacing.
extension StringFunctions {
    static let building: [ScalarFunction] = [
        ScalarFunction(
            "concat",
            typing: { request in
                if request.types.contains(where: { if case .array = $0 { true } else { false } }) {
                    return try Signature.common()(request)
                }
                let binary = !request.types.isEmpty && request.types.allSatisfy { $0 == .binary }
                return try Signature.variadic(rest: binary ? .of(.binary) : .string) { _ in
                    binary ? .binary : .string
                }(request)
            }, "Joins texts, binaries or arrays.", example: "concat('a', 'b')"
        ) { call in
            let rows = Rows(call)
            if case .array = call.type { return ListJoining.concat(call.arguments, rows, call.type) }
            return concat(call, rows)
        },
        ScalarFunction(
            "concat_ws",
            typing: { request in
                try Signature.checkCount(request, 1...Int.max)
                let list = DataType.array(.string, containsNull: true)
                let types = try request.types.enumerated().map { place, type -> DataType in
                    if place > 0, Parameter.of(list).coerced(type, ansi: request.ansi) != nil, type != .null {
                        return list
                    }
                    if !type.isNested, type != .variant { return .string }
                    throw Signature.mismatch(
                        request, argument: place,
                        requires: place > 0 ? "(\"ARRAY<STRING>\" or \"STRING\")" : "\"STRING\"")
                }
                return Typing(types, .string)
            }, nulls: .handled, "Joins texts with a separator, nulls left out.",
            example: "concat_ws(',', 'a', 'b')"
        ) { call in
            joined(call)
        },
        ScalarFunction(
            "repeat", typing: Signature.of([.string, .int], .string), "Repeats a text.",
            example: "repeat('a', 3)"
        ) { call in
            let rows = Rows(call)
            let builder = ViewBuilder(count: call.count)
            try rows.each { row in
                try rows.columns[0].view(row).withBytes { bytes in
                    let times = max(0, rows.integer(1, row))
                    let total = bytes.count * times
                    if total > Limits.stringBytes {
                        throw Failure.invalidArgument("repeat", "the result would have \(total) bytes")
                    }
                    builder.repeated(bytes, times, row)
                }
            }
            return builder.finish(.string, validity: rows.validity)
        },
        ScalarFunction(
            "replace", typing: Signature.of([.string, .string, .string], optional: 1, .string),
            "Replaces every place where a text occurs.", example: "replace('abc', 'b', 'x')"
        ) { call in
            let rows = Rows(call)
            return replaced(call, rows)
        },
        ScalarFunction(
            "translate", typing: Signature.of([.string, .string, .string], .string),
            "Replaces characters one by one.", example: "translate('abc', 'ab', 'xy')"
        ) { call in
            let rows = Rows(call)
            let isSame = rows.columns[1].vector.form == .constant && rows.columns[2].vector.form == .constant
            var known: Translation?
            return rows.written { row, out in
                let table = known ?? Translation(rows.text(1, row), to: rows.text(2, row))
                if isSame { known = table }
                rows.columns[0].view(row).withBytes { table.translate($0, &out) }
                return true
            }
        },
        ScalarFunction(
            "overlay", typing: Signature.of([.text, .text, .int, .int], optional: 1, { $0[0] }),
            "Replaces a stretch of a text.", example: "overlay('Spark', '_', 3)"
        ) { call in
            let rows = Rows(call)
            let hasLength = call.arguments.count == 4
            if call.type == .binary {
                return rows.bytes(.binary) { row in
                    let (bytes, insert) = (rows.columns[0].bytes(row), rows.columns[1].bytes(row))
                    let start = max(0, rows.integer(2, row) - 1)
                    var length = hasLength ? rows.integer(3, row) : -1
                    if length < 0 { length = insert.count }
                    return bytes.prefix(start) + insert + bytes.dropFirst(start &+ length)
                }
            }
            return rows.texts { row in
                let text = Array(rows.text(0, row).unicodeScalars)
                let insert = rows.text(1, row)
                let position = rows.integer(2, row)
                var length = hasLength ? rows.integer(3, row) : -1
                if length < 0 { length = insert.unicodeScalars.count }
                let head = text.prefix(max(0, position - 1))
                let tail = text.dropFirst(max(0, position - 1 + length))
                return String(String.UnicodeScalarView(head)) + insert
                    + String(String.UnicodeScalarView(tail))
            }
        },
    ]

    /// Computes `replace`; texts without the part stay as they are.
    private static func replaced(_ call: Invocation, _ rows: Rows) -> Vector {
        let (texts, parts) = (TextColumn(rows.columns[0]), TextColumn(rows.columns[1]))
        let targets = call.arguments.count == 3 ? TextColumn(rows.columns[2]) : nil
        let builder = ViewBuilder(count: call.count)
        var writer = PieceWriter()
        var row = 0
        while row < rows.count {
            defer { row &+= 1 }
            guard rows.isValid(row), let view = texts.view(row) else { continue }
            let (bytes, part) = (texts.bytes(row), parts.bytes(row))
            guard !part.isEmpty, var at = UTF8Text.find(part, in: bytes) else {
                builder.share(view, row)
                continue
            }
            writer.clear()
            var from = 0
            while true {
                writer.append(UnsafeRawBufferPointer(rebasing: bytes[from..<at]))
                if let target = targets?.view(row) { writer.append(target) }
                from = at &+ part.count
                guard let next = UTF8Text.find(part, in: bytes, from: from) else { break }
                at = next
            }
            writer.append(UnsafeRawBufferPointer(rebasing: bytes[from...]))
            writer.put(builder, row)
        }
        withExtendedLifetime(rows) {}
        return builder.finish(.string, validity: rows.validity, shared: call[0].heaps)
    }

    /// Joins texts, and elements of arrays of texts, with the first argument between them.
    private static func joined(_ call: Invocation) -> Vector {
        let columns = call.arguments.map(Column.init)
        if columns.allSatisfy({ $0.vector.type == .string }) { return joinedTexts(call, columns) }
        let elements = columns.map { column in
            column.vector.type == .string ? nil : Column(column.vector.children[0].flattened())
        }
        let texts = zip(columns, elements).map { TextColumn($1 ?? $0) }
        let separator = texts[0]
        let builder = ViewBuilder(count: call.count)
        var nulls = NullCollector(nil, count: call.count)
        var out: [UInt8] = []
        func append(_ text: TextColumn, _ at: Int, _ row: Int, _ isFirst: inout Bool) {
            if text.isNull(at) { return }
            if !isFirst { separator.append(row, to: &out) }
            isFirst = false
            text.append(at, to: &out)
        }
        for row in 0..<call.count {
            if separator.isNull(row) {
                nulls.setNull(row)
                continue
            }
            out.removeAll(keepingCapacity: true)
            var isFirst = true
            for i in 1..<max(texts.count, 1) {
                if elements[i] == nil {
                    append(texts[i], row, row, &isFirst)
                } else if !columns[i].isNull(row) {
                    for at in columns[i].range(row) { append(texts[i], at, row, &isFirst) }
                }
            }
            builder.put(out, row)
        }
        withExtendedLifetime((columns, elements)) {}
        return builder.finish(.string, validity: nulls.validity)
    }

    /// Joins single texts; the lengths are known before anything is copied.
    private static func joinedTexts(_ call: Invocation, _ columns: [Column]) -> Vector {
        let texts = columns.dropFirst().map { TextColumn($0) }
        let separator = TextColumn(columns[0])
        let builder = ViewBuilder(count: call.count)
        var nulls = NullCollector(nil, count: call.count)
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { short in
            texts.withUnsafeBufferPointer { texts in
                var row = 0
                while row < call.count {
                    defer { row &+= 1 }
                    guard let between = separator.view(row), let small = short.baseAddress else {
                        nulls.setNull(row)
                        continue
                    }
                    var (total, parts) = (0, 0)
                    for text in texts {
                        guard let view = text.view(row) else { continue }
                        total &+= view.count
                        parts &+= 1
                    }
                    if parts > 1 { total &+= (parts &- 1) &* between.count }
                    if total == 0 { continue }
                    let room = total <= StringView.inlineCapacity ? small : builder.reserve(total)
                    guard let target = room else { return }
                    var at = target
                    for text in texts {
                        guard let view = text.view(row) else { continue }
                        view.copyBytes(to: at)
                        at += view.count
                        parts &-= 1
                        if parts == 0 { break }
                        between.copyBytes(to: at)
                        at += between.count
                    }
                    builder.share(StringView(target, count: total), row)
                }
            }
        }
        withExtendedLifetime(columns) {}
        return builder.finish(.string, validity: nulls.validity)
    }

    /// Joins bytes; the lengths are known before anything is copied.
    private static func concat(_ call: Invocation, _ rows: Rows) -> Vector {
        let builder = ViewBuilder(count: call.count)
        let columns = rows.columns
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) { short in
            rows.each { row in
                var total = 0
                for column in columns { total &+= column.view(row).count }
                guard total > 0, let small = short.baseAddress,
                    let target = total <= StringView.inlineCapacity ? small : builder.reserve(total)
                else { return }
                var at = target
                for column in columns {
                    let view = column.view(row)
                    view.copyBytes(to: at)
                    at += view.count
                }
                builder.share(StringView(target, count: total), row)
            }
        }
        return builder.finish(call.type, validity: rows.validity)
    }
}
