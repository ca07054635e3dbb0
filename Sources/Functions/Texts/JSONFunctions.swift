import Columns
import Kernels
import Memory
import Vocabulary

/// Declares functions that read JSON.
enum JSONFunctions {
    /// Gives the values of `json_tuple` as an array of one structure, which the generator takes apart.
    static let tuple = "json_tuple_row"

    static let all: [ScalarFunction] = [
        ScalarFunction(
            "get_json_object", typing: Signature.of([.string, .string], .string),
            "Finds a value in a JSON text by a path.", example: "get_json_object('{\"a\":1}', '$.a')"
        ) { call in
            found(call)
        },
        ScalarFunction(
            "json_array_length", typing: Signature.of([.string], .int32),
            "Counts the elements of a JSON array; null for other texts.",
            example: "json_array_length('[1,2]')"
        ) { call in
            let rows = Rows(call)
            let tape = JSONTape()
            return rows.build(.int32) { row in
                rows.columns[0].view(row).withBytes { bytes in
                    tape.read(bytes) ? tape.elementCount.map { Int64($0) } : nil
                }
            }
        },
        ScalarFunction(
            "json_object_keys", typing: Signature.of([.string], .array(.string, containsNull: true)),
            "Returns the names of a JSON object's members; null for other texts.",
            example: "json_object_keys('{\"a\":1}')"
        ) { call in
            let rows = Rows(call)
            return rows.scalars(call.type) { row in
                guard case .object(let members)? = parsed(rows, row) else { return .null }
                return .array(members.map { .string($0.name) })
            }
        },
        ScalarFunction(
            "schema_of_json", typing: Signature.of([.string, .any], optional: 1, .string),
            "Returns the type of a JSON text in the words of DDL.", example: "schema_of_json('{\"a\":1}')"
        ) { call in
            let rows = Rows(call)
            return rows.texts { row in
                guard let value = parsed(rows, row) else { return "STRING" }
                return JSONTypes.settled(JSONTypes.type(of: value)).sqlName
            }
        },
        ScalarFunction(
            "from_json",
            typing: Signature.boundBySchema,
            "Reads a JSON text as a value of a type.", example: "from_json('{\"a\":1}', 'a INT')"
        ) { call in
            let rows = Rows(call)
            let conversion = try JSONConversion(
                call.type, TextOptionValues(call, at: 1), zone: call.zone)
            var reader = JSONColumnReader(call.type, conversion, capacity: call.count)
            for row in 0..<call.count {
                if !rows.isValid(row) {
                    reader.appendNull()
                } else {
                    try rows.columns[0].view(row).withBytes { try reader.append($0) }
                }
            }
            return reader.finish(call[0])
        },
        ScalarFunction(
            tuple,
            typing: { request in
                try Signature.checkCount(request, 2...Int.max)
                let types = try Signature.coerce(request, request.types.map { _ in .string })
                let fields = (0..<(types.count - 1)).map { Field("c\($0)", .string) }
                return Typing(types, .array(.structure(fields), containsNull: false))
            }, nulls: .handled, "Holds the row of json_tuple.", example: "json_tuple_row('{\"a\":1}', 'a')"
        ) { call in
            members(call)
        },
    ]

    /// Computes `get_json_object`.
    private static func found(_ call: Invocation) -> Vector {
        let rows = Rows(call)
        let tape = JSONTape(allowsControls: true)
        let isSame = call[1].form == .constant
        let builder = ViewBuilder(count: call.count)
        var nulls = NullCollector(rows.validity, count: call.count)
        var known: (text: String, path: CompiledJSONPath?)?
        var scratch: [UInt8] = []
        rows.each { row in
            if known == nil || !isSame {
                let text = rows.text(1, row)
                if known?.text != text { known = (text, CompiledJSONPath(text)) }
            }
            let isFound = rows.columns[0].view(row).withBytes { bytes in
                guard let path = known?.path, tape.read(bytes) else { return false }
                return path.put(tape, builder, row, &scratch)
            }
            if !isFound { nulls.setNull(row) }
        }
        return builder.finish(.string, validity: nulls.validity, shared: call[0].heaps)
    }

    /// Computes the row of `json_tuple`.
    private static func members(_ call: Invocation) -> Vector {
        let count = call.count
        let text = Column(call[0])
        let names = call.arguments.dropFirst().map(Column.init)
        let tape = JSONTape()
        let builders = names.map { _ in ViewBuilder(count: count) }
        var nulls = names.map { _ in NullCollector(nil, count: count) }
        let offsets = Buffer(byteCount: (count + 1) * 4)
        let ends = offsets.pointer(as: Int32.self)
        ends[0] = 0
        var scratch: [UInt8] = []
        for row in 0..<count {
            ends[row + 1] = Int32(truncatingIfNeeded: row + 1)
            let view = text.isNull(row) ? StringView.empty : text.view(row)
            view.withBytes { bytes in
                let isRead = tape.read(bytes)
                for i in names.indices {
                    let isFound = isRead && put(tape, names[i], row, builders[i], &scratch)
                    if !isFound { nulls[i].setNull(row) }
                }
            }
        }
        guard case .array(let element, _) = call.type else { return .nulls(call.type, count: count) }
        let heaps = text.vector.heaps
        let children = zip(builders, nulls).map { builder, nulls in
            builder.finish(.string, validity: nulls.validity, shared: heaps)
        }
        let members = Vector.flat(element, count: count, values: nil, children: children)
        return .flat(call.type, count: count, values: offsets, children: [members])
    }

    /// Puts a member's text into a row; false where there is none.
    private static func put(
        _ tape: JSONTape, _ name: Column, _ row: Int, _ builder: ViewBuilder, _ scratch: inout [UInt8]
    ) -> Bool {
        if name.isNull(row) { return false }
        guard let place = name.view(row).withBytes({ tape.last($0, in: 0) }) else { return false }
        if let bytes = tape.shared(place), let base = bytes.baseAddress {
            builder.share(StringView(base, count: bytes.count), row)
            return true
        }
        scratch.removeAll(keepingCapacity: true)
        guard tape.appendPlain(place, to: &scratch) else { return false }
        builder.put(scratch, row)
        return true
    }

    private static func parsed(_ rows: Rows, _ row: Int) -> JSONValue? {
        JSONValue.parsed(rows.columns[0].bytes(row))
    }
}

/// Finds the types of JSON values, as Spark's inference does.
enum JSONTypes {
    static func type(of value: JSONValue) -> DataType {
        switch value {
        case .null: return .null
        case .boolean: return .boolean
        case .string: return .string
        case .integer(let digits):
            if Int64(digits) != nil { return .int64 }
            let count = digits.utf8.count - (digits.hasPrefix("-") ? 1 : 0)
            return count <= DataType.maximumPrecision ? .decimal(precision: count, scale: 0) : .double
        case .fraction: return .double
        case .array(let elements):
            let element = elements.reduce(DataType.null) { merged($0, type(of: $1)) }
            return .array(element, containsNull: true)
        case .object(let members):
            var types: [String: DataType] = [:]
            for member in members { types[member.name] = type(of: member.value) }
            return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
        }
    }

    /// The type that holds values of both.
    private static func merged(_ a: DataType, _ b: DataType) -> DataType {
        switch (a, b) {
        case _ where a == b: return a
        case (.null, let other), (let other, .null): return other
        case (.int64, .double), (.double, .int64), (.decimal, .double), (.double, .decimal): return .double
        case (.int64, .decimal(let precision, _)), (.decimal(let precision, _), .int64):
            return .decimal(precision: max(precision, 20), scale: 0)
        case (.decimal(let p, _), .decimal(let q, _)): return .decimal(precision: max(p, q), scale: 0)
        case (.array(let x, _), .array(let y, _)): return .array(merged(x, y), containsNull: true)
        case (.structure(let x), .structure(let y)):
            var types = Dictionary(x.map { ($0.name, $0.type) }) { first, _ in first }
            for field in y {
                types[field.name] = types[field.name].map { merged($0, field.type) } ?? field.type
            }
            return .structure(types.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
        default: return .string
        }
    }

    /// Takes what nothing is known of as strings.
    static func settled(_ type: DataType) -> DataType {
        switch type {
        case .null: return .string
        case .array(let element, _): return .array(settled(element), containsNull: true)
        case .structure(let fields): return .structure(fields.map { Field($0.name, settled($0.type)) })
        default: return type
        }
    }
}
